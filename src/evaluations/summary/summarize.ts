import { z } from "zod";
import type { Executor } from "../../database/statement/executor.ts";
import { limits } from "../../limits.ts";
import { clusterKey } from "../clusters/clusters.ts";
import { plannedOf } from "../coverage/coverage.ts";
import { checkClusters, missingFields, refuseRange } from "../coverage/missing.ts";
import { failedMetric } from "../metric.ts";
import { readRollups } from "../rollups/read.ts";
import {
  checkK,
  countFailed,
  countSamples,
  countsSuccesses,
  type Reduction,
  reducesByCounts,
  reductionFields,
  wantedOf,
} from "../samples/reduce.ts";
import { type Sampling, summarizeMetrics, summarizeSamples } from "../statements.ts";
import {
  type BenchmarkSummary,
  compareMetricNames,
  emptyMetric,
  type Figures,
  toMetricSummary,
} from "./summary.ts";

export const summaryInput = z
  .strictObject({
    exact: z.boolean().optional(),
    lowerIsBetter: z.boolean().optional(),
    clusterBy: clusterKey,
    ...reductionFields,
    ...missingFields,
  })
  .superRefine(checkK)
  .superRefine(checkClusters);

/**
 * How a benchmark is summed up. `exact`: everything from the rows, percentiles too; by default only where
 * they are few and that makes the percentiles exact. `lowerIsBetter` says which end of a range is the worst;
 * it defaults to what is so of the metric, `isLowerBetter`. The ends of a range are for one metric alone.
 * `clusterBy` is a key, as of `summarizeSlices`: samples with the same value of it, such as questions on one
 * text, are no independent evidence, so error and interval are by clusters, from the rows.
 */
export type SummaryInput = z.input<typeof summaryInput>;

type SummaryOptions = Sampling & z.output<typeof summaryInput>;

/**
 * Statistics over all samples of a benchmark: from the rollups where they hold all that is asked for, else
 * from the rows. Either is one statement, so that counts, tokens and metrics are of one moment.
 * @param executors `heavy` reads the rows, unless they are few
 * @param names which metrics; none: all that have a value
 */
export async function summarizeBenchmark(
  executors: { db: Executor; heavy: Executor },
  names: readonly string[],
  options: SummaryOptions,
): Promise<BenchmarkSummary> {
  if (names.length !== 1) refuseRange(options);
  const { id: benchmarkId, isRepeated, repetitions, reducer, k } = options;
  const { figures, ...how } = await findFigures(executors, names, options);
  // Its first repetition came in meanwhile.
  if (how.isRepeated && !isRepeated)
    return summarizeBenchmark(executors, names, { ...options, isRepeated: true });
  const all = new Map(figures.map((one) => [one.name, one]));
  const sum = (name: string) => all.get(name)?.sum ?? null;
  const evaluations = all.get(failedMetric);
  all.delete(failedMetric);
  const evaluationCount = evaluations?.count ?? 0;
  const sampleCount = isRepeated ? countSamples(evaluations?.groups ?? []) : evaluationCount;
  const failedCount = evaluations?.sum ?? 0;
  const wanted = wantedOf(repetitions, evaluations?.groups);
  const sampled = {
    ...options,
    ...{ wanted, planned: plannedOf(options, isRepeated), tried: sampleCount },
    withError: isRepeated ? countFailed(evaluations?.groups ?? []) : failedCount,
    areNamed: names.length > 0,
  };
  const asked = names.length > 0 ? names : [...all.keys()].sort(compareMetricNames);
  const { isExact, percentileError, metricsLeftOut } = how;
  return {
    benchmarkId,
    ...{ isExact, percentileError, metricsLeftOut },
    evaluationCount,
    failedCount,
    sampleCount,
    ...{ repetitions, wanted, reducer, k, missing: options.missing },
    clusterBy: options.clusterBy ?? null,
    inputTokens: sum("input_tokens"),
    outputTokens: sum("output_tokens"),
    costUsd: sum("cost_usd"),
    // What a request asks of the metrics that it names is asked of no others.
    metrics: asked.map((name) => {
      const one = all.get(name);
      return one ? toMetricSummary(one, sampled) : emptyMetric(name, sampled);
    }),
  };
}

/** Of every metric, also of `failedMetric`. */
interface Found extends Pick<BenchmarkSummary, "isExact" | "percentileError" | "metricsLeftOut"> {
  isRepeated: boolean;
  figures: readonly Figures[];
}

async function findFigures(
  { db, heavy }: { db: Executor; heavy: Executor },
  names: readonly string[],
  { id, exact, isRepeated, reducer, k, clusterBy }: SummaryOptions,
): Promise<Found> {
  const hasSamples = isRepeated || countsSuccesses(reducer);
  const reduction = hasSamples ? { reducer, k } : undefined;
  if (clusterBy !== undefined) return summarizeRows(heavy, id, reduction, clusterBy);
  // Where each evaluation is a sample, its value is what the reducer makes of it, unless it counts successes.
  const isKept = isRepeated ? reducesByCounts(reducer) : !countsSuccesses(reducer);
  const kept = exact || !isKept ? undefined : await summarizeRollups(db, id, names, isRepeated);
  const areFew = kept !== undefined && evaluationsIn(kept) <= limits.exactEvaluations;
  const isEnough = kept?.percentileError === 0 || exact === false || !areFew;
  if (kept !== undefined && isEnough) return kept;
  return summarizeRows(areFew ? db : heavy, id, reduction);
}

const evaluationsIn = ({ figures }: Found) => figures.find(({ name }) => name === failedMetric)?.count ?? 0;

async function summarizeRollups(
  db: Executor,
  benchmarkId: string,
  names: readonly string[],
  isRepeated: boolean,
): Promise<Found | undefined> {
  const rollups = await readRollups(db, benchmarkId, names, isRepeated);
  if (!rollups) return undefined;
  const { namesLeftOut: metricsLeftOut, ...kept } = rollups;
  const isKept = (name: string) => kept.figures.some((one) => one.name === name);
  if (metricsLeftOut > 0 && !names.every(isKept)) return undefined;
  return { ...kept, metricsLeftOut, isExact: false };
}

async function summarizeRows(
  db: Executor,
  id: string,
  reduction: Reduction | undefined,
  clusterBy?: string,
): Promise<Found> {
  const isPlain = reduction === undefined && clusterBy === undefined;
  const query = isPlain ? summarizeMetrics(id) : summarizeSamples(id, reduction, clusterBy);
  const figures = await db.any(query);
  const isRepeated = figures.some((row) => row.isRepeated);
  return { figures, isRepeated, metricsLeftOut: 0, isExact: true, percentileError: 0 };
}
