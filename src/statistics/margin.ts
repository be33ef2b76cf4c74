import { noWorseSharesP } from "./paired-shares.ts";
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
  /** Each is −1, 0 or 1, of a pair that does not depend on others. */
  areSigns?: boolean | undefined;
}

/**
 * Tests whether a mean difference is above −margin: that the candidate is not worse by as much. Of shares it
 * is the exact test of `noWorseSharesP`, else the one-sided paired t-test, below 0.05 where the whole
 * one-sided 95 % interval is above −margin.
 *
 * If all pairs are equal, which leaves no standard error, the p-value is (1 − margin / most)ⁿ: with so great
 * a chance or less n pairs are equal where the mean differs by the margin, because a share of margin / most
 * or more of all pairs differs then. The t-test knows nothing of such rare pairs: one small loss would prove
 * more than n equal pairs do. So no p-value is smaller than theirs, unless the t-test finds the candidate
 * better by one that is. If it is better in every pair, the p-value is at most 2⁻ⁿ, that of the exact test of
 * signs: neither one pair that is better by far, nor differences that do not vary, make that a doubtful
 * candidate.
 * @param margin above 0
 * @param most the largest difference that there can be
 * @returns undefined if all differences are equal and that does not determine it
 */
export function noWorseP(difference: Difference, margin: number, most = Infinity): number | undefined {
  const { mean, stderr, n, min, areSigns = false } = difference;
  if (areSigns && most === 1) {
    const differing = stderr * stderr * n * (n - 1) + n * mean * mean;
    const [wins, losses] = [differing + n * mean, differing - n * mean].map((twice) => Math.round(twice / 2));
    return noWorseSharesP(wins ?? 0, losses ?? 0, n, margin);
  }
  const ofSigns = min > 0 ? 2 ** -n : 1;
  const ofEqual = most < Infinity ? Math.max(0, 1 - margin / most) ** n : undefined;
  if (stderr > 0) {
    const above = (limit: number) => {
      const t = (mean - limit) / stderr;
      return t >= 0 ? studentTUpperTail(t, n - 1) : 1 - studentTUpperTail(-t, n - 1);
    };
    const least = Math.min(ofEqual ?? 0, mean > 0 ? above(0) : 1);
    return Math.min(ofSigns, Math.max(least, above(-margin)));
  }
  if (min > 0 || mean <= -margin) return ofSigns;
  return mean === 0 ? ofEqual : undefined;
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
