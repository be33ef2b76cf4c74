import { type MeanInterval, meanFigures } from "./mean-interval.ts";
import type { Moments } from "./moments.ts";
import { studentTQuantile, studentTUpperTail } from "./student-t.ts";

/** How the mean of one group of values differs from that of another. */
export interface MeanDifference {
  difference: number;
  /** 95 % confidence interval of the difference; undefined if the values do not determine one. */
  interval: Pick<MeanInterval, "low" | "high"> | undefined;
  /** Two-sided p-value; undefined if the values do not determine one. */
  pValue: number | undefined;
}

/**
 * Compares the means of two independent groups, from their moments alone, by Welch's t-test: it does not
 * assume equal variances. Its degrees of freedom are those of Welch and Satterthwaite (Welch, Biometrika 34,
 * 1947; as `scipy.stats.ttest_ind_from_stats` with `equal_var=False`).
 *
 * Where one group alone varies, nothing tells how far values of the other may do so: two that are alike prove
 * nothing. Student's t-test takes the variance to be that of both, and where its p-value is the larger, the
 * result is that of it.
 *
 * Where neither group varies there is no standard error, though a drop from all right to all wrong must not
 * go unseen. The p-value is then that of the exact permutation test (Fisher, The Design of Experiments,
 * 1935): 1 if the values are equal, else how few of the C(n₁ + n₂, n₁) ways to deal them differ as much.
 * @param after its mean less that of `before` is the difference
 */
export function welch(before: Moments, after: Moments): MeanDifference {
  const [a, b] = [meanFigures(before), meanFigures(after)];
  const difference = b.mean - a.mean;
  const scale = 1e-12 * Math.max(Math.abs(a.mean), Math.abs(b.mean));
  const isConstant = (stddev = 0) => stddev <= scale;
  if (isConstant(a.stddev) && isConstant(b.stddev)) {
    const isEqual = Math.abs(difference) <= scale;
    return {
      difference: isEqual ? 0 : difference,
      interval: undefined,
      pValue: isEqual ? 1 : dealtApart(before.count, after.count),
    };
  }
  if (a.stderr === undefined || b.stderr === undefined)
    return { difference, interval: undefined, pValue: undefined };
  const [ofBefore, ofAfter] = [a.stderr ** 2, b.stderr ** 2];
  const variance = ofBefore + ofAfter;
  const degrees = variance ** 2 / (ofBefore ** 2 / (before.count - 1) + ofAfter ** 2 / (after.count - 1));
  const found = byT(difference, Math.sqrt(variance), degrees);
  if (!isConstant(a.stddev) && !isConstant(b.stddev)) return found;
  const all = before.count + after.count - 2;
  const common = ((before.m2 + after.m2) / all) * (1 / before.count + 1 / after.count);
  const pooled = byT(difference, Math.sqrt(common), all);
  return pooled.pValue > found.pValue ? pooled : found;
}

function byT(difference: number, stderr: number, degrees: number) {
  const margin = studentTQuantile(0.975, degrees) * stderr;
  return {
    difference,
    interval: { low: difference - margin, high: difference + margin },
    pValue: Math.min(1, 2 * studentTUpperTail(Math.abs(difference) / stderr, degrees)),
  };
}

/** The probability that values of two kinds are dealt into one group each. */
function dealtApart(n1: number, n2: number): number {
  const [fewer, more] = [Math.min(n1, n2), Math.max(n1, n2)];
  // The other way round is as far apart, if the groups are of one size.
  let p = fewer === more ? 2 : 1;
  for (let drawn = 1; drawn <= fewer && p > 0; drawn++) p *= drawn / (more + drawn);
  return p;
}
