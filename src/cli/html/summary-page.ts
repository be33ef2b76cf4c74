import type { Benchmark, MetricSummary } from "../../../gen/ltb/v1/benchmark_pb.ts";
import type { GetBenchmarkSummaryResponse } from "../../../gen/ltb/v1/benchmark_service_pb.ts";
import { EvaluationView } from "../../../gen/ltb/v1/evaluation_pb.ts";
import { categoriesNote, categoryColumns, categoryRows, withFigures } from "../shared/categories.ts";
import type { BenchmarkClient } from "../shared/client.ts";
import { formatInterval, formatNumber } from "../shared/output.ts";
import { statusName } from "../shared/status.ts";
import { readEvaluations } from "../transfer/read-evaluations.ts";
import { fill, Histogram, histogramChart } from "./histogram.ts";
import { html } from "./markup.ts";
import { unitOf } from "./metric.ts";
import { interval, tableOf, writePage } from "./page.ts";

/** More metrics than these have figures but no histogram. */
const MOST_HISTOGRAMS = 24;

/** Writes the page of `ltb summary --html`; its histograms read every evaluation, without the texts. */
export async function writeSummary(
  path: string,
  client: BenchmarkClient,
  benchmark: Benchmark,
  summary: GetBenchmarkSummaryResponse,
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
  const charts = drawn.map(({ metric, histogram }) => histogramChart(histogram, metric, metric.name));
  const { name, id, provider, model, dataset, status } = benchmark;
  const { evaluationCount, failedCount, inputTokens, outputTokens, costUsd } = summary;
  const totals = [
    `${evaluationCount} evaluations`,
    `${failedCount} failed`,
    ...(inputTokens + outputTokens > 0n ? [`${inputTokens} tokens in, ${outputTokens} out`] : []),
    ...(costUsd > 0 ? [`${formatNumber(costUsd)} US dollars`] : []),
  ];
  await writePage(path, {
    title: name,
    lead: html`${provider}/${model} on ${dataset}, ${statusName(status)}. ${totals.join(", ")}. <code>${id}</code>`,
    sections: [
      {
        title: "Figures",
        note: "The interval is that of the mean, by Student's t distribution. Percentiles come from a sketch unless --exact was given.",
        body: metricTable(withFigures(summary)),
      },
      ...(summary.categories.length > 0
        ? [
            {
              title: "Categories",
              note: categoriesNote(summary),
              body: tableOf("Categories", categoryColumns, summary.categories.flatMap(categoryRows)),
            },
          ]
        : []),
      {
        title: "How the values are spread",
        note: "The dashed line is the mean, the band around it its 95 % interval.",
        body: html`<div class="charts">${await Promise.all(charts)}</div>`,
      },
    ],
  });
}

const figures = ["n", "mean", "95 % interval", "std. dev.", "min", "p50", "p90", "p99", "max"];

function metricTable(metrics: readonly MetricSummary[]) {
  const rows = metrics.map((metric) => {
    const { name, count, mean, stddev, min, p50, p90, p99, max } = metric;
    const rest = [stddev, min, p50, p90, p99, max].map((value) => formatNumber(value, 4));
    return [unitOf(name), count, formatNumber(mean, 4), formatInterval(metric, interval), ...rest];
  });
  return tableOf("Every metric", ["metric", ...figures.map((name) => `>${name}`)], rows);
}
