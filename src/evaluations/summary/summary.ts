import { type MeanInterval, meanColumns } from "../../statistics/mean-interval.ts";
import type { Moments } from "../../statistics/moments.ts";
import { type Clusters, clustersOf, type FoundClusters } from "../clusters/clusters.ts";
import { type Coverage, coverageOf, type Tried } from "../coverage/coverage.ts";
import {
  areOpen,
  type Bounds,
  boundsOf,
  filledAll,
  lackingEnd,
  type Missing,
  type Range,
  rangeOf,
  requireEnds,
  type Samples,
  type Treatment,
  worstOf,
} from "../coverage/missing.ts";
import { areShares, builtInMetrics, isLowerBetter } from "../metric.ts";
import { groupsWithLacking, lackSome, type WithLacking } from "../samples/lacking.ts";
import {
  countFailed,
  type Reduced,
  type ReducedMoments,
  type Reducer,
  type Reduction,
  type Repetitions,
  reduceGroups,
  repetitionsOf,
  type SampleGroup,
} from "../samples/reduce.ts";

type Figure = "mean" | "stddev" | "stderr" | "ci95Low" | "ci95High" | "min" | "max";
type Percentile = "p50" | "p90" | "p95" | "p99";

/**
 * Statistics of one metric. Mean, `stddev`, `stderr` and the interval are over samples; n is `samples`.
 * `stddev` has divisor n − 1, `stderr` is stddev / √n; these are null below two values. The interval is that
 * of `meanFigures`. Percentiles interpolate linearly. Where missing samples count as the worst value, `min`
 * and `max` take it in, and percentiles are null: they are of values alone.
 */
export interface MetricSummary extends Record<Figure | Percentile, number | null> {
  name: string;
  count: number;
  sum: number;
  intervalMethod: MeanInterval["method"] | null;
  /**
   * n: samples with a value after reduction, and those missing that count as the worst. Without repetitions
   * each evaluation is a sample.
   */
  samples: number;
  /** Samples with values of which the reducer makes none. */
  samplesUnscored: number;
  /** Null in a benchmark without repetitions. */
  repetitions: Repetitions | null;
  coverage: Coverage;
  /** What was done with the missing samples: "exclude" where the metric's range is not known. */
  missing: Treatment;
  /** The value that what is missing counts as: samples, and repetitions of others. Null unless any does. */
  filledWith: number | null;
  /** Null unless asked for. */
  bounds: Bounds | null;
  /** Null unless asked for. `stderr` and interval are then by clusters. */
  clusters: Clusters | null;
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
  /** Samples, those without any value included. */
  sampleCount: number;
  /** The evaluations that each sample is to have; 0: not declared. */
  repetitions: number;
  /** The same, or as many as the sample with the most has. */
  wanted: number;
  /** How the values of a sample became one value. */
  reducer: Reducer;
  /** 0 for a reducer without one. */
  k: number;
  /** What was asked for, and done where the range of a metric is known. */
  missing: Treatment;
  /** The key of metadata by which samples were clustered. */
  clusterBy: string | null;
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
  /** Values of evaluations with an error. */
  failed: number;
  min: number;
  max: number;
  /** At `summaryFractions`. */
  percentiles: readonly number[];
  /** Undefined in a benchmark without repetitions, where each value is that of a sample. */
  groups?: readonly SampleGroup[] | null;
  /** Of the samples' values, where groups do not tell them. */
  reduced?: ReducedMoments | null;
  clusters?: FoundClusters | null;
  /** With what stands for repetitions that samples lack, where groups do not tell it. */
  withLacking?: WithLacking;
}

/** How values become those of samples. */
export interface Sampled extends Reduction, Tried, Missing {
  /** The repetitions that each sample is to have: `wantedOf`. */
  wanted: number;
  /** Samples with more evaluations than declared: `samplesBeyond`. */
  beyond: number;
  isRepeated: boolean;
  /** Default: what is so of the metric. */
  lowerIsBetter?: boolean | undefined;
  /** Whether the metrics were named, so that their range has to be known where it is needed. */
  areNamed: boolean;
}

export function toMetricSummary(figures: Figures, sampled: Sampled): MetricSummary {
  const { name, count, min, max, groups, clusters, percentiles } = figures;
  const [p50, p90, p95, p99] = percentiles as [number, number, number, number];
  const { moments, unscored, failed } = reducedOf(figures, sampled);
  const coverage = coverageOf(sampled, moments.count, failed);
  const withLacking =
    sampled.isRepeated && lackSome(groups, sampled.wanted)
      ? (figures.withLacking ?? groupsWithLacking(groups ?? [], sampled, sampled.wanted, { min, max }))
      : undefined;
  const samples = { moments, coverage, withLacking };
  const { filled, range, ...treated } = treatMissing(name, samples, { min, max }, sampled);
  const columns = meanOf(name, filled, { range, spread: clusters ?? undefined });
  return {
    name,
    count,
    sum: min === max ? min * count : figures.sum,
    ...columns,
    ...(treated.filledWith === null
      ? { min, p50, p90, p95, p99, max }
      : filledOrder(treated.filledWith, figures)),
    samples: filled.count,
    samplesUnscored: unscored,
    repetitions: sampled.isRepeated && groups ? repetitionsOf(groups, sampled) : null,
    clusters: clusters ? clustersOf(clusters, moments.count, columns.stddev) : null,
    coverage,
    ...treated,
  };
}

function reducedOf(figures: Figures, reduction: Reduction): Reduced {
  const { groups, reduced, failed } = figures;
  if (reduced) return { moments: reduced, unscored: 0, failed: countFailed(groups ?? []) };
  if (!groups) return { moments: figures, unscored: 0, failed };
  const found = reduceGroups(groups, reduction);
  // A sample's value lies within the range of its repetitions.
  if (!Number.isFinite(found.moments.max))
    Object.assign(found.moments, { min: figures.min, max: figures.max });
  return found;
}

/** The order of values together with the worst one, of which many stand for samples without any. */
function filledOrder(worst: number, { min, max } = { min: worst, max: worst }) {
  const percentiles = { p50: null, p90: null, p95: null, p99: null };
  return { min: Math.min(min, worst), ...percentiles, max: Math.max(max, worst) };
}

const noMean = {
  ...{ mean: null, stddev: null, stderr: null },
  ...{ ci95Low: null, ci95High: null, intervalMethod: null },
};

function meanOf(
  name: string,
  moments: ReducedMoments,
  of: { range: Range; spread?: FoundClusters | undefined },
) {
  return moments.count === 0 ? noMean : meanColumns(moments, { areShares: areShares(name), ...of });
}

export function emptyMetric(name: string, sampled: Sampled): MetricSummary {
  const coverage = coverageOf(sampled, 0, 0);
  const samples = { moments: noMoments, coverage };
  const { filled, range, ...treated } = treatMissing(name, samples, undefined, sampled);
  const order = { min: null, p50: null, p90: null, p95: null, p99: null, max: null };
  return {
    ...{ name, count: 0, sum: 0, ...meanOf(name, filled, { range }) },
    ...(treated.filledWith === null ? order : filledOrder(treated.filledWith)),
    ...{ samples: filled.count, samplesUnscored: 0, repetitions: null, clusters: null, coverage },
    ...treated,
  };
}

const noMoments = { count: 0, sum: 0, m2: 0 };

function treatMissing(
  name: string,
  samples: Samples,
  values: { min: number; max: number } | undefined,
  { reducer, lowerIsBetter = isLowerBetter(name), areNamed, ...given }: Sampled,
) {
  const metric = { name, reducer, lowerIsBetter };
  const range = rangeOf(metric, values, given);
  const isOpen = areOpen(samples);
  if (isOpen && areNamed) requireEnds(given.missing, metric, range);
  const isKnown = !isOpen || lackingEnd(given.missing, range, lowerIsBetter) === undefined;
  const missing = isKnown ? given.missing : "exclude";
  const worst = missing === "as_worst" && isOpen ? worstOf(range, lowerIsBetter) : undefined;
  return {
    filled: worst === undefined ? samples.moments : filledAll(samples, worst),
    range,
    missing,
    filledWith: worst ?? null,
    bounds: missing === "bounds" ? (boundsOf(name, samples, range) ?? null) : null,
  };
}

/** The built-in metrics first, in their own order, then the others by name. */
export function compareMetricNames(a: string, b: string): number {
  const builtIn: readonly string[] = builtInMetrics;
  const [i, j] = [builtIn.indexOf(a), builtIn.indexOf(b)];
  if (i >= 0 || j >= 0) return (i < 0 ? builtIn.length : i) - (j < 0 ? builtIn.length : j);
  return a < b ? -1 : a > b ? 1 : 0;
}
