import type { MetricSummary } from "../../gen/ltb/v1/benchmark_pb.ts";
import {
  type GetBenchmarkSummaryResponse,
  GetBenchmarkSummaryResponseSchema,
} from "../../gen/ltb/v1/benchmark_service_pb.ts";
import { categoriesNote, categoryColumns, categoryRows, withFigures } from "./shared/categories.ts";
import type { ServiceOptions } from "./shared/client.ts";
import {
  type Clustering,
  clusterColumns,
  clusterRows,
  clusterWarnings,
  explainClusters,
  requireClusters,
} from "./shared/clusters.ts";
import { addServiceCommand, type Command } from "./shared/command.ts";
import { coverageOfMetrics, type Filling, fillingOf, missingNames, parseRange } from "./shared/coverage.ts";
import { findBenchmark, NEWEST } from "./shared/find-benchmark.ts";
import { requireMetrics } from "./shared/known-names.ts";
import { type Direction, directionOf, given } from "./shared/options.ts";
import { formatInterval, formatNumber, formatTable, oneLine, print, printJson } from "./shared/output.ts";
import { toPlain } from "./shared/plain.ts";
import {
  explainSamples,
  type Reducing,
  reducerNames,
  reducerOf,
  repetitionColumns,
  repetitionRows,
} from "./shared/reducer.ts";
import { type Grouping, requireGroups, sliceColumns, sliceRows, slicesNotes } from "./shared/slices.ts";
import { totalsOf } from "./shared/totals.ts";

type Options = ServiceOptions &
  Reducing &
  Filling &
  Grouping &
  Clustering &
  Direction & { metric?: string[]; exact?: boolean; html?: string };

export function addCommand(program: Command): void {
  addServiceCommand(program, "summary")
    .withReplica()
    .summary("show the statistics of a benchmark")
    .description(
      "Shows what the evaluations of a benchmark come to: statistics of every metric, failures, tokens and cost.",
    )
    .argument("<benchmark>", NEWEST)
    .option("--metric <name...>", "only these metrics")
    .option(
      "--exact",
      "compute everything from the evaluations, percentiles too; takes longer the more there are",
    )
    .withReducer(reducerNames)
    .withClusters()
    .withGroups()
    .withMissing(missingNames, parseRange)
    .withDirection()
    .option("--html <file>", "also write a page with histograms, which opens offline")
    .examples(
      ["ltb summary gsm8k", "every metric of the newest benchmark with this name"],
      ["ltb summary gsm8k --metric score latency_ms", "two of them"],
      ["ltb summary gsm8k --exact", "percentiles without an error of up to 1 %"],
      ["ltb summary humaneval --metric score --reducer pass_at_k --k 10", "pass@10 of repeated samples"],
      ["ltb summary mmlu --group-by subject", "the score of each subject, and the mean of their means"],
      [
        "ltb summary gsm8k --metric score --missing as_worst",
        "samples that failed or were never tried count as 0",
      ],
      ["ltb summary squad --cluster-by title", "errors for questions that share a text"],
      ["ltb summary gsm8k --html summary.html", "a histogram of every metric"],
      ["ltb summary gsm8k --json | jq .metrics[0].mean", "full precision"],
    )
    .callService(async ({ benchmarks }, reference: string, options: Options) => {
      const benchmark = await findBenchmark(benchmarks, reference);
      const { id, name } = benchmark;
      const summarize = (metrics: string[]) =>
        benchmarks.getBenchmarkSummary({
          benchmarkId: id,
          metrics,
          exact: options.exact ?? false,
          categories: true,
          groupBy: options.groupBy ?? "",
          ...reducerOf(options),
          ...fillingOf(options),
          ...directionOf(options),
          ...given({ clusterBy: options.clusterBy }),
        });
      let summary = await summarize(options.metric ?? []);
      if (options.clusterBy !== undefined) requireClusters(options.clusterBy, summary.metrics);
      if (options.groupBy !== undefined) requireGroups(options.groupBy, summary.slices);
      const known = new Set(summary.categories.map(({ name }) => name));
      const empty = summary.metrics.flatMap(({ name, count }) => (count || known.has(name) ? [] : name));
      if (empty.length > 0) await requireMetrics(benchmarks, [benchmark], empty);
      if (summary.metrics.length + known.size === 0) {
        // Without a value there is no metric to say how many samples lack one, unless it is named.
        const scores = await summarize(["score"]);
        if (scores.metrics.some(({ coverage }) => coverage && coverage.missing > 0)) summary = scores;
      }
      if (options.json) printJson(summaryObject(name, summary));
      else print(summaryText(name, summary, options.groupBy));
      if (options.html !== undefined) {
        const { writeSummary } = await import("./html/summary-page.ts");
        await writeSummary(options.html, benchmarks, benchmark, summary, options.groupBy);
      }
    });
}

/** Makes the output of `--json`: every figure in full precision, null if it is undefined. */
export function summaryObject(name: string, summary: GetBenchmarkSummaryResponse): object {
  const { benchmark_id, ...figures } = toPlain(GetBenchmarkSummaryResponseSchema, summary);
  return { benchmark_id, name, ...figures };
}

/** The figures of a benchmark as a few lines and a table. */
export function summaryText(name: string, summary: GetBenchmarkSummaryResponse, groupBy = ""): string {
  const lines = [`${oneLine(name)}  ${summary.benchmarkId}`, totalsOf(summary)];
  const metrics = withFigures(summary);
  if (metrics.length > 0) lines.push("", formatTable(columns, metrics.map(cells)));
  if (summary.categories.length > 0)
    lines.push("", formatTable(categoryColumns, summary.categories.flatMap(categoryRows)));
  const note = categoriesNote(summary);
  if (note !== undefined) lines.push("", note);
  const covered = coverageOfMetrics(summary);
  if (covered.length > 0) lines.push("", ...covered);
  const repeated = repetitionRows(summary.metrics);
  if (repeated.length > 0) lines.push("", explainSamples(summary), formatTable(repetitionColumns, repeated));
  const clusters = clusterRows(summary.metrics);
  if (clusters.length > 0)
    lines.push(
      "",
      explainClusters(summary.clusterBy),
      formatTable(clusterColumns, clusters),
      ...clusterWarnings(
        summary.clusterBy,
        summary.metrics.flatMap(({ clusters }) => clusters ?? []),
      ),
    );
  for (const found of summary.slices)
    lines.push(
      "",
      `${oneLine(found.metric)} by ${oneLine(groupBy)}:`,
      formatTable(sliceColumns(groupBy), sliceRows(found, groupBy)),
      ...slicesNotes(found, groupBy).map(oneLine),
    );
  if (summary.metricsLeftOut > 0)
    lines.push("", `${summary.metricsLeftOut} or more further metrics are shown with --exact only.`);
  return lines.join("\n");
}

const figures = ["n", "mean", "stddev", "stderr", "95 % CI", "min", "p50", "p90", "p95", "p99", "max"];
const columns = ["metric", ...figures.map((name) => `>${name}`)];

function cells(metric: MetricSummary) {
  const { name, samples, mean, stddev, stderr, min, p50, p90, p95, p99, max } = metric;
  const before = [mean, stddev, stderr].map((value) => formatNumber(value));
  const after = [min, p50, p90, p95, p99, max].map((value) => formatNumber(value));
  return [name, samples, ...before, formatInterval(metric), ...after];
}
