import { z } from "zod";
import { benchmarkFilter } from "../../benchmarks/input.ts";
import type { Benchmark } from "../../benchmarks/rows.ts";
import type { Executor } from "../../database/statement/executor.ts";
import { limits } from "../../limits.ts";
import { mayEndEarly } from "../../statistics/lacking.ts";
import { type MeanColumns, meanColumns } from "../../statistics/mean-interval.ts";
import { finite, parseInput, text, whole } from "../../validation.ts";
import { type Coverage, shareOf } from "../coverage/coverage.ts";
import {
  areOpen,
  type Bounds,
  boundsOf,
  endOf,
  endsFor,
  filledAll,
  missingFields,
  type Range,
  rangeOf,
  requireEnds,
  type Samples,
  type Treatment,
  withoutFailed,
  worstOf,
} from "../coverage/missing.ts";
import type { LeaderboardPosition } from "../input.ts";
import { compareInputs, type InputDifference } from "../inputs/compare-inputs.ts";
import { areShares, isLowerBetter } from "../metric.ts";
import { groupsWithLacking, lackSome, readLacking } from "../samples/lacking.ts";
import {
  checkK,
  countSamples,
  type Reducer,
  type Reduction,
  type Repetitions,
  reducesByCounts,
  reductionFields,
  repetitionsOf,
} from "../samples/reduce.ts";
import { type Contender, mergeParts } from "./parts.ts";
import { type Candidate, type Placed, rankContenders } from "./ranking.ts";
import { leaderboardParts, rankedBenchmarks } from "./statements.ts";

const leaderboardInput = benchmarkFilter
  .pick({ status: true, provider: true, labels: true, createdAfter: true, createdBefore: true })
  .extend({
    dataset: text(limits.nameLength, 1),
    metric: text(limits.nameLength, 1).default("score"),
    lowerIsBetter: z.boolean().optional(),
    minCount: whole().default(0),
    minCoverage: finite.min(0, "must be from 0 to 1").max(1, "must be from 0 to 1").default(0),
    ...reductionFields,
    ...missingFields,
  })
  .superRefine(checkK);

/**
 * A ranking of the benchmarks on one dataset by the mean of one metric. `createdAfter` is inclusive,
 * `createdBefore` is not. `minCount` leaves out benchmarks with fewer samples that have a value, and
 * `minCoverage` those with a smaller share of them among their samples, planned or tried.
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
  /**
   * The interval that ranks and bands go by: that of the mean, or as wide as the mean may be whatever the
   * missing samples are. Null where there is none and no sample is missing, and where it has no such end.
   */
  rankedLow: number | null;
  rankedHigh: number | null;
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
  coverage: Coverage;
  /** The value that what is missing counts as: samples, and repetitions of others. Null unless any does. */
  filledWith: number | null;
  /** Null unless asked for. */
  bounds: Bounds | null;
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
  /** Matching benchmarks without a value of the metric, which are not ranked. */
  unscored: number;
  /** Matching benchmarks with fewer values than `minCount` or `minCoverage` ask for. */
  belowMinimum: number;
  lowerIsBetter: boolean;
  reducer: Reducer;
  k: number;
  missing: Treatment;
  /** The range that bounds and order go by; null where an end of it is not known. */
  rangeLow: number | null;
  rangeHigh: number | null;
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
  const { minCount, minCoverage, reducer, k, missing, rangeLow, rangeHigh, ...parsed } = parseInput(
    leaderboardInput,
    input,
  );
  const reduction = { reducer, k };
  const { lowerIsBetter = isLowerBetter(parsed.metric), ...ranked } = parsed;
  const { contenders, pending, unscored } = await mergeParts(
    await db.one(leaderboardParts(ranked, reduction)),
    reduction,
  );
  const board = contenders.filter(
    ({ count, coverage }) => count >= minCount && shareOf(coverage) >= minCoverage,
  );
  const metric = { name: ranked.metric, reducer, lowerIsBetter };
  const range = rangeOf(metric, valuesOf(board), { rangeLow, rangeHigh });
  const open = await openSamples(db, board, { ...reduction, ...metric, missing, range });
  if (open.size > 0) requireEnds(missing, metric, range);
  const doFailuresHelp = mayEndEarly(ranked.metric, lowerIsBetter);
  const worst = worstOf(range, lowerIsBetter);
  const treated = { name: ranked.metric, missing, range, worst, open, doFailuresHelp };
  const options = { metric: ranked.metric, lowerIsBetter, range, limit: limit + 1, after };
  const candidates = board.map((contender) => candidateOf(contender, treated));
  const following = await rankContenders(candidates, options);
  const placed = following.slice(0, limit);
  const last = following.length > limit ? placed.at(-1) : undefined;
  const { entries, inputsReferenceId } = await entriesOf(db, placed, treated, after?.reference);
  return {
    entries,
    inputsReferenceId,
    total: board.length,
    ...{ pending, unscored, belowMinimum: contenders.length - board.length },
    lowerIsBetter,
    ...{ ...reduction, missing, rangeLow: endOf(range.low), rangeHigh: endOf(range.high) },
    next: last && {
      merit: last.merit,
      own: last.own,
      hex: last.hex,
      reference: inputsReferenceId ?? undefined,
    },
  };
}

async function entriesOf(
  db: Executor,
  placed: readonly Placed[],
  treated: Treated,
  reference: string | undefined,
): Promise<Pick<LeaderboardPage, "entries" | "inputsReferenceId">> {
  if (placed.length === 0) return { entries: [], inputsReferenceId: null };
  const hexes = new Set(placed.map(({ hex }) => hex));
  if (reference !== undefined) hexes.add(hexOf(reference));
  const benchmarks = await db.any(rankedBenchmarks([...hexes]));
  const byHex = new Map(benchmarks.map((benchmark) => [hexOf(benchmark.id), benchmark]));
  const inOrder = [...hexes].flatMap((hex) => byHex.get(hex) ?? []);
  const { referenceId, differences } = await compareInputs(db, inOrder, reference);
  const entries = placed.flatMap((place) => {
    const benchmark = byHex.get(place.hex);
    // Deleted since its figures were read.
    if (!benchmark) return [];
    const { inputsCompared = null, differentInputs = null } = differences.get(benchmark.id) ?? {};
    return [{ ...entryOf(place, benchmark, treated), inputsCompared, differentInputs }];
  });
  return { entries, inputsReferenceId: referenceId ?? null };
}

const hexOf = (id: string) => id.replaceAll("-", "");

function entryOf(
  { count, sum, m2, min, max, groups, coverage, rank, rankLow, rankHigh, ...placed }: Placed,
  { id: benchmarkId, name: benchmarkName, ...rest }: z.output<typeof rankedBenchmarks.row>,
  { name, missing, range, worst, open }: Treated,
): Omit<LeaderboardEntry, keyof InputDifference> {
  const { band = null, bandLast = null, rankedLow, rankedHigh, wanted = 1, beyond = 0 } = placed;
  const ends = { rankedLow: endOf(rankedLow), rankedHigh: endOf(rankedHigh) };
  const place = { rank, rankLow, rankHigh, ...ends, band, bandLast };
  const moments = { count, sum, m2, min, max };
  const figures = meanColumns(moments, { areShares: areShares(name), range });
  const { scored } = coverage;
  const { provider, model, status, createdAt } = rest;
  const about = {
    samplesUnscored: groups ? countSamples(groups) - scored : 0,
    repetitions: groups ? repetitionsOf(groups, { wanted, beyond, tried: coverage.tried }) : null,
    coverage,
    filledWith: missing === "as_worst" && open.has(placed.hex) ? worst : null,
    bounds:
      missing === "bounds"
        ? (boundsOf(name, open.get(placed.hex) ?? { moments, coverage }, range) ?? null)
        : null,
  };
  const benchmark = { benchmarkId, benchmarkName, provider, model, status, createdAt };
  return { ...place, ...benchmark, count: scored, ...figures, ...about };
}

/** What becomes of missing samples. */
interface Treated {
  name: string;
  missing: Treatment;
  range: Range;
  worst: number;
  open: Open;
  /** See `mayEndEarly`. */
  doFailuresHelp: boolean;
}

/** The samples of each contender of which some are missing or lack repetitions, by its `hex`. */
type Open = ReadonlyMap<string, Samples>;

async function openSamples(
  db: Executor,
  board: readonly Contender[],
  asked: Reduction & Pick<Treated, "name" | "missing" | "range"> & { lowerIsBetter: boolean },
): Promise<Open> {
  const { name, missing, range, lowerIsBetter, ...reduction } = asked;
  const isLacking = ({ groups, wanted = 1 }: Contender) => lackSome(groups, wanted);
  // The order goes by bounds also where nobody asks for them.
  const treatment = missing === "as_worst" ? missing : "bounds";
  const metrics = [{ metric: name, ends: endsFor(treatment, range, lowerIsBetter) }];
  const benchmarks = board.filter(isLacking).map(({ hex: id, wanted = 1 }) => ({ id, wanted }));
  const read = await readLacking(db, benchmarks, metrics, reduction, treatment === "bounds");
  const open = new Map<string, Samples>();
  for (const contender of board) {
    const { hex, groups = [], wanted = 1, coverage, count, sum, m2, min, max } = contender;
    const found = reducesByCounts(reduction.reducer)
      ? groupsWithLacking(groups, reduction, wanted, { min, max })
      : read(hex, name);
    const withLacking = isLacking(contender) ? found : undefined;
    const samples = { moments: { count, sum, m2, min, max }, coverage, withLacking };
    if (areOpen(samples)) open.set(hex, samples);
  }
  return open;
}

function candidateOf(contender: Contender, treated: Treated): Candidate {
  const { min, coverage } = contender;
  const candidate = withMissing(contender, treated);
  if (!treated.doFailuresHelp || coverage.scoredWithError === 0) return candidate;
  const mean = candidate.sum / candidate.count;
  const of = treated.missing === "as_worst" ? undefined : treated.open.get(contender.hex);
  const { high } = treated.range;
  const whole = of ? Number.isFinite(high) && filledAll(of, high) : candidate;
  const others = whole && withoutFailed(whole, coverage.scoredWithError, min);
  const greatest = others ? others.sum / others.count : Infinity;
  const bounds = candidate.bounds ?? { low: mean, high: mean };
  return Object.assign(candidate, { bounds: { low: bounds.low, high: Math.max(bounds.high, greatest) } });
}

function withMissing(contender: Contender, { missing, range, worst, open }: Treated): Candidate {
  const of = open.get(contender.hex);
  if (!of) return contender;
  if (missing === "as_worst") {
    const { count, sum, m2, min = worst, max = worst } = filledAll(of, worst);
    return { ...contender, count, sum, m2, min, max };
  }
  const meanWith = (end: number) => {
    if (!Number.isFinite(end)) return end;
    const { count, sum } = filledAll(of, end);
    return sum / count;
  };
  return Object.assign(contender, { bounds: { low: meanWith(range.low), high: meanWith(range.high) } });
}

/** The range of all values; undefined without any. */
function valuesOf(board: readonly Contender[]) {
  if (board.length === 0) return undefined;
  let [least, greatest] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const { min, max } of board) [least, greatest] = [Math.min(least, min), Math.max(greatest, max)];
  return { min: least, max: greatest };
}
