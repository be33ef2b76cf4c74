/**
 * Computes the two-sided p-value of the exact McNemar test. Pairs that disagree are expected equally often
 * either way, so the smaller count is binomial with p = ½ (McNemar 1947; exact form: Agresti, Categorical
 * Data Analysis, 10.1.4). It is 1 if no pair disagrees.
 * @param onlyFirst pairs that only the first has right, 0 or more
 * @param onlySecond pairs that only the second has right, 0 or more
 */
export function mcnemarExact(onlyFirst: number, onlySecond: number): number {
  const n = onlyFirst + onlySecond;
  const smaller = Math.min(onlyFirst, onlySecond);
  // P(X ≤ smaller) is summed from its largest term down. Each term is less than the one before, so the sum
  // soon ends.
  let term = 1;
  let sum = 1;
  for (let k = smaller; k > 0 && term > sum * 1e-17; k--) {
    term *= k / (n - k + 1);
    sum += term;
  }
  return Math.min(1, 2 * sum * halfBinomial(smaller, n));
}

/**
 * C(n, k) / 2ⁿ in Loader's saddle-point form, accurate for any n (C. Loader, Fast and Accurate Computation of
 * Binomial Probabilities, 2000).
 */
function halfBinomial(k: number, n: number): number {
  if (k === 0 || k === n) return 2 ** -n;
  const half = n / 2;
  const exponent =
    stirlingError(n) - stirlingError(k) - stirlingError(n - k) - deviance(k, half) - deviance(n - k, half);
  return Math.exp(exponent) * Math.sqrt(n / (2 * Math.PI * k * (n - k)));
}

/** ln n! − ln(√(2πn) (n/e)ⁿ), by its asymptotic series (DLMF 5.11.1), exactly below 16. */
function stirlingError(n: number): number {
  if (n < 16) {
    let factorial = 1;
    for (let i = 2; i <= n; i++) factorial *= i;
    return Math.log(factorial) - Math.log(2 * Math.PI * n) / 2 - n * Math.log(n) + n;
  }
  const square = n * n;
  return (1 / 12 - (1 / 360 - (1 / 1260 - (1 / 1680 - 1 / (1188 * square)) / square) / square) / square) / n;
}

/** Computes x ln(x / mean) + mean − x, by its series close to the mean, where the terms would cancel. */
function deviance(x: number, mean: number): number {
  const v = (x - mean) / (x + mean);
  if (Math.abs(v) >= 0.1) return x * Math.log(x / mean) + mean - x;
  let sum = (x - mean) * v;
  let power = 2 * x * v;
  for (let j = 3; ; j += 2) {
    power *= v * v;
    const next = sum + power / j;
    if (next === sum) return sum;
    sum = next;
  }
}
