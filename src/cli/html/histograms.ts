import type { MetricSummary } from "../../../gen/ltb/v1/benchmark_pb.ts";
import type { HistogramData } from "../../charts/data.ts";
import { binsOf } from "../../charts/rows.ts";
import type { BenchmarkClient } from "../shared/client.ts";
import type { Section } from "./document.ts";
import { unitOf } from "./figures.ts";

/** A benchmark's summary of a metric, for a histogram of that title. */
export interface Summarized {
  id: string;
  title: string;
  summary: MetricSummary;
}

/**
 * The section on how values are spread, if there are any.
 * @param groups histograms of one metric, which stand on the same axes; several of the same, or one of each
 */
export async function spreadSection(
  client: BenchmarkClient,
  groups: readonly (readonly Summarized[])[],
  note: string,
): Promise<Section[]> {
  const drawn = await Promise.all(groups.filter(({ length }) => length > 0).map((all) => draw(client, all)));
  if (drawn.length === 0) return [];
  const isExact = drawn.every(({ exact }) => exact);
  return [
    {
      title: "How the values are spread",
      note: `${note}${isExact ? "" : " Counts of bins are about right: values within 1 % of an edge are taken to be spread evenly."}`,
      body: [{ kind: "histograms", charts: drawn.flatMap(({ charts }) => charts) }],
    },
  ];
}

async function draw(client: BenchmarkClient, all: readonly Summarized[]) {
  const metric = all[0]?.summary.name ?? "";
  const response = await client.getMetricHistogram({ benchmarkIds: all.map(({ id }) => id), metric });
  const bars = all.map((_, index) => binsOf(response, index));
  const most = Math.max(...bars.flat().map(({ count }) => count));
  const charts = all.map(
    ({ title, summary: { mean, ci95Low: low, ci95High: high } }, index): HistogramData => {
      const marked = mean === undefined ? undefined : { value: mean, low, high };
      return { title, unit: unitOf(metric), bins: bars[index] ?? [], mean: marked, most };
    },
  );
  return { charts, exact: response.exact };
}
