import { studentTQuantile } from "../../statistics/student-t.ts";
import { builtInMetrics } from "../metric.ts";

type Figure = "mean" | "stddev" | "stderr" | "ci95Low" | "ci95High" | "min" | "max";
type Percentile = "p50" | "p90" | "p95" | "p99";

/**
 * Statistics of one metric. `stddev` has divisor n − 1, `stderr` is stddev / √n, the interval is
 * mean ± t(0.975, n − 1) · stderr; these are null below two values. Percentiles interpolate linearly.
 */
export interface MetricSummary extends Record<Figure | Percentile, number | null> {
  name: string;
  count: number;
  sum: number;
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
  inputTokens: number;
  outputTokens: number;
  costUsd: number;
  metrics: MetricSummary[];
}

/** The percentiles of a summary. */
export const summaryFractions = [0.5, 0.9, 0.95, 0.99] as const;

/** The figures that a summary of a metric is made from. */
export interface Figures extends Pick<MetricSummary, "name" | "count" | "sum" | "stddev"> {
  mean: number;
  min: number;
  max: number;
  /** At `summaryFractions`. */
  percentiles: readonly number[];
}

export function toMetricSummary(row: Figures): MetricSummary {
  const { percentiles, count, mean, stddev, ...rest } = row;
  const [p50, p90, p95, p99] = percentiles as [number, number, number, number];
  const stderr = stddev === null ? null : stddev / Math.sqrt(count);
  const margin = stderr === null ? null : studentTQuantile(0.975, count - 1) * stderr;
  const ci95Low = margin === null ? null : mean - margin;
  const ci95High = margin === null ? null : mean + margin;
  return { ...rest, count, mean, stddev, stderr, ci95Low, ci95High, p50, p90, p95, p99 };
}

export function emptyMetric(name: string): MetricSummary {
  const moments = { mean: null, stddev: null, stderr: null, ci95Low: null, ci95High: null };
  const order = { min: null, p50: null, p90: null, p95: null, p99: null, max: null };
  return { name, count: 0, sum: 0, ...moments, ...order };
}

/** The built-in metrics first, in their own order, then the others by name. */
export function compareMetricNames(a: string, b: string): number {
  const builtIn: readonly string[] = builtInMetrics;
  const [i, j] = [builtIn.indexOf(a), builtIn.indexOf(b)];
  if (i >= 0 || j >= 0) return (i < 0 ? builtIn.length : i) - (j < 0 ? builtIn.length : j);
  return a < b ? -1 : a > b ? 1 : 0;
}
