import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import type { MetricRun } from "../../gen/ltb/v1/benchmark_pb.ts";
import {
  type GetMetricHistoryResponse,
  GetMetricHistoryResponseSchema,
} from "../../gen/ltb/v1/benchmark_service_pb.ts";
import { allRuns, changeCells, countRuns, markOf, NO_CHANGE } from "./shared/changes.ts";
import type { ServiceClient, ServiceOptions } from "./shared/client.ts";
import { addServiceCommand, type Command } from "./shared/command.ts";
import { countText, coverageOfRuns, type Filling, leftOutWords, parseRange } from "./shared/coverage.ts";
import { directionWarnings } from "./shared/direction.ts";
import { findBenchmarkId, NEWEST } from "./shared/find-benchmark.ts";
import { inputsWarning } from "./shared/inputs.ts";
import { requireRanked } from "./shared/known-names.ts";
import { type Direction, directionOf, gatherPairs, given, parseTime, parseWhole } from "./shared/options.ts";
import {
  formatInterval,
  formatMinute,
  formatNumber,
  formatTable,
  note,
  oneLine,
  print,
  printJson,
} from "./shared/output.ts";
import { toPlain } from "./shared/plain.ts";
import { type Reducing, rankedRepetitions, reducerNames, reducerOf } from "./shared/reducer.ts";
import { statuses } from "./shared/status.ts";

interface Options extends ServiceOptions, Direction, Reducing {
  metric: string;
  provider?: string;
  model?: string;
  label?: Record<string, string>;
  status?: keyof typeof statuses;
  createdAfter?: Date;
  createdBefore?: Date;
  minCount: number;
  baseline?: string;
  limit: number;
  html?: string;
  range?: Filling["range"];
}

export function addCommand(program: Command): void {
  addServiceCommand(program, "history")
    .withReplica()
    .summary("show how a metric changed from run to run")
    .description(
      "Shows the newest runs on a dataset in the order of their creation: mean of a metric with its 95 % interval, the change since the run " +
        "before and since the baseline, and where it first was significant (Welch's t-test of independent groups; p-values by Holm's method " +
        "over the runs shown).",
    )
    .argument("<dataset>", "dataset of the runs")
    .option("--metric <name>", "metric to follow", "score")
    .withDirection()
    .withReducer(reducerNames)
    .option("--provider <provider>", "only runs of this provider")
    .option("--model <model>", "only runs of this model")
    .option("--label <key=value>", "only runs with this label; may be given again", gatherPairs)
    .choice("--status <status>", "only runs in this status", Object.keys(statuses))
    .option("--created-after <time>", "only runs created at this time or later", parseTime)
    .option("--created-before <time>", "only runs created before this time", parseTime)
    .option(
      "--min-count <n>",
      "only runs with at least this many samples that have a value",
      parseWhole(1, 2 ** 31 - 1),
      1,
    )
    .option(
      "--baseline <benchmark>",
      `run to compare with: ${NEWEST} (default: the dataset's baseline, else the oldest run shown)`,
    )
    .withRange(parseRange)
    .option("--limit <n>", "at most this many, 1 to 1000", parseWhole(1, 1000), 50)
    .option("--html <file>", "also write a page with a chart, which opens offline")
    .examples(
      ["ltb history gsm8k --model gpt-4 --label branch=main", "one configuration"],
      ["ltb history gsm8k --metric latency_ms --created-after 2026-01-01", "since the new year"],
      ["ltb history gsm8k --html history.html", "a page with the means over time"],
      [
        "ltb history gsm8k --json | jq '.runs[] | select(.since_baseline.first_significant)'",
        "where it first changed",
      ],
    )
    .callService(history);
}

async function history({ benchmarks }: ServiceClient, dataset: string, options: Options): Promise<void> {
  const { metric, provider, model, label, status, createdAfter, createdBefore, minCount, limit } = options;
  const request = {
    ...{ dataset, metric, minCount, pageSize: limit, ...directionOf(options), ...reducerOf(options) },
    ...options.range,
    ...given({ provider, model, labels: label, status: status && statuses[status] }),
    ...(createdAfter && { createdAfter: timestampFromDate(createdAfter) }),
    ...(createdBefore && { createdBefore: timestampFromDate(createdBefore) }),
    baselineId: await findBenchmarkId(benchmarks, options.baseline),
  };
  const response = await benchmarks.getMetricHistory(request);
  const { runs, pendingCount: pending, nextPageToken } = response;
  const warnings = directionWarnings(metric, options, response.lowerIsBetter);
  for (const warning of warnings) note(`warning: ${warning}`);
  if (runs.length === 0 && pending === 0) await requireRanked(benchmarks, dataset, metric);
  if (options.html !== undefined) {
    const { writeHistory } = await import("./html/history-page.ts");
    await writeHistory(options.html, { dataset, metric, warnings }, response);
  }
  if (options.json) {
    const { next_page_token, inputs_reference_id, ...figures } = toPlain(
      GetMetricHistoryResponseSchema,
      response,
    );
    const inputs = { inputs_reference_id: inputs_reference_id || null };
    return printJson({ dataset, metric, ...figures, ...inputs, warnings, more: nextPageToken !== "" });
  }
  if (runs.length === 0) {
    const all = await benchmarks.getMetricHistory({ ...request, minCount: 0, pageSize: 1 });
    const those = `runs on ${dataset} with values of ${metric}`;
    note(
      all.runs.length > 0
        ? `--min-count ${minCount} leaves out all ${those} that match`
        : `no ${those} match`,
    );
  } else printRuns(dataset, metric, response);
  const warning = inputsWarning(allRuns(response), response.inputsReferenceId);
  if (warning !== undefined) note(`warning: ${warning}`);
  for (const words of leftOutWords(response.unscoredCount, { metric, ...response }, "shown"))
    note(`note: ${words}`);
  const models = new Set(runs.map(({ provider, model }) => JSON.stringify([provider, model])));
  if (models.size > 1) note(`note: these are runs of ${models.size} models; --provider and --model name one`);
  if (pending > 0)
    note(
      `note: ${pending} more are left out for now: their figures are being computed, or they are being deleted`,
    );
  if (nextPageToken !== "") note("note: there are older ones; --limit or --created-before shows them");
}

function printRuns(dataset: string, metric: string, response: GetMetricHistoryResponse): void {
  const { runs, baseline, lowerIsBetter } = response;
  const order = lowerIsBetter ? "lower" : "higher";
  print(`${oneLine(dataset)}, ${countRuns(runs)} by ${oneLine(metric)}, ${order} is better\n`);
  const kinds = [">since before", ">p (Holm)", ">since baseline", ">p (Holm)", "first significant change"];
  const head = ["created (UTC)", "benchmark", "model", `>${metric}`, "95 % CI", ">n", ...kinds];
  print(
    formatTable(
      head,
      runs.map((run) => row(run, lowerIsBetter)),
    ),
  );
  if (baseline !== undefined)
    print(`\nThe baseline is ${oneLine(baseline.benchmarkName)}, with ${formatNumber(baseline.mean)}.`);
  const covered = coverageOfRuns(allRuns(response), { metric, ...response });
  if (covered.length > 0) print(`\n${covered.join("\n")}`);
  for (const words of rankedRepetitions(runs, response)) print(`\n${words}`);
  const isMarked = runs.some((run) => markOf(run, lowerIsBetter) !== "");
  const isCompared = runs.some(({ sincePrevious, sinceBaseline }) => sincePrevious ?? sinceBaseline);
  if (isCompared && !isMarked) print(NO_CHANGE);
}

function row(run: MetricRun, lowerIsBetter: boolean) {
  const { createdAt, benchmarkName, provider, model, mean } = run;
  const figures = [formatNumber(mean), formatInterval(run, { digits: 4 }), countText(run)];
  const changes = [run.sincePrevious, run.sinceBaseline].flatMap(changeCells);
  return [
    ...[formatMinute(createdAt), benchmarkName, `${provider}/${model}`],
    ...figures,
    ...changes,
    markOf(run, lowerIsBetter),
  ];
}
