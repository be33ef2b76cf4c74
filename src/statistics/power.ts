import { t975 } from "./mean-interval.ts";
import { normalUpperTail } from "./normal.ts";
import { studentTQuantile } from "./student-t.ts";

/** Steps of the trapezoidal rule, whose error falls exponentially where a function does so at both ends. */
const steps = 400;

/**
 * Computes the power of the two-sided paired t-test at the level `alpha`: the probability that it finds a
 * difference which is there. That is the chance that a variable of the noncentral t distribution with n − 1
 * degrees of freedom and noncentrality effect · √n lies beyond ±t(1 − alpha / 2, n − 1) (Cohen, Statistical
 * Power Analysis, 1988, 2.2). It is integrated over the standard deviation that the samples happen to have.
 * @param effect the true mean difference in standard deviations of the differences, 0 or more
 * @param n pairs, 2 or more
 */
export function pairedPower(effect: number, n: number, alpha = 0.05): number {
  const degrees = n - 1;
  const critical = alpha === 0.05 ? t975(degrees) : studentTQuantile(1 - alpha / 2, degrees);
  const shift = effect * Math.sqrt(n);
  // The integral is over the logarithm of the sample's standard deviation divided by the true one, where its
  // density is exp(degrees · (u − (e²ᵘ − 1) / 2)), up to a factor that the division below removes.
  const low = -38 / degrees - 6 / Math.sqrt(degrees);
  const high = Math.min(6 / Math.sqrt(degrees), Math.log1p(80 / degrees) / 2 + 1);
  let weights = 0;
  let beyond = 0;
  for (let step = 0; step <= steps; step++) {
    const u = low + ((high - low) * step) / steps;
    const weight = Math.exp(degrees * (u - Math.expm1(2 * u) / 2));
    const t = critical * Math.exp(u);
    weights += weight;
    beyond += weight * (normalUpperTail(t - shift) + normalUpperTail(t + shift));
  }
  return beyond / weights;
}

/**
 * Computes the smallest effect that `n` pairs show with a given power: see `pairedPower`.
 * @param power between alpha and 1, both excluded
 */
export function detectableEffect(n: number, power = 0.8, alpha = 0.05): number {
  let low = 0;
  let high = 1;
  while (pairedPower(high, n, alpha) < power) high *= 2;
  while (high - low > 1e-10 * high) {
    const middle = (low + high) / 2;
    if (pairedPower(middle, n, alpha) < power) low = middle;
    else high = middle;
  }
  return high;
}

/**
 * Computes how many pairs show an effect with a given power, 2 or more: see `pairedPower`.
 * @param effect above 0
 * @param power between alpha and 1, both excluded
 * @returns Infinity if they are more than 1e9
 */
export function pairsNeeded(effect: number, power = 0.8, alpha = 0.05): number {
  let high = 2;
  while (pairedPower(effect, high, alpha) < power) {
    if (high > 1e9) return Number.POSITIVE_INFINITY;
    high *= 2;
  }
  let low = Math.max(1, high / 2);
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (pairedPower(effect, middle, alpha) < power) low = middle;
    else high = middle;
  }
  return high;
}
