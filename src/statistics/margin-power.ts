import { gaffkeP } from "./gaffke.ts";
import { normalUpperTail } from "./normal.ts";
import { pairedPower, pairsNeeded } from "./power.ts";

/** What is to be shown of a candidate that is as good as the baseline: that it is no worse by a margin. */
interface MarginPlan {
  /** The standard deviation of the differences, 0 or more; of clusters, of their means. */
  stddev: number;
  /** Above 0. */
  margin: number;
  /** The largest difference that there can be. Default: not known, so that the t-test is asked */
  most?: number | undefined;
  /** Pairs of the largest cluster by those of the mean one. Default: 1 */
  largest?: number | undefined;
  /** The level of significance, above 0 and below 0.5. Default: 0.05 */
  alpha?: number | undefined;
}

/** With more pairs nobody plans. */
const mostPairs = 1e9;

/**
 * Computes the probability that so many pairs, or clusters, show it. Of a known range it is by Gaffke's bound
 * for differences that are as often the standard deviation above 0 as below, with a mean that varies as that
 * of a normal distribution does; else the power of the one-sided t-test.
 */
export function noWorsePower(plan: MarginPlan, n: number): number {
  const { stddev, margin, most = Infinity, alpha = 0.05 } = plan;
  // A one-sided test at a level finds what a two-sided one does at twice the level.
  if (most === Infinity) return stddev > 0 ? pairedPower(margin / stddev, n, 2 * alpha) : 0;
  // Beyond ten standard errors a mean never is.
  let [low, high] = [-10, 10];
  if (boundedP(plan, n, low) < alpha) return 1;
  if (boundedP(plan, n, high) >= alpha) return 0;
  while (high - low > 1e-6) {
    const middle = (low + high) / 2;
    if (boundedP(plan, n, middle) < alpha) high = middle;
    else low = middle;
  }
  return normalUpperTail(high);
}

/**
 * Computes how many pairs, or clusters, show it with a given probability: see `noWorsePower`.
 * @param power below 1
 * @returns Infinity if they are more than 1e9
 */
export function noWorsePairsNeeded(plan: MarginPlan, power = 0.8): number {
  const { stddev, margin, most = Infinity, alpha = 0.05 } = plan;
  if (most === Infinity) return stddev > 0 ? pairsNeeded(margin / stddev, power, 2 * alpha) : Infinity;
  let [low, high] = [0, 1];
  for (; noWorsePower(plan, high) < power; high *= 2) {
    if (high > mostPairs) return Infinity;
    low = high;
  }
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (noWorsePower(plan, middle) < power) low = middle;
    else high = middle;
  }
  return high > mostPairs ? Infinity : high;
}

/** The p-value where the mean difference is so many standard errors above 0. */
function boundedP({ stddev, margin, most = 0, largest = 1 }: MarginPlan, n: number, errors: number): number {
  const mean = margin + (errors * stddev) / Math.sqrt(n);
  const draws = [mean - stddev, mean + stddev].map((value) => ({ value, count: n / 2 }));
  return gaffkeP(draws, largest * (margin - most));
}
