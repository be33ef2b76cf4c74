import { inSlices } from "../../slices.ts";
import { type MeanFigures, meanFigures } from "../../statistics/mean-interval.ts";
import { countBelow, countUpTo, type Placing, rankSpread } from "../../statistics/rank-spread.ts";
import type { Range } from "../coverage/missing.ts";
import type { LeaderboardPosition } from "../input.ts";
import { areShares } from "../metric.ts";
import type { Contender } from "./parts.ts";

/** What is ranked. */
export interface Candidate extends Contender {
  /**
   * The least and the greatest mean that what is missing allows, or what failed and may have ended early,
   * infinite where the range has no such end; undefined where nothing is, or something stands for it.
   */
  bounds?: Range | undefined;
}

/** A candidate with its figures and its place among all. */
export interface Placed extends Candidate, MeanFigures, Placing, LeaderboardPosition {
  /** The interval that it is placed by; NaN without one, and infinite where it has no end. */
  rankedLow: number;
  rankedHigh: number;
}

interface RankingOptions {
  metric: string;
  lowerIsBetter: boolean;
  /** The ends of what a value can be. */
  range: Range;
  limit: number;
  after?: LeaderboardPosition | undefined;
}

/** The merit of a candidate, which is its mean or the negated one, and the interval about it. */
interface Standing {
  figures: MeanFigures;
  merit: number;
  /** NaN without an interval. */
  low: number;
  high: number;
  /** The least merit that what is missing allows. */
  least: number;
}

/**
 * Answers the `limit` candidates after `after`, best first and equal ones by id, each placed among all.
 *
 * One that is not complete is never before a complete one whose interval overlaps what its own mean may be.
 * It stands right behind the last of these, together with the others there, of which the highest mean is
 * first. For bands and ranks its interval is as wide as that.
 */
export async function rankContenders(
  candidates: readonly Candidate[],
  { metric, lowerIsBetter, range, limit, after }: RankingOptions,
): Promise<Placed[]> {
  const kind = { areShares: areShares(metric), range };
  const standingOf = (candidate: Candidate): Standing => {
    const figures = meanFigures(candidate, kind);
    const { low, high, bounds } = intervalOf(candidate, figures);
    return lowerIsBetter
      ? { figures, merit: stripNoise(-figures.mean), low: -high, high: -low, least: -bounds.high }
      : { figures, merit: stripNoise(figures.mean), low, high, least: bounds.low };
  };
  const merits = new Float64Array(candidates.length);
  const [lows, highs, leasts] = [merits.slice(), merits.slice(), merits.slice()];
  await inSlices(candidates.length, (index) => {
    const { merit, low, high, least } = standingOf(candidates[index] as Candidate);
    merits[index] = merit;
    lows[index] = low;
    highs[index] = high;
    leasts[index] = least;
  });
  const isOpen = (index: number) => candidates[index]?.bounds !== undefined;
  const demoted = await demote(merits, leasts, highs, isOpen);
  const sorted = merits.toSorted();
  const placing = rankSpread(sorted, lows, highs);
  const least = leastOfPage(sorted, limit, after);
  const near: number[] = [];
  await inSlices(candidates.length, (index) => {
    if ((merits[index] ?? 0) >= least) near.push(index);
  });
  return near
    .map((index) => {
      const candidate = candidates[index] as Candidate;
      const { merit: own, ...standing } = standingOf(candidate);
      const merit = merits[index] ?? own;
      return { candidate, hex: candidate.hex, ...standing, merit, ...(isOpen(index) && { own }) };
    })
    .filter((standing) => !after || compare(standing, after) > 0)
    .sort(compare)
    .slice(0, limit)
    .map(({ candidate, figures, merit, own, low, high }) => {
      const place = placing(merit, low, high);
      const group = own === undefined ? undefined : demoted.get(merit);
      const rank = place.rank + (group ? group.length - countUpTo(group, own ?? merit) : 0);
      // What was put behind another may be wholly above one that stands before that.
      const [rankLow, rankHigh] = [Math.min(place.rankLow, rank), Math.max(place.rankHigh, rank)];
      const position = { hex: candidate.hex, merit, ...(own !== undefined && { own }) };
      const [from, to] = lowerIsBetter ? [-high, -low] : [low, high];
      const ranked = { rankedLow: endless(from), rankedHigh: endless(to) };
      return { ...candidate, ...position, ...figures, ...place, ...ranked, rank, rankLow, rankHigh };
    });
}

/** Infinite for a number that stands for an end that is not there. */
const endless = (end: number) => (Math.abs(end) === Number.MAX_VALUE ? Math.sign(end) * Infinity : end);

/** The interval of a mean, as wide as its bounds, and these. */
function intervalOf({ bounds: given }: Candidate, { mean, interval }: MeanFigures) {
  const { low = Number.NaN, high = Number.NaN } = interval ?? {};
  if (!given) return { low, high, bounds: { low: mean, high: mean } };
  // A number with an order, where the range has no end.
  const bounds = {
    low: Math.max(given.low, -Number.MAX_VALUE),
    high: Math.min(given.high, Number.MAX_VALUE),
  };
  const isKnown = !Number.isNaN(low);
  return {
    low: isKnown ? Math.min(low, bounds.low) : bounds.low,
    high: isKnown ? Math.max(high, bounds.high) : bounds.high,
    bounds,
  };
}

/**
 * Lowers the merit of each that is open to just below the least merit of those complete that it may not
 * precede. What it answers are their own merits, ascending, by the merit that they have now.
 */
async function demote(
  merits: Float64Array,
  leasts: Float64Array,
  highs: Float64Array,
  isOpen: (index: number) => boolean,
): Promise<Map<number, Float64Array>> {
  const open: number[] = [];
  const complete: number[] = [];
  await inSlices(merits.length, (index) => {
    (isOpen(index) ? open : complete).push(index);
  });
  const groups = new Map<number, number[]>();
  if (open.length === 0) return new Map();
  const topOf = (index: number) => {
    const high = highs[index] ?? Number.NaN;
    return Number.isNaN(high) ? (merits[index] ?? 0) : high;
  };
  const tops = Float64Array.from(complete, topOf).sort();
  // The least merit of those whose interval ends at one of these or above.
  const leastFrom = new Float64Array(complete.length + 1).fill(Number.POSITIVE_INFINITY);
  await inSlices(complete.length, (place) => {
    const index = complete[place] ?? 0;
    const at = countBelow(tops, topOf(index));
    leastFrom[at] = Math.min(leastFrom[at] ?? Number.POSITIVE_INFINITY, merits[index] ?? 0);
  });
  for (let at = complete.length - 1; at >= 0; at--)
    leastFrom[at] = Math.min(leastFrom[at] ?? 0, leastFrom[at + 1] ?? 0);
  await inSlices(open.length, (place) => {
    const index = open[place] ?? 0;
    const own = merits[index] ?? 0;
    const least = leastFrom[countBelow(tops, leasts[index] ?? 0)] ?? Number.POSITIVE_INFINITY;
    const merit = justBelow(Math.min(own, least));
    merits[index] = merit;
    const group = groups.get(merit);
    if (group) group.push(own);
    else groups.set(merit, [own]);
  });
  return new Map([...groups].map(([merit, own]) => [merit, Float64Array.from(own).sort()]));
}

/** Below a merit without noise, and above the next one. */
const justBelow = (merit: number) => (merit === 0 ? -Number.MIN_VALUE : merit - Math.abs(merit) * 2 ** -50);

/** The merit that no one on the page is below, so that only few have to be put in order. */
function leastOfPage(sorted: Float64Array, limit: number, after: LeaderboardPosition | undefined): number {
  const below = after ? countBelow(sorted, after.merit) : sorted.length;
  return sorted[Math.max(0, below - limit)] ?? 0;
}

function compare(a: LeaderboardPosition, b: LeaderboardPosition): number {
  return b.merit - a.merit || (b.own ?? 0) - (a.own ?? 0) || (a.hex < b.hex ? -1 : Number(a.hex > b.hex));
}

/**
 * A mean in 40 of its 53 bits: the same values added up in another order may differ in the last of them, and
 * would not share their rank. By Veltkamp's splitting (Dekker, Numerische Mathematik 18, 1971).
 */
function stripNoise(mean: number): number {
  const scaled = mean * (2 ** 13 + 1);
  return scaled - (scaled - mean);
}
