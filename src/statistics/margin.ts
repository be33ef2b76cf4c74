import { studentTUpperTail } from "./student-t.ts";

/** Differences of pairs, above 0 where the candidate is the better one. */
export interface Difference {
  mean: number;
  /** Of the mean; 0 if all differences are equal. */
  stderr: number;
  /** Pairs or clusters, 2 or more. */
  n: number;
  /** The least and the greatest of the differences. */
  min: number;
  max: number;
}

/**
 * Tests whether a mean difference is above −margin: that the candidate is not worse by as much. It is the
 * one-sided paired t-test; below 0.05, the whole one-sided 95 % interval is above −margin.
 *
 * If the candidate is better in every pair, the p-value is at most 2⁻ⁿ, that of the exact test of signs:
 * neither one pair that is better by far, nor differences that do not vary, make that a doubtful candidate.
 * @param margin above 0
 * @param most the largest difference that there can be. If all pairs are equal, which leaves no standard
 *   error, the p-value is (1 − margin / most)ⁿ: with so great a chance or less n pairs are equal where the
 *   mean differs by the margin, because a share of margin / most or more of all pairs differs then.
 * @returns undefined if all differences are equal and that does not determine it
 */
export function noWorseP(difference: Difference, margin: number, most = Infinity): number | undefined {
  const { mean, stderr, n, min } = difference;
  const ofSigns = min > 0 ? 2 ** -n : 1;
  if (stderr > 0) {
    const t = (mean + margin) / stderr;
    return Math.min(ofSigns, t >= 0 ? studentTUpperTail(t, n - 1) : 1 - studentTUpperTail(-t, n - 1));
  }
  if (min > 0 || mean <= -margin) return ofSigns;
  return mean === 0 && most < Infinity ? Math.max(0, 1 - margin / most) ** n : undefined;
}

/**
 * Tests whether a mean difference lies between −margin and margin, by two one-sided tests (Schuirmann,
 * Journal of Pharmacokinetics and Biopharmaceutics 15(6), 1987). Parameters and result are as of `noWorseP`.
 * @param greatest the difference that is tested against the margin above, where `difference` is the least
 *   of those that there may be. Default: `difference`
 */
export function equivalenceP(
  difference: Difference,
  margin: number,
  most = Infinity,
  greatest = difference,
): number | undefined {
  const above = noWorseP(difference, margin, most);
  const below = noWorseP(turned(greatest), margin, most);
  return above === undefined || below === undefined ? undefined : Math.max(above, below);
}

/** The same differences, counted the other way round. */
export const turned = ({ mean, min, max, ...same }: Difference): Difference => ({
  ...same,
  ...{ mean: -mean, min: -max, max: -min },
});
