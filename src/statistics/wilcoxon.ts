import { normalUpperTail } from "./normal.ts";

/** A group of differences of the same size, which is not 0. */
export interface TiedDifferences {
  /** Number of differences, 1 or more. */
  count: number;
  /** Number of differences above 0. */
  positive: number;
}

/** The exact distribution of so many differences takes milliseconds; beyond, the normal one is as good. */
export const wilcoxonExactMost = 100;

/**
 * Computes the two-sided p-value of the Wilcoxon signed-rank test (Wilcoxon 1945), with mean ranks for ties.
 * It is exact, given the ties, up to `wilcoxonExactMost` differences, and 1 without differences.
 * @param groups differences grouped by their absolute value, ascending
 */
export function wilcoxonExact(groups: readonly TiedDifferences[]): number {
  // Ranks are doubled, so that the mean ranks of ties are whole numbers too.
  const ranks: number[] = [];
  let before = 0;
  let positive = 0;
  for (const group of groups) {
    const doubled = 2 * before + group.count + 1;
    for (let i = 0; i < group.count; i++) ranks.push(doubled);
    positive += group.positive * doubled;
    before += group.count;
  }
  const total = ranks.reduce((sum, rank) => sum + rank, 0);
  // The probability of each sum of positive ranks, if every sign is as likely as its opposite.
  let probability = new Float64Array(total + 1);
  probability[0] = 1;
  for (const rank of ranks) {
    const next = new Float64Array(total + 1);
    for (let sum = 0; sum <= total; sum++)
      next[sum] = ((probability[sum] ?? 0) + (probability[sum - rank] ?? 0)) / 2;
    probability = next;
  }
  const extreme = Math.min(positive, total - positive);
  let tail = 0;
  for (let sum = 0; sum <= extreme; sum++) tail += probability[sum] ?? 0;
  return Math.min(1, 2 * tail);
}

/**
 * Computes the same by the normal approximation, without continuity correction, with the variance corrected
 * for ties (Hollander, Wolfe and Chicken, Nonparametric Statistical Methods, 3.1).
 * @param n number of differences, none of them 0
 * @param positiveRanks sum of the ranks of positive differences
 * @param tieTerm sum of t³ − t over groups of t equal sizes
 */
export function wilcoxonApproximate(n: number, positiveRanks: number, tieTerm: number): number {
  if (n === 0) return 1;
  const mean = (n * (n + 1)) / 4;
  const variance = (n * (n + 1) * (2 * n + 1)) / 24 - tieTerm / 48;
  return Math.min(1, 2 * normalUpperTail(Math.abs(positiveRanks - mean) / Math.sqrt(variance)));
}
