import type { Benchmark, MetricSlices, MetricSummary } from "../../../gen/ltb/v1/benchmark_pb.ts";
import type { GetBenchmarkSummaryResponse } from "../../../gen/ltb/v1/benchmark_service_pb.ts";
import { categoriesNote, categoryColumns, categoryRows, withFigures } from "../shared/categories.ts";
import type { BenchmarkClient } from "../shared/client.ts";
import { clusterColumns, clusterRows, clusterWarnings, explainClusters } from "../shared/clusters.ts";
import { coverageOfMetrics } from "../shared/coverage.ts";
import { formatNumber } from "../shared/output.ts";
import { explainSamples, repetitionColumns, repetitionRows } from "../shared/reducer.ts";
import { sliceColumns, sliceName, sliceRows, slicesNotes } from "../shared/slices.ts";
import { statusName } from "../shared/status.ts";
import { totalsOf } from "../shared/totals.ts";
import { type Block, type Section, sentences, tableOf } from "./document.ts";
import { intervalsOf, unitOf, withInterval } from "./figures.ts";
import { groupsChart } from "./groups.ts";
import { spreadSection } from "./histograms.ts";
import { writePage } from "./write-page.ts";

/** More metrics than these have figures but no histogram. */
const MOST_HISTOGRAMS = 24;

/** Writes the page of `ltb summary --html`. */
export async function writeSummary(
  path: string,
  client: BenchmarkClient,
  benchmark: Benchmark,
  summary: GetBenchmarkSummaryResponse,
  groupBy = "",
): Promise<void> {
  const { name, id, provider, model, dataset, status } = benchmark;
  await writePage(path, {
    title: name,
    lead: `${provider}/${model} on ${dataset}, ${statusName(status)}. ${totalsOf(summary)}.`,
    id,
    sections: [
      {
        title: "Figures",
        note: `Below each mean is its 95 % interval: ${intervalsOf(summary.metrics)}. Percentiles are ${summary.percentileError === 0 ? "exact" : `within ${100 * summary.percentileError} %; --exact makes them exact`}.`,
        body: [metricTable(withFigures(summary))],
      },
      ...sentences("What is missing", coverageOfMetrics(summary)),
      ...categoriesOf(summary),
      ...repetitionsOf(summary),
      ...clustersOf(summary),
      ...summary.slices.map((found) => slicesOf(found, groupBy)),
      ...(await spreadOf(client, id, summary)),
    ],
  });
}

function categoriesOf(summary: GetBenchmarkSummaryResponse): Section[] {
  const rows = summary.categories.flatMap(categoryRows);
  if (rows.length === 0) return [];
  const body = [tableOf("Categories", categoryColumns, rows)];
  return [{ title: "Categories", note: categoriesNote(summary), body }];
}

/** The section on repetitions, where there are any. */
function repetitionsOf(summary: GetBenchmarkSummaryResponse): Section[] {
  const rows = repetitionRows(summary.metrics);
  if (rows.length === 0) return [];
  const body = [tableOf("Repetitions", repetitionColumns, rows)];
  return [{ title: "Repetitions", note: explainSamples(summary), body }];
}

/** The section on clusters, where they were asked for. */
function clustersOf({ clusterBy, metrics }: GetBenchmarkSummaryResponse): Section[] {
  const rows = clusterRows(metrics);
  if (rows.length === 0) return [];
  const warnings = clusterWarnings(
    clusterBy,
    metrics.flatMap(({ clusters }) => clusters ?? []),
  );
  const note = [explainClusters(clusterBy), ...warnings.map((line) => `${line}.`)].join(" ");
  return [{ title: "Clusters", note, body: [tableOf("Clusters", clusterColumns, rows)] }];
}

/** The section on the groups of a metric. */
function slicesOf(found: MetricSlices, key: string): Section {
  const title = `${unitOf(found.metric)} by ${key}`;
  const lines = found.slices.flatMap((slice) => {
    const { mean, ci95Low: low, ci95High: high } = slice;
    return mean === undefined ? [] : [{ name: sliceName(slice, key), value: mean, low, high }];
  });
  return {
    title,
    note: [
      `Intervals are ${intervalsOf(found.slices)}, and not adjusted for the number of groups.`,
      ...slicesNotes(found, key),
    ].join(" "),
    body: [
      ...groupsChart(`Means by ${key}`, unitOf(found.metric), lines),
      tableOf(title, sliceColumns(key), sliceRows(found, key)),
    ],
  };
}

/** The section of histograms, each on axes of its own. */
function spreadOf(
  client: BenchmarkClient,
  id: string,
  { metrics }: GetBenchmarkSummaryResponse,
): Promise<Section[]> {
  const shown = metrics.filter(({ count }) => count > 0).slice(0, MOST_HISTOGRAMS);
  const isFilled = shown.some(({ filledWith }) => filledWith !== undefined);
  return spreadSection(
    client,
    shown.map((summary) => [{ id, title: unitOf(summary.name), summary }]),
    `The dashed line is the mean, the band around it its 95 % interval.${isFilled ? " Missing samples and repetitions count in these, and are in no bar." : ""}`,
  );
}

const figures = ["n", "mean", "std. err.", "std. dev.", "min", "p50", "p90", "p95", "p99", "max"];

function metricTable(metrics: readonly MetricSummary[]): Block {
  const rows = metrics.map((metric) => {
    const { name, samples, mean, stderr, stddev, min, p50, p90, p95, p99, max } = metric;
    const rest = [stderr, stddev, min, p50, p90, p95, p99, max].map((value) => formatNumber(value, 3));
    return [unitOf(name), samples, withInterval(mean, metric), ...rest];
  });
  return tableOf("Every metric", ["metric", ...figures.map((name) => `>${name}`)], rows);
}
