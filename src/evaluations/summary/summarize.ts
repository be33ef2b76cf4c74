import { z } from "zod";
import type { Executor } from "../../database/statement/executor.ts";
import { limits } from "../../limits.ts";
import { clusterKey } from "../clusters/clusters.ts";
import { plannedOf } from "../coverage/coverage.ts";
import { checkClusters, endsFor, missingFields, rangeOf, refuseRange } from "../coverage/missing.ts";
import { failedMetric, isLowerBetter } from "../metric.ts";
import { readRollups } from "../rollups/read.ts";
import { lackSome, readLacking } from "../samples/lacking.ts";
import {
  checkK,
  countFailed,
  countSamples,
  countsSuccesses,
  type Reduction,
  reducesByCounts,
  reductionFields,
  samplesBeyond,
  wantedOf,
} from "../samples/reduce.ts";
import { type Sampling, summarizeMetrics, summarizeSamples } from "../statements.ts";
import { countOwn, isOfSplit } from "./splits.ts";
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
 * from the rows. Either is one statement, so that counts, tokens and metrics are of one moment. What stands
 * for repetitions that samples lack takes another one by the reducers median, mode and max.
 * @param executors `heavy` reads the rows, unless they are few
 * @param names which metrics; none: all that have a value
 */
export async function summarizeBenchmark(
  executors: { db: Executor; heavy: Executor },
  names: readonly string[],
  options: SummaryOptions,
): Promise<BenchmarkSummary> {
  if (names.length !== 1) refuseRange(options);
  const { isRepeated, repetitions } = options;
  const { figures: read, ...how } = await findFigures(executors, names, options);
  // Its first repetition came in meanwhile.
  if (how.isRepeated && !isRepeated)
    return summarizeBenchmark(executors, names, { ...options, isRepeated: true });
  const evaluations = read.find(({ name }) => name === failedMetric);
  const wanted = wantedOf(repetitions, evaluations?.groups);
  const figures = await withLacking(executors.heavy, read, names, { ...options, wanted });
  return summaryOf({ ...how, figures }, names, { ...options, wanted });
}

/**
 * The same from the rollups alone, by the mean of repetitions; undefined where they cannot be read for now.
 */
export async function summarizeKept(
  db: Executor,
  names: readonly string[],
  sampling: Sampling,
): Promise<BenchmarkSummary | undefined> {
  const kept = await summarizeRollups(db, sampling.id, names, sampling.isRepeated);
  if (kept?.isRepeated && !sampling.isRepeated)
    return summarizeKept(db, names, { ...sampling, isRepeated: true });
  if (!kept) return undefined;
  const { groups } = kept.figures.find(({ name }) => name === failedMetric) ?? {};
  const options = { ...sampling, reducer: "mean", k: 0, missing: "exclude" } as const;
  return summaryOf(kept, names, { ...options, wanted: wantedOf(sampling.repetitions, groups) });
}

function summaryOf(
  { figures, ...how }: Found,
  names: readonly string[],
  options: SummaryOptions & { wanted: number },
): BenchmarkSummary {
  const { id: benchmarkId, isRepeated, repetitions, wanted, reducer, k } = options;
  const evaluations = figures.find(({ name }) => name === failedMetric);
  const all = new Map(figures.map((one) => [one.name, one]));
  const sum = (name: string) => all.get(name)?.sum ?? null;
  all.delete(failedMetric);
  const evaluationCount = evaluations?.count ?? 0;
  const sampleCount = isRepeated ? countSamples(evaluations?.groups ?? []) : evaluationCount;
  const failedCount = evaluations?.sum ?? 0;
  const sampled = {
    ...options,
    ...{ wanted, planned: plannedOf(options, isRepeated), tried: sampleCount },
    beyond: samplesBeyond(repetitions, evaluations?.groups ?? []),
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
      const own = { ...sampled, ...countOwn(name, all.values(), sampled) };
      return one ? toMetricSummary(one, own) : emptyMetric(name, own);
    }),
  };
}

/** Reads what becomes of the metrics asked for if a value stands for each that samples lack. */
async function withLacking(
  heavy: Executor,
  figures: readonly Figures[],
  names: readonly string[],
  options: SummaryOptions & { wanted: number },
): Promise<readonly Figures[]> {
  const { id, isRepeated, wanted, reducer, k, missing } = options;
  if (!isRepeated || missing === "exclude" || reducesByCounts(reducer)) return figures;
  const isAsked = ({ name, groups }: Figures) =>
    (names.length === 0 || names.includes(name)) && lackSome(groups, wanted);
  const metrics = figures.filter(isAsked).map(({ name, min, max }) => {
    const range = rangeOf({ name, reducer }, { min, max }, options);
    const { lowerIsBetter = isLowerBetter(name) } = options;
    return { metric: name, ends: endsFor(missing, range, lowerIsBetter) };
  });
  const asked = [[{ id, wanted }], metrics, { reducer, k }, missing === "bounds"] as const;
  const of = await readLacking(heavy, ...asked);
  return figures.map((one) => ({ ...one, withLacking: of(id, one.name) }));
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
  const rollups = await readRollups(db, benchmarkId, names.some(isOfSplit) ? [] : names, isRepeated);
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
