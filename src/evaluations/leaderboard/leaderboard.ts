import { z } from "zod";
import { benchmarkFilter } from "../../benchmarks/input.ts";
import type { Benchmark } from "../../benchmarks/rows.ts";
import type { Executor } from "../../database/statement/executor.ts";
import { limits } from "../../limits.ts";
import { type MeanColumns, meanColumns } from "../../statistics/mean-interval.ts";
import { parseInput, text, whole } from "../../validation.ts";
import type { LeaderboardPosition } from "../input.ts";
import { compareInputs, type InputDifference } from "../inputs/compare-inputs.ts";
import { areShares, isLowerBetter } from "../metric.ts";
import {
  checkK,
  countSamples,
  type Reducer,
  type Repetitions,
  reductionFields,
  repetitionsOf,
} from "../samples/reduce.ts";
import { mergeParts } from "./parts.ts";
import { type Placed, rankContenders } from "./ranking.ts";
import { leaderboardParts, rankedBenchmarks } from "./statements.ts";

const leaderboardInput = benchmarkFilter
  .pick({ status: true, provider: true, labels: true, createdAfter: true, createdBefore: true })
  .extend({
    dataset: text(limits.nameLength, 1),
    metric: text(limits.nameLength, 1).default("score"),
    lowerIsBetter: z.boolean().optional(),
    minCount: whole().default(0),
    ...reductionFields,
  })
  .superRefine(checkK);

/**
 * A ranking of the benchmarks on one dataset by the mean of one metric. `createdAfter` is inclusive,
 * `createdBefore` is not. `minCount` leaves out benchmarks with fewer samples that have a value.
 * `lowerIsBetter` defaults to what is so of the metric: `isLowerBetter`.
 */
export type LeaderboardInput = z.input<typeof leaderboardInput>;

/** A benchmark and its place among all that match. Figures that its values do not tell are null. */
export interface LeaderboardEntry
  extends MeanColumns,
    Pick<Benchmark, "provider" | "model" | "status" | "createdAt"> {
  /** Position by mean, from 1. Equal means share one. */
  rank: number;
  /** Best and worst rank that the intervals allow; see `rankSpread`. */
  rankLow: number;
  rankHigh: number;
  /** First and last band, from 1. Benchmarks that are not significantly apart share one: see `rankSpread`. */
  band: number | null;
  bandLast: number | null;
  benchmarkId: string;
  benchmarkName: string;
  /** Samples with a value of the metric; without repetitions each evaluation is one. */
  count: number;
  /** Samples with values of which the reducer makes none. */
  samplesUnscored: number;
  /** Of the samples with a value; null in a benchmark without repetitions. */
  repetitions: Repetitions | null;
  /** Compared with the page's `inputsReferenceId`; null where no samples with an id are in common. */
  inputsCompared: number | null;
  differentInputs: number | null;
}

export interface LeaderboardPage {
  entries: LeaderboardEntry[];
  /** The benchmark with whose inputs those of the entries were compared; null where none has sample ids. */
  inputsReferenceId: string | null;
  /** Benchmarks that are ranked, on all pages. */
  total: number;
  /** Matching benchmarks left out for now: their figures are being computed, or they are being deleted. */
  pending: number;
  lowerIsBetter: boolean;
  reducer: Reducer;
  k: number;
  /** Undefined on the last page. */
  next: LeaderboardPosition | undefined;
}

/**
 * Reads a page of the benchmarks with a value of the metric, best first: from what is kept alone, unless the
 * reducer has to read the evaluations of benchmarks with repetitions.
 */
export async function readLeaderboard(
  db: Executor,
  input: LeaderboardInput,
  limit: number,
  after?: LeaderboardPosition,
): Promise<LeaderboardPage> {
  const { minCount, reducer, k, ...parsed } = parseInput(leaderboardInput, input);
  const reduction = { reducer, k };
  const { lowerIsBetter = isLowerBetter(parsed.metric), ...ranked } = parsed;
  const { contenders, pending } = await mergeParts(
    await db.one(leaderboardParts(ranked, reduction)),
    reduction,
  );
  const board = contenders.filter(({ count }) => count >= minCount);
  const options = { metric: ranked.metric, lowerIsBetter, limit: limit + 1, after };
  const following = await rankContenders(board, options);
  const placed = following.slice(0, limit);
  const last = following.length > limit ? placed.at(-1) : undefined;
  const { entries, inputsReferenceId } = await entriesOf(db, placed, ranked.metric, after?.reference);
  return {
    entries,
    inputsReferenceId,
    total: board.length,
    pending,
    lowerIsBetter,
    ...reduction,
    next: last && { merit: last.merit, hex: last.hex, reference: inputsReferenceId ?? undefined },
  };
}

async function entriesOf(
  db: Executor,
  placed: readonly Placed[],
  metric: string,
  reference: string | undefined,
): Promise<Pick<LeaderboardPage, "entries" | "inputsReferenceId">> {
  if (placed.length === 0) return { entries: [], inputsReferenceId: null };
  const hexes = new Set(placed.map(({ hex }) => hex));
  if (reference !== undefined) hexes.add(hexOf(reference));
  const benchmarks = await db.any(rankedBenchmarks([...hexes], metric));
  const byHex = new Map(benchmarks.map((benchmark) => [hexOf(benchmark.id), benchmark]));
  const inOrder = [...hexes].flatMap((hex) => byHex.get(hex) ?? []);
  const { referenceId, differences } = await compareInputs(db, inOrder, reference);
  const entries = placed.flatMap((place) => {
    const benchmark = byHex.get(place.hex);
    // Deleted since its figures were read.
    if (!benchmark) return [];
    const { inputsCompared = null, differentInputs = null } = differences.get(benchmark.id) ?? {};
    return [{ ...entryOf(place, benchmark, metric), inputsCompared, differentInputs }];
  });
  return { entries, inputsReferenceId: referenceId ?? null };
}

const hexOf = (id: string) => id.replaceAll("-", "");

function entryOf(
  { count, sum, m2, groups, rank, rankLow, rankHigh, ...bands }: Placed,
  { id: benchmarkId, name: benchmarkName, min, max, ...rest }: z.output<typeof rankedBenchmarks.row>,
  metric: string,
): Omit<LeaderboardEntry, keyof InputDifference> {
  const { band = null, bandLast = null } = bands;
  const place = { rank, rankLow, rankHigh, band, bandLast };
  const range = rangeAbout(sum / count, min, max);
  const figures = meanColumns({ count, sum, m2, ...range }, { areShares: areShares(metric) });
  const { repetitions: declared, provider, model, status, createdAt } = rest;
  const samples = countSamples(groups ?? []);
  const about = {
    samplesUnscored: groups ? samples - count : 0,
    repetitions: groups ? repetitionsOf(groups, declared, samples) : null,
  };
  const benchmark = { benchmarkId, benchmarkName, provider, model, status, createdAt };
  return { ...place, ...benchmark, count, ...figures, ...about };
}

/** The range of the values, unless it is of others: it was read later than the mean. */
function rangeAbout(mean: number, min: number | null, max: number | null) {
  const rounding = 1e-9 * Math.abs(mean);
  const isTheirs = min !== null && max !== null && mean >= min - rounding && mean <= max + rounding;
  return isTheirs ? { min, max } : undefined;
}
