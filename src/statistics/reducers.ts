/**
 * The share of the sets of `k` repetitions, drawn without replacement, that are all successes: C(c, k) /
 * C(n, k) for c successes of n. It is the unbiased estimator of pass^k, the probability that k repetitions
 * all succeed (Yao et al., tau-bench, arXiv:2406.12045). Factor by factor: binomials of hundreds overflow.
 * @returns undefined if n < k
 */
export function passAllOf(n: number, c: number, k: number): number | undefined {
  if (n < k) return undefined;
  let share = 1;
  for (let i = 0; i < k; i++) share *= (c - i) / (n - i);
  return Math.max(0, share);
}

/**
 * The share of the sets of `k` repetitions that have a success: 1 − C(n − c, k) / C(n, k). It is the unbiased
 * estimator of pass@k, the probability that one of k repetitions or more succeeds (Chen et al., Evaluating
 * Large Language Models Trained on Code, arXiv:2107.03374).
 * @returns undefined if n < k
 */
export function passAnyOf(n: number, c: number, k: number): number | undefined {
  const none = passAllOf(n, n - c, k);
  return none === undefined ? undefined : 1 - none;
}
