import type { z } from "zod";
import type { ClusterSpread } from "../../statistics/clusters.ts";
import { holm } from "../../statistics/holm.ts";
import { type Difference, turned } from "../../statistics/margin.ts";
import { type MeanFigures, meanFigures } from "../../statistics/mean-interval.ts";
import { wilcoxonApproximate, wilcoxonExact } from "../../statistics/wilcoxon.ts";
import type { packed, pairFigures } from "./statements.ts";

/** What statements find of pairs: of all, or of those of a group. */
type Found = z.output<typeof pairFigures.row>;
type Measured = Pick<Found, "pairs" | "baseline" | "candidate" | "differences">;
type Packed = z.output<typeof packed>;

export function figuresOf(
  count: number,
  packed: Packed,
  kind?: Parameters<typeof meanFigures>[1],
): MeanFigures | undefined {
  if (packed === null) return undefined;
  const [sum = 0, m2 = 0, min = 0, max = 0] = packed;
  return meanFigures({ count, sum, m2, min, max }, kind);
}

/** The figures of differences, which do not vary where they do so by the rounding of the values alone. */
export function figuresOfDifferences(
  { pairs, baseline, candidate, differences }: Measured,
  spread?: ClusterSpread,
): MeanFigures | undefined {
  const ends = [baseline, candidate].flatMap((packed) => packed?.slice(2) ?? []);
  return figuresOf(pairs, differences, { spread, scale: Math.max(0, ...ends.map(Math.abs)) });
}

/** The 95 % interval of a mean difference; null where the pairs determine none. */
export function intervalOf(figures: MeanFigures | undefined, isBinary: boolean | null) {
  if (!figures?.interval) return { ci95Low: null, ci95High: null };
  const { low, high } = figures.interval;
  // No difference of shares is larger.
  return cutAt(isBinary ? 1 : Number.POSITIVE_INFINITY, { ci95Low: low, ci95High: high });
}

interface Interval<End> {
  ci95Low: End;
  ci95High: End;
}

/** Cuts an interval where no difference is larger, so that it covers as often. */
export function cutAt<End extends number | null>(
  most: number,
  { ci95Low, ci95High }: Interval<End>,
): Interval<number | End> {
  return {
    ci95Low: ci95Low === null ? ci95Low : Math.max(-most, ci95Low),
    ci95High: ci95High === null ? ci95High : Math.min(most, ci95High),
  };
}

/**
 * Differences as tests of harm take them: above 0 where the candidate is better.
 * @returns undefined without a standard error
 */
export function towardsBetter(
  { mean, stderr }: { mean: number; stderr: number | undefined },
  of: Omit<Difference, "mean" | "stderr">,
  lowerIsBetter: boolean,
): Difference | undefined {
  if (stderr === undefined) return undefined;
  const difference = { mean, stderr, ...of };
  return lowerIsBetter ? turned(difference) : difference;
}

/**
 * Computes which way the signed-rank test goes, from -1 to 1, 0 without any difference: the matched-pairs
 * rank-biserial correlation (Kerby, Comprehensive Psychology 3, 2014). Of 0 and 1 it is McNemar's, too.
 */
export function rankBiserial({ up, down, positiveRanks }: Ranked): number {
  const n = up + down;
  return n === 0 ? 0 : (4 * positiveRanks) / (n * (n + 1)) - 1;
}

type Ranked = Pick<Found, "sizeCounts" | "sizePositives" | "up" | "down" | "positiveRanks" | "tieTerm">;

export function wilcoxon({ sizeCounts, sizePositives, up, down, positiveRanks, tieTerm }: Ranked): number {
  const sizes = sizeCounts?.map((count, index) => ({ count, positive: sizePositives?.[index] ?? 0 }));
  // Without any difference there are no sizes.
  return sizes || up + down === 0
    ? wilcoxonExact(sizes ?? [])
    : wilcoxonApproximate(up + down, positiveRanks, tieTerm);
}

interface Tested {
  pValue: number | null;
  adjustedPValue: number | null;
  pairedTPValue: number | null;
  adjustedPairedTPValue: number | null;
}

/** Adjusts the p-values of candidates, or of the groups of all candidates, together. */
export function adjustTests(all: readonly Tested[]): void {
  const ofTest = holm(all.map(({ pValue }) => pValue ?? undefined));
  const ofMean = holm(all.map(({ pairedTPValue }) => pairedTPValue ?? undefined));
  for (const [index, one] of all.entries()) {
    one.adjustedPValue = ofTest[index] ?? null;
    one.adjustedPairedTPValue = ofMean[index] ?? null;
  }
}
