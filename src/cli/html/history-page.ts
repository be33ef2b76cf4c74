import type { MetricRun } from "../../../gen/ltb/v1/benchmark_pb.ts";
import type { GetMetricHistoryResponse } from "../../../gen/ltb/v1/benchmark_service_pb.ts";
import { timelineOf } from "../../charts/rows.ts";
import { lacksValues } from "../../statistics/lacking.ts";
import { allRuns, changeCells, countRuns, markOf, NO_CHANGE } from "../shared/changes.ts";
import { countText, coverageOfRuns, leftOutWords } from "../shared/coverage.ts";
import { formatMinute } from "../shared/output.ts";
import { rankedRepetitions } from "../shared/reducer.ts";
import { type Cell, remarks, sentences, tableOf } from "./document.ts";
import { intervalsOf, unitOf, withInterval } from "./figures.ts";
import { inputsSection } from "./inputs.ts";
import { writePage } from "./write-page.ts";

/** Writes the page of `ltb history --html`. */
export async function writeHistory(
  path: string,
  { dataset, metric, warnings }: { dataset: string; metric: string; warnings: readonly string[] },
  response: GetMetricHistoryResponse,
): Promise<void> {
  const { runs, baseline, lowerIsBetter } = response;
  const unit = unitOf(metric);
  const marked = runs.flatMap((run) => {
    const mark = markOf(run, lowerIsBetter);
    return mark === "" ? [] : [`${run.benchmarkName} is the first that is significantly ${mark}.`];
  });
  const found = marked.join(" ") || NO_CHANGE;
  const ground = baseline
    ? ` The broken line and the ground about it are the baseline, ${baseline.benchmarkName}.`
    : "";
  const all = allRuns(response);
  const dotted =
    " Dotted lines, and the fainter ground of a baseline, go as far as a mean may be whatever is missing.";
  const outline = " The shape of a change that what is missing or failed may undo is an outline.";
  const isUnsettled = runs.some(
    (run) => run.sincePrevious?.firstUnsettled || run.sinceBaseline?.firstUnsettled,
  );
  const reach = `${all.some(lacksValues) ? dotted : ""}${isUnsettled ? outline : ""}`;
  await writePage(path, {
    title: `History: ${dataset}`,
    lead: `${countRuns(runs)} by mean ${unit}, oldest first.`,
    sections: [
      ...remarks("Warning", warnings),
      ...inputsSection(all, response.inputsReferenceId),
      ...sentences("What is missing", [
        ...coverageOfRuns(all, { metric, ...response }),
        ...leftOutWords(response.unscoredCount, { metric, ...response }, "shown"),
      ]),
      {
        title: `Mean ${unit}`,
        note: `${found} Whiskers are 95 % intervals of the means: ${intervalsOf(runs)}.${ground}${reach}`,
        body: [
          {
            kind: "timeline",
            chart: {
              title: `Mean ${unit} of each run with its 95 % interval, oldest first`,
              unit: `mean ${unit}, ${lowerIsBetter ? "lower" : "higher"} is better`,
              ...timelineOf(response),
            },
          },
        ],
      },
      {
        title: "Figures",
        note: [
          "Runs are compared as independent groups by Welch's t-test. p-values are adjusted by Holm's method for the runs of this page; one below 0.05 is significant.",
          ...rankedRepetitions(runs, response),
        ].join(" "),
        body: [
          tableOf(
            "Every run",
            [
              ...["created (UTC)", "benchmark", "model", ">mean", ">n"],
              ...[">since before", ">since baseline", "first significant change"],
            ],
            runs.map((run) => row(run, lowerIsBetter)),
          ),
        ],
      },
    ],
  });
}

function row(run: MetricRun, lowerIsBetter: boolean): Cell[] {
  const { createdAt, benchmarkName, provider, model, mean } = run;
  const changes = [run.sincePrevious, run.sinceBaseline].map((change) => {
    const [difference, p] = changeCells(change);
    return change === undefined ? "–" : { text: difference, below: `p ${p}` };
  });
  return [
    ...[formatMinute(createdAt), benchmarkName, `${provider}/${model}`, withInterval(mean, run)],
    ...[countText(run), ...changes, markOf(run, lowerIsBetter)],
  ];
}
