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

const leaderboardInput = benchmarkFilter
  .pick({ status: true, provider: true, labels: true, createdAfter: true, createdBefore: true })
  .extend({
    dataset: text(limits.nameLength, 1),
    metric: text(limits.nameLength, 1).default("score"),
    lowerIsBetter: z.boolean().default(false),
    minCount: whole().default(0),
  });

/**
 * A ranking of the benchmarks on one dataset by the mean of one metric. `createdAfter` is inclusive,
 * `createdBefore` is not. `minCount` leaves out benchmarks with fewer values.
 */
export type LeaderboardInput = z.input<typeof leaderboardInput>;

/** A benchmark and its place among all that match. Figures that its values do not tell are null. */
export interface LeaderboardEntry extends Pick<Benchmark, "provider" | "model" | "status" | "createdAt"> {
  /** Position by mean, from 1. Equal means share one. */
  rank: number;
  /** Best and worst rank that the intervals allow; see `rankSpread`. */
  rankLow: number;
  rankHigh: number;
  /** From 1: benchmarks that are not significantly apart share a band; see `rankSpread`. */
  band: number | null;
  benchmarkId: string;
  benchmarkName: string;
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

/** Reads a page of the benchmarks with a value of the metric, best first, from rollups alone. */
export async function readLeaderboard(
  db: Executor,
  input: LeaderboardInput,
  limit: number,
  after?: LeaderboardPosition,
): Promise<LeaderboardPage> {
  const { lowerIsBetter, minCount, ...ranked } = parseInput(leaderboardInput, input);
  const { contenders, pending } = await mergeParts(await db.one(leaderboardParts(ranked)));
  const board = contenders.filter(({ count }) => count >= minCount);
  const options = { metric: ranked.metric, lowerIsBetter, limit: limit + 1, after };
  const following = await rankContenders(board, options);
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

function entryOf(placed: Placed, row: z.output<typeof rankedBenchmarks.row>): LeaderboardEntry {
  const { rank, rankLow, rankHigh, count, mean, band = null, stddev = null, stderr = null } = placed;
  const { id: benchmarkId, name: benchmarkName, ...benchmark } = row;
  const { low: ci95Low = null, high: ci95High = null } = placed.interval ?? {};
  const place = { rank, rankLow, rankHigh, band };
  const figures = { count, mean, stddev, stderr, ci95Low, ci95High };
  return { ...place, benchmarkId, benchmarkName, ...benchmark, ...figures };
}
