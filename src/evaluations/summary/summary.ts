import { type MeanInterval, meanFigures } from "../../statistics/mean-interval.ts";
import type { Moments } from "../../statistics/moments.ts";
import { areShares, builtInMetrics } from "../metric.ts";

type Figure = "mean" | "stddev" | "stderr" | "ci95Low" | "ci95High" | "min" | "max";
type Percentile = "p50" | "p90" | "p95" | "p99";

/**
 * Statistics of one metric. `stddev` has divisor n − 1, `stderr` is stddev / √n; these are null below two
 * values. The interval is that of `meanFigures`. Percentiles interpolate linearly.
 */
export interface MetricSummary extends Record<Figure | Percentile, number | null> {
  name: string;
  count: number;
  sum: number;
  intervalMethod: MeanInterval["method"] | null;
}

export interface BenchmarkSummary {
  benchmarkId: string;
  /** False: from the aggregates that are kept with the rows. */
  isExact: boolean;
  /** Largest relative error of a percentile; 0 where all is exact. */
  percentileError: number;
  /** At least so many metrics are left out, since the benchmark has too many; 0 if all is exact. */
  metricsLeftOut: number;
  evaluationCount: number;
  failedCount: number;
  /** Null where no evaluation tells it, as the two below. */
  inputTokens: number | null;
  outputTokens: number | null;
  costUsd: number | null;
  metrics: MetricSummary[];
}

/** The percentiles of a summary. */
export const summaryFractions = [0.5, 0.9, 0.95, 0.99] as const;

/** The figures that a summary of a metric is made from. */
export interface Figures extends Moments {
  name: string;
  min: number;
  max: number;
  /** At `summaryFractions`. */
  percentiles: readonly number[];
}

export function toMetricSummary({ percentiles, ...row }: Figures): MetricSummary {
  const { name, count, min, max } = row;
  const [p50, p90, p95, p99] = percentiles as [number, number, number, number];
  const { mean, stddev = null, stderr = null, interval } = meanFigures(row, { areShares: areShares(name) });
  const { method: intervalMethod = null, low: ci95Low = null, high: ci95High = null } = interval ?? {};
  const sum = min === max ? min * count : row.sum;
  const moments = { sum, mean, stddev, stderr, ci95Low, ci95High, intervalMethod };
  return { name, count, ...moments, min, p50, p90, p95, p99, max };
}

export function emptyMetric(name: string): MetricSummary {
  const interval = { ci95Low: null, ci95High: null, intervalMethod: null };
  const order = { min: null, p50: null, p90: null, p95: null, p99: null, max: null };
  return { name, count: 0, sum: 0, mean: null, stddev: null, stderr: null, ...interval, ...order };
}

/** The built-in metrics first, in their own order, then the others by name. */
export function compareMetricNames(a: string, b: string): number {
  const builtIn: readonly string[] = builtInMetrics;
  const [i, j] = [builtIn.indexOf(a), builtIn.indexOf(b)];
  if (i >= 0 || j >= 0) return (i < 0 ? builtIn.length : i) - (j < 0 ? builtIn.length : j);
  return a < b ? -1 : a > b ? 1 : 0;
}
