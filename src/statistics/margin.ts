import { studentTUpperTail } from "./student-t.ts";

export interface Difference {
  mean: number;
  /** Of the mean; 0 if all differences are equal. */
  stderr: number;
  /** Pairs, 2 or more. */
  n: number;
}

/**
 * Tests whether a mean difference is above −margin: that the candidate is not worse by as much. It is the
 * one-sided paired t-test; below 0.05, the whole one-sided 95 % interval is above −margin.
 * @param margin above 0
 * @param areBinary all values are 0 or 1. If then all pairs are equal, which leaves no standard error, the
 *   p-value is (1 − margin)ⁿ: that chance n pairs have to be equal, where a share of `margin` differs.
 * @returns undefined if all differences are equal and that does not determine it
 */
export function noWorseP(difference: Difference, margin: number, areBinary = false): number | undefined {
  const { mean, stderr, n } = difference;
  if (stderr > 0) {
    const t = (mean + margin) / stderr;
    return t >= 0 ? studentTUpperTail(t, n - 1) : 1 - studentTUpperTail(-t, n - 1);
  }
  return areBinary && mean === 0 ? Math.max(0, 1 - margin) ** n : undefined;
}

/**
 * Tests whether a mean difference lies between −margin and margin, by two one-sided tests (Schuirmann,
 * Journal of Pharmacokinetics and Biopharmaceutics 15(6), 1987). Parameters and result are as of `noWorseP`.
 */
export function equivalenceP(difference: Difference, margin: number, areBinary = false): number | undefined {
  const above = noWorseP(difference, margin, areBinary);
  const below = noWorseP({ ...difference, mean: -difference.mean }, margin, areBinary);
  return above === undefined || below === undefined ? undefined : Math.max(above, below);
}
