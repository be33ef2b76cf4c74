import { z } from "zod";
import { benchmarkFilter } from "../../benchmarks/input.ts";
import type { Benchmark } from "../../benchmarks/rows.ts";
import type { Executor } from "../../database/statement/executor.ts";
import { limits } from "../../limits.ts";
import { parseInput, text, whole } from "../../validation.ts";
import type { LeaderboardPosition } from "../input.ts";
import { mergeParts } from "./parts.ts";
import { type Placed, rankContenders } from "./ranking.ts";
import { leaderboardParts, rankedBenchmarks } from "./statements.ts";

const name = text(limits.nameLength, 1);

export const leaderboardInput = benchmarkFilter
  .pick({ status: true, provider: true, labels: true, createdAfter: true, createdBefore: true })
  .extend({
    dataset: name,
    metric: name.default("score"),
    lowerIsBetter: z.boolean().default(false),
    minCount: whole().default(0),
  });

/**
 * A ranking of the benchmarks on one dataset by the mean of one metric. `createdAfter` is inclusive,
 * `createdBefore` is not. `minCount` leaves out benchmarks with fewer values.
 */
export type LeaderboardInput = z.input<typeof leaderboardInput>;

/** A benchmark and its place among all that match. What its values do not tell is null. */
export interface LeaderboardEntry {
  /** Position by mean, from 1. Equal means share one. */
  rank: number;
  /** Best and worst rank that the intervals allow; see `rankSpread`. */
  rankLow: number;
  rankHigh: number;
  /** From 1: benchmarks that are not significantly apart share a band; see `rankSpread`. */
  band: number | null;
  benchmarkId: string;
  benchmarkName: string;
  provider: string;
  model: string;
  status: Benchmark["status"];
  createdAt: string;
  /** Evaluations with a value of the metric. */
  count: number;
  mean: number;
  /** Divisor n − 1. */
  stddev: number | null;
  stderr: number | null;
  /** 95 % confidence interval of the mean; see `meanFigures`. */
  ci95Low: number | null;
  ci95High: number | null;
}

export interface LeaderboardPage {
  entries: LeaderboardEntry[];
  /** Benchmarks that are ranked, on all pages. */
  total: number;
  /** Matching benchmarks left out for now: their figures are being computed, or they are being deleted. */
  pending: number;
  /** Undefined on the last page. */
  next: LeaderboardPosition | undefined;
}

/**
 * One page of the benchmarks with a value of the metric, best first; equal means by id. Reads rollups, never
 * evaluations.
 */
export async function readLeaderboard(
  db: Executor,
  input: LeaderboardInput,
  { limit, after }: { limit: number; after?: LeaderboardPosition | undefined },
): Promise<LeaderboardPage> {
  const { lowerIsBetter, minCount, ...ranked } = parseInput(leaderboardInput, input);
  const { contenders, pending } = mergeParts(await db.one(leaderboardParts(ranked)));
  const board = contenders.filter(({ count }) => count >= minCount);
  const options = { metric: ranked.metric, lowerIsBetter, limit: limit + 1, after };
  const following = rankContenders(board, options);
  const placed = following.slice(0, limit);
  const last = following.length > limit ? placed.at(-1) : undefined;
  return {
    entries: await entriesOf(db, placed),
    total: board.length,
    pending,
    next: last && { merit: last.merit, hex: last.hex },
  };
}

async function entriesOf(db: Executor, placed: readonly Placed[]): Promise<LeaderboardEntry[]> {
  if (placed.length === 0) return [];
  const benchmarks = await db.any(rankedBenchmarks(placed.map(({ hex }) => hex)));
  const byHex = new Map(benchmarks.map((benchmark) => [benchmark.id.replaceAll("-", ""), benchmark]));
  return placed.flatMap((place) => {
    const benchmark = byHex.get(place.hex);
    // Deleted since its figures were read.
    return benchmark ? [entryOf(place, benchmark)] : [];
  });
}

function entryOf(
  { rank, rankLow, rankHigh, band, count, mean, stddev, stderr, interval }: Placed,
  { id, name, provider, model, status, createdAt }: z.output<typeof rankedBenchmarks.row>,
): LeaderboardEntry {
  return {
    rank,
    rankLow,
    rankHigh,
    band: band ?? null,
    benchmarkId: id,
    benchmarkName: name,
    provider,
    model,
    status,
    createdAt,
    count,
    mean,
    stddev: stddev ?? null,
    stderr: stderr ?? null,
    ci95Low: interval?.low ?? null,
    ci95High: interval?.high ?? null,
  };
}
