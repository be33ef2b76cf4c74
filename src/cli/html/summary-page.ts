import type { Benchmark, MetricSlices, MetricSummary } from "../../../gen/ltb/v1/benchmark_pb.ts";
import type { GetBenchmarkSummaryResponse } from "../../../gen/ltb/v1/benchmark_service_pb.ts";
import { EvaluationView } from "../../../gen/ltb/v1/evaluation_pb.ts";
import { categoriesNote, categoryColumns, categoryRows, withFigures } from "../shared/categories.ts";
import type { BenchmarkClient } from "../shared/client.ts";
import { clusterColumns, clusterRows, clusterWarnings, explainClusters } from "../shared/clusters.ts";
import { coverageOfMetrics } from "../shared/coverage.ts";
import { formatNumber } from "../shared/output.ts";
import { explainSamples, repetitionColumns, repetitionRows } from "../shared/reducer.ts";
import { sliceColumns, sliceName, sliceRows, slicesNotes } from "../shared/slices.ts";
import { statusName } from "../shared/status.ts";
import { totalsOf } from "../shared/totals.ts";
import { readEvaluations } from "../transfer/read-evaluations.ts";
import { fill, Histogram, histogramCharts } from "./histogram.ts";
import { intervalChart } from "./intervals.ts";
import { html } from "./markup.ts";
import { unitOf } from "./metric.ts";
import { intervalsOf, sentences, tableOf, withInterval, writePage } from "./page.ts";

/** More metrics than these have figures but no histogram. */
const MOST_HISTOGRAMS = 24;

/** Writes the page of `ltb summary --html`; its histograms read every evaluation, without the texts. */
export async function writeSummary(
  path: string,
  client: BenchmarkClient,
  benchmark: Benchmark,
  summary: GetBenchmarkSummaryResponse,
  groupBy = "",
): Promise<void> {
  const shown = summary.metrics.filter(({ count }) => count > 0).slice(0, MOST_HISTOGRAMS);
  const drawn = shown.map((metric) => {
    const { name, min = 0, max = 0 } = metric;
    return { metric, histogram: new Histogram(name, { min, max }) };
  });
  const evaluations = readEvaluations(client, benchmark.id, EvaluationView.BASIC);
  await fill(
    drawn.map(({ histogram }) => histogram),
    evaluations,
  );
  const charts = drawn.map(({ metric, histogram }) =>
    histogramCharts([{ histogram, summary: metric, title: unitOf(metric.name) }]),
  );
  const { name, id, provider, model, dataset, status } = benchmark;
  await writePage(path, {
    title: name,
    lead: html`${provider}/${model} on ${dataset}, ${statusName(status)}. ${totalsOf(summary)}. <code>${id}</code>`,
    sections: [
      {
        title: "Figures",
        note: `Below each mean is its 95 % interval: ${intervalsOf(summary.metrics)}. Percentiles are ${summary.percentileError === 0 ? "exact" : `within ${100 * summary.percentileError} %; --exact makes them exact`}.`,
        body: metricTable(withFigures(summary)),
      },
      ...sentences("What is missing", coverageOfMetrics(summary)),
      ...(summary.categories.length > 0
        ? [
            {
              title: "Categories",
              note: categoriesNote(summary),
              body: tableOf("Categories", categoryColumns, summary.categories.flatMap(categoryRows)),
            },
          ]
        : []),
      ...repetitionsOf(summary),
      ...clustersOf(summary),
      ...(await Promise.all(summary.slices.map((found) => slicesOf(found, groupBy)))),
      ...(charts.length > 0
        ? [
            {
              title: "How the values are spread",
              note: `The dashed line is the mean, the band around it its 95 % interval.${shown.some(({ filledWith }) => filledWith !== undefined) ? " Missing samples and repetitions count in these, and are in no bar." : ""}`,
              body: html`<div class="charts">${(await Promise.all(charts)).flat()}</div>`,
            },
          ]
        : []),
    ],
  });
}

/** The section on repetitions, where there are any. */
function repetitionsOf(summary: GetBenchmarkSummaryResponse) {
  const rows = repetitionRows(summary.metrics);
  if (rows.length === 0) return [];
  const body = tableOf("Repetitions", repetitionColumns, rows);
  return [{ title: "Repetitions", note: explainSamples(summary), body }];
}

/** More groups than these have a table only. */
const MOST_LINES = 80;

/** The section on the groups of a metric. */
async function slicesOf(found: MetricSlices, key: string) {
  const title = `${unitOf(found.metric)} by ${key}`;
  const lines = found.slices.flatMap((slice) => {
    const { mean, ci95Low, ci95High } = slice;
    return mean === undefined ? [] : [{ label: sliceName(slice, key), mean, low: ci95Low, high: ci95High }];
  });
  const words = lines.map(({ label, mean }) => `${label}: ${formatNumber(mean, 3)}`).join("; ");
  const isDrawn = lines.length > 0 && lines.length <= MOST_LINES;
  return {
    title,
    note: [
      `Intervals are ${intervalsOf(found.slices)}, and not adjusted for the number of groups.`,
      ...slicesNotes(found, key),
    ].join(" "),
    body: [
      ...(isDrawn ? [await intervalChart(`Means by ${key}`, `${words}.`, unitOf(found.metric), lines)] : []),
      tableOf(title, sliceColumns(key), sliceRows(found, key)),
    ],
  };
}

/** The section on clusters, where they were asked for. */
function clustersOf({ clusterBy, metrics }: GetBenchmarkSummaryResponse) {
  const rows = clusterRows(metrics);
  if (rows.length === 0) return [];
  const warnings = clusterWarnings(
    clusterBy,
    metrics.flatMap(({ clusters }) => clusters ?? []),
  );
  const note = [explainClusters(clusterBy), ...warnings.map((line) => `${line}.`)].join(" ");
  return [{ title: "Clusters", note, body: tableOf("Clusters", clusterColumns, rows) }];
}

const figures = ["n", "mean", "std. err.", "std. dev.", "min", "p50", "p90", "p95", "p99", "max"];

function metricTable(metrics: readonly MetricSummary[]) {
  const rows = metrics.map((metric) => {
    const { name, samples, mean, stderr, stddev, min, p50, p90, p95, p99, max } = metric;
    const rest = [stderr, stddev, min, p50, p90, p95, p99, max].map((value) => formatNumber(value, 3));
    return [unitOf(name), samples, withInterval(mean, metric), ...rest];
  });
  return tableOf("Every metric", ["metric", ...figures.map((name) => `>${name}`)], rows);
}
