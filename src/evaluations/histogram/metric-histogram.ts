import { z } from "zod";
import type { Executor } from "../../database/statement/executor.ts";
import { example, sql, statement } from "../../database/statement/sql.ts";
import { limits } from "../../limits.ts";
import { distinctIds, parseInput, text, whole } from "../../validation.ts";
import { metricValue } from "../metric.ts";
import type { Histogram } from "../rollups/histogram.ts";
import { partsOfMany } from "../rollups/parts.ts";
import { binsOf, binsRow, packedBins, readHistogram } from "../rollups/read.ts";
import { requireBenchmark } from "../statements.ts";
import { countValues, edgesOf, fewValues, rebin } from "./scale.ts";

const histogramInput = z.strictObject({
  benchmarkIds: distinctIds(limits.histogramBenchmarks),
  metric: text(limits.nameLength, 1).default("score"),
  bins: whole(2, limits.histogramBins).default(limits.histogramBinsDefault),
});

/** Up to 21 benchmarks, each once, of whose values of a metric there are to be at most `bins` bins. */
export type HistogramInput = z.input<typeof histogramInput>;

/** How the values of a metric are spread in benchmarks, all on one scale. */
export interface MetricHistograms {
  metric: string;
  /** Bounds of the bins: bin `i` has the values from `edges[i]` on, below the next one, or at the last. */
  edges: number[];
  /** The different values of all benchmarks, if they are at most 12; else none. */
  values: number[];
  histograms: {
    benchmarkId: string;
    /** Evaluations with a value. */
    count: number;
    /** Of each bin. */
    counts: number[];
    /** Of each of `values`. */
    valueCounts: number[];
  }[];
  /** False: values of a range of 1 % around an edge are taken to be spread evenly. */
  isExact: boolean;
}

const histogramOfRows = statement("evaluation_histogram", {
  row: z.object(binsRow),
  prepared: false,
  build: (benchmarkId: string, metric: string) => sql.fragment`
    select ${packedBins(sql.fragment`p`)} from (${partsOfMany(
      sql.fragment`
        select e.benchmark_id, ${metric}::text as metric, ${metricValue(metric)} as value, e.error is not null as failed
        from evaluations e where e.benchmark_id = ${benchmarkId} and ${metricValue(metric)} is not null`,
      sql.fragment`true`,
    )}) p`,
  examples: [[example.id, "score"]],
});

/**
 * Reads histograms from the rollups, and from the rows of benchmarks that have none for now.
 * @param executors `heavy` reads the rows
 * @throws NOT_FOUND without one of the benchmarks
 */
export async function readHistograms(
  { db, heavy }: { db: Executor; heavy: Executor },
  given: HistogramInput,
): Promise<MetricHistograms> {
  const { benchmarkIds, metric, bins } = parseInput(histogramInput, given);
  const found: Histogram[] = [];
  for (const id of benchmarkIds) {
    await requireBenchmark(db, id);
    found.push((await readHistogram(db, id, metric)) ?? (await ofRows(heavy, id, metric)));
  }
  const min = found.reduce((least, { lows }) => Math.min(least, lows[0] ?? least), Number.POSITIVE_INFINITY);
  const max = found.reduce(
    (most, { highs }) => Math.max(most, highs[highs.length - 1] ?? most),
    Number.NEGATIVE_INFINITY,
  );
  const edges = min <= max ? edgesOf(min, max, bins) : [];
  const values = fewValues(found, limits.histogramValues) ?? [];
  let isExact = true;
  const histograms = found.map((histogram, index) => {
    const { counts, ...rebinned } = rebin(histogram, edges);
    isExact &&= rebinned.isExact;
    return {
      benchmarkId: benchmarkIds[index] ?? "",
      count: counts.reduce((sum, count) => sum + count, 0),
      counts,
      valueCounts: countValues(histogram, values),
    };
  });
  return { metric, edges, values, histograms, isExact };
}

async function ofRows(heavy: Executor, benchmarkId: string, metric: string): Promise<Histogram> {
  const row = await heavy.maybeOne(histogramOfRows(benchmarkId, metric));
  return row ? binsOf(row) : { counts: [], lows: [], highs: [] };
}
