import type { MetricRun } from "../../../gen/ltb/v1/benchmark_pb.ts";
import type { GetMetricHistoryResponse } from "../../../gen/ltb/v1/benchmark_service_pb.ts";
import { allRuns, changeCells, countRuns, isBetter, markOf, NO_CHANGE } from "../shared/changes.ts";
import { countText, coverageOfRuns, lacksValues, leftOutWords } from "../shared/coverage.ts";
import { formatMinute, formatNumber } from "../shared/output.ts";
import { rankedRepetitions } from "../shared/reducer.ts";
import { inputsSection } from "./inputs.ts";
import { html } from "./markup.ts";
import { unitOf } from "./metric.ts";
import { intervalsOf, sentences, tableOf, withInterval, withSmall, writePage } from "./page.ts";
import { type Moment, timelineChart } from "./timeline.ts";

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
  const [first, last] = [runs[0], runs.at(-1)];
  const description =
    first && last
      ? `${countRuns(runs)}: the mean is ${formatNumber(first.mean, 4)} at first and ${formatNumber(last.mean, 4)} at last. ${found}`
      : "No runs.";
  const level = baseline && intervalOf(baseline);
  const drawn = await timelineChart(
    `Mean ${unit} of each run with its 95 % interval, oldest first`,
    description,
    `mean ${unit}, ${lowerIsBetter ? "lower" : "higher"} is better`,
    runs.map((run) => ({ ...intervalOf(run), ...verdictOf(run, lowerIsBetter) })),
    level,
  );
  const ground = baseline
    ? ` The broken line and the ground about it are the baseline, ${baseline.benchmarkName}.`
    : "";
  const reach = allRuns(response).some(lacksValues)
    ? " Dotted lines, and the fainter ground of a baseline, go as far as a mean may be whatever is missing; the shape of a change that they may undo is an outline."
    : "";
  await writePage(path, {
    title: `History: ${dataset}`,
    lead: html`${countRuns(runs)} by mean ${unit}, oldest first.`,
    sections: [
      ...sentences(
        "Warning",
        warnings.map((line) => `${line}.`),
      ),
      ...inputsSection(allRuns(response), response.inputsReferenceId),
      ...sentences("What is missing", [
        ...coverageOfRuns(allRuns(response), { metric, ...response }),
        ...leftOutWords(response.unscoredCount, { metric, ...response }, "shown"),
      ]),
      {
        title: `Mean ${unit}`,
        note: `${found} Whiskers are 95 % intervals of the means: ${intervalsOf(runs)}.${ground}${reach}`,
        body: drawn,
      },
      {
        title: "Figures",
        note: [
          "Runs are compared as independent groups by Welch's t-test. p-values are adjusted by Holm's method for the runs of this page; one below 0.05 is significant.",
          ...rankedRepetitions(runs, response),
        ].join(" "),
        body: tableOf(
          "Every run",
          [
            ...["created (UTC)", "benchmark", "model", ">mean", ">n"],
            ...[">since before", ">since baseline", "first significant change"],
          ],
          runs.map((run) => row(run, lowerIsBetter)),
        ),
      },
    ],
  });
}

/** The interval of a mean, and how far the mean may be where something is missing. */
function intervalOf(run: MetricRun) {
  const { createdAt, mean, ci95Low: low = mean, ci95High: high = mean } = run;
  const { leastMean = -Infinity, greatestMean = Infinity } = run;
  const reach = { low: Math.min(low, leastMean), high: Math.max(high, greatestMean) };
  return { label: formatMinute(createdAt), mean, low, high, ...(lacksValues(run) && { reach }) };
}

function verdictOf(
  run: MetricRun,
  lowerIsBetter: boolean,
): Pick<Moment, "verdict" | "isMarked" | "isUnsettled"> {
  const changes = [run.sincePrevious, run.sinceBaseline];
  const settled = changes.find((one) => one?.firstSignificant);
  const change = settled ?? changes.find((one) => one?.firstUnsettled);
  const isMarked = settled !== undefined;
  if (change === undefined) return { isMarked, isUnsettled: false };
  return { verdict: isBetter(change, lowerIsBetter) ? "better" : "worse", isMarked, isUnsettled: !isMarked };
}

function row(run: MetricRun, lowerIsBetter: boolean) {
  const { createdAt, benchmarkName, provider, model, mean } = run;
  const changes = [run.sincePrevious, run.sinceBaseline].map((change) => {
    const [difference, p] = changeCells(change);
    return change === undefined ? "–" : withSmall(difference, `p ${p}`);
  });
  return [
    ...[formatMinute(createdAt), benchmarkName, `${provider}/${model}`, withInterval(mean, run)],
    ...[countText(run), ...changes, markOf(run, lowerIsBetter)],
  ];
}
