import { inSlices } from "../../slices.ts";
import { type MeanFigures, meanFigures } from "../../statistics/mean-interval.ts";
import { countBelow, type Placing, rankSpread } from "../../statistics/rank-spread.ts";
import type { LeaderboardPosition } from "../input.ts";
import { areShares } from "../metric.ts";
import type { Contender } from "./parts.ts";

/** A contender with its figures and its place among all. */
export interface Placed extends Contender, MeanFigures, Placing, LeaderboardPosition {}

interface RankingOptions {
  metric: string;
  lowerIsBetter: boolean;
  limit: number;
  after?: LeaderboardPosition | undefined;
}

/** Answers the `limit` contenders after `after`, best first and equal ones by id, each placed among all. */
export async function rankContenders(
  contenders: readonly Contender[],
  { metric, lowerIsBetter, limit, after }: RankingOptions,
): Promise<Placed[]> {
  const kind = { areShares: areShares(metric) };
  const standingOf = (contender: Contender) => {
    const figures = meanFigures(contender, kind);
    const { low = Number.NaN, high = Number.NaN } = figures.interval ?? {};
    return lowerIsBetter
      ? { figures, merit: stripNoise(-figures.mean), low: -high, high: -low }
      : { figures, merit: stripNoise(figures.mean), low, high };
  };
  const merits = new Float64Array(contenders.length);
  const [lows, highs] = [merits.slice(), merits.slice()];
  await inSlices(contenders.length, (index) => {
    const { merit, low, high } = standingOf(contenders[index] as Contender);
    merits[index] = merit;
    lows[index] = low;
    highs[index] = high;
  });
  const sorted = merits.toSorted();
  const placing = rankSpread(sorted, lows, highs);
  const least = leastOfPage(sorted, limit, after);
  const near: Contender[] = [];
  await inSlices(contenders.length, (index) => {
    if ((merits[index] ?? 0) >= least) near.push(contenders[index] as Contender);
  });
  return near
    .map((contender) => ({ contender, hex: contender.hex, ...standingOf(contender) }))
    .filter((standing) => !after || compare(standing, after) > 0)
    .sort(compare)
    .slice(0, limit)
    .map(({ contender: { hex, count, sum, m2, groups }, figures, merit, low, high }) => {
      return {
        hex,
        count,
        sum,
        m2,
        ...(groups && { groups }),
        merit,
        ...figures,
        ...placing(merit, low, high),
      };
    });
}

/** The merit that no one on the page is below, so that only few have to be put in order. */
function leastOfPage(sorted: Float64Array, limit: number, after: LeaderboardPosition | undefined): number {
  const below = after ? countBelow(sorted, after.merit) : sorted.length;
  return sorted[Math.max(0, below - limit)] ?? 0;
}

function compare(a: LeaderboardPosition, b: LeaderboardPosition): number {
  return b.merit - a.merit || (a.hex < b.hex ? -1 : Number(a.hex > b.hex));
}

/**
 * A mean in 40 of its 53 bits: the same values added up in another order may differ in the last of them, and
 * would not share their rank. By Veltkamp's splitting (Dekker, Numerische Mathematik 18, 1971).
 */
function stripNoise(mean: number): number {
  const scaled = mean * (2 ** 13 + 1);
  return scaled - (scaled - mean);
}
