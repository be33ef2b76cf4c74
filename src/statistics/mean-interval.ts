import type { Moments } from "./moments.ts";
import { studentTQuantile } from "./student-t.ts";

/** Deviations below this fraction of the mean are rounding. */
const roundOff = 1e-12;

/** From this number of degrees of freedom on, the expansion is right to 12 digits. */
const expandFrom = 300;

/** The 97.5 % point of the standard normal distribution. */
const z = 1.959963984540054;

export interface MeanFigures {
  mean: number;
  /** Divisor n − 1. Undefined below two values, as is `stderr`. */
  stddev: number | undefined;
  stderr: number | undefined;
  /** 95 % confidence interval of the mean; undefined if the values do not determine one. */
  interval: { low: number; high: number } | undefined;
}

/**
 * Computes mean and 95 % confidence interval of one value or more.
 *
 * The interval is mean ± t(0.975, n − 1) · stddev / √n, which needs two values. If all values are the same it
 * would have no width, as if three right answers out of three proved that no answer will ever be wrong. So if
 * all values are 0, or all are 1, and the values are shares (`areShares`: between 0 and 1), it is the exact
 * interval of Clopper and Pearson (Biometrika 26, 1934): from 0.025^(1/n) to 1, or its mirror image. Other
 * equal values have no interval.
 */
export function meanFigures({ count, sum, m2 }: Moments, { areShares = false } = {}): MeanFigures {
  const mean = sum / count;
  if (count < 2) return { mean, stddev: undefined, stderr: undefined, interval: undefined };
  const stddev = Math.sqrt(m2 / (count - 1));
  const stderr = stddev / Math.sqrt(count);
  if (stddev > Math.abs(mean) * roundOff) {
    const margin = t975(count - 1) * stderr;
    return { mean, stddev, stderr, interval: { low: mean - margin, high: mean + margin } };
  }
  return { mean, stddev, stderr, interval: areShares ? shareInterval(mean, count) : undefined };
}

function shareInterval(mean: number, count: number): MeanFigures["interval"] {
  const margin = 1 - 0.025 ** (1 / count);
  if (mean === 0) return { low: 0, high: margin };
  return mean === 1 ? { low: 1 - margin, high: 1 } : undefined;
}

const computed: number[] = [];

/**
 * Computes the 97.5 % point of Student's t distribution for a whole number of degrees of freedom, cheaply
 * enough for thousands of intervals. Few degrees are remembered; for more it expands about the normal point
 * (Abramowitz and Stegun 26.7.5).
 */
export function t975(degrees: number): number {
  if (degrees >= expandFrom) {
    const g1 = (z ** 3 + z) / 4;
    const g2 = (5 * z ** 5 + 16 * z ** 3 + 3 * z) / 96;
    const g3 = (3 * z ** 7 + 19 * z ** 5 + 17 * z ** 3 - 15 * z) / 384;
    const g4 = (79 * z ** 9 + 776 * z ** 7 + 1482 * z ** 5 - 1920 * z ** 3 - 945 * z) / 92_160;
    return z + (g1 + (g2 + (g3 + g4 / degrees) / degrees) / degrees) / degrees;
  }
  const known = computed[degrees];
  if (known !== undefined) return known;
  const t = studentTQuantile(0.975, degrees);
  computed[degrees] = t;
  return t;
}
