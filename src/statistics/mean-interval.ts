import { type ClusterSpread, clusteredStderr } from "./clusters.ts";
import type { Moments } from "./moments.ts";
import { studentTQuantile } from "./student-t.ts";

interface Kind {
  /** Whether the values are shares of something, and 0 and 1 its ends. */
  areShares?: boolean;
  /** The ends of what a value can be; infinite where there is none. Default: none. */
  range?: { low: number; high: number } | undefined;
  /** The values are independent between clusters only. */
  spread?: ClusterSpread | undefined;
  /** The largest size of what the values are the differences of, whose rounding is theirs. Default: 0. */
  scale?: number;
}

/** Deviations below this fraction of the mean, or of the scale, are rounding. */
const roundOff = 1e-12;

/** From this number of degrees of freedom on, the expansion is right to 12 digits. */
const expandFrom = 300;

/** The 97.5 % point of the standard normal distribution. */
const z = 1.959963984540054;

export interface MeanFigures {
  /** Between `min` and `max`, and so the value itself where all are equal. */
  mean: number;
  /** Divisor n − 1; 0 where values differ by rounding alone. Undefined below two values, as is `stderr`. */
  stddev: number | undefined;
  stderr: number | undefined;
  /** 95 % confidence interval of the mean; undefined if the values do not determine one. */
  interval: MeanInterval | undefined;
}

export interface MeanInterval {
  method: "student_t" | "wilson" | "cluster_t";
  low: number;
  high: number;
}

interface KnownRange {
  min?: number;
  max?: number;
}

/**
 * Computes mean and 95 % confidence interval of one value or more.
 *
 * Of shares that are all 0 or 1 it is Wilson's interval. Of other values it is mean ± t(0.975, n − 1) ·
 * stddev / √n, and there is none if all are equal: it would have no width, as if three equal answers out of
 * three proved that every other will be the same. Either takes two values.
 *
 * `min` and `max`, where they are known, bound the mean. A sum that was rounded on the way would otherwise
 * put that of a hundred tenths below a tenth. The true mean lies between them, so a bound is never further
 * from it than what it replaces.
 *
 * Of values in clusters the error is that of `clusteredStderr`, and the interval mean ± t(0.975, clusters −
 * 1) · stderr.
 *
 * Intervals by t are cut at the ends of the range, beyond which no mean can be: at 0 and 1 for shares that
 * are all 0 or 1.
 */
export function meanFigures(
  { count, sum, m2, min, max }: Moments & KnownRange,
  { areShares = false, range = endless, spread, scale = 0 }: Kind = {},
): MeanFigures {
  const mean = Math.min(
    max ?? Number.POSITIVE_INFINITY,
    Math.max(min ?? Number.NEGATIVE_INFINITY, sum / count),
  );
  if (count < 2) return { mean, stddev: undefined, stderr: undefined, interval: undefined };
  const rounding = Math.max(Math.abs(mean), scale) * roundOff;
  const deviation = Math.sqrt(m2 / (count - 1));
  const stddev = (min !== undefined && min === max) || deviation <= rounding ? 0 : deviation;
  const figures = { mean, stddev, stderr: stddev / Math.sqrt(count) };
  const isBinary = areShares && areBinary({ count, sum, m2 });
  if (spread) return { ...figures, ...clustered(figures, spread, rounding, isBinary ? shares : range) };
  if (isBinary) return { ...figures, interval: wilson(sum, count) };
  if (stddev === 0) return { ...figures, interval: undefined };
  const margin = t975(count - 1) * figures.stderr;
  return { ...figures, interval: { method: "student_t", ...about(mean, margin, range) } };
}

const endless = { low: -Infinity, high: Infinity };
const shares = { low: 0, high: 1 };

const about = (mean: number, margin: number, { low, high }: typeof endless) => ({
  low: Math.max(low, mean - margin),
  high: Math.min(high, mean + margin),
});

function clustered(
  { mean, stddev }: { mean: number; stddev: number },
  spread: ClusterSpread,
  rounding: number,
  range: typeof endless,
) {
  const error = clusteredStderr(spread);
  if (error === undefined) return { stderr: undefined, interval: undefined };
  // Where the means of all clusters are the same, what is left of the sums is rounding.
  if (error <= Math.max(rounding, stddev * roundOff)) return { stderr: 0, interval: undefined };
  const margin = t975(spread.clusters - 1) * error;
  return { stderr: error, interval: { method: "cluster_t" as const, ...about(mean, margin, range) } };
}

/** As `MeanFigures`, flat and with null for what is undefined: as answers have them. */
export interface MeanColumns {
  mean: number;
  /** Divisor n − 1. */
  stddev: number | null;
  stderr: number | null;
  /** 95 % confidence interval of the mean. */
  ci95Low: number | null;
  ci95High: number | null;
  intervalMethod: MeanInterval["method"] | null;
}

export function meanColumns(...given: Parameters<typeof meanFigures>): MeanColumns {
  const { mean, stddev = null, stderr = null, interval } = meanFigures(...given);
  const { method: intervalMethod = null, low: ci95Low = null, high: ci95High = null } = interval ?? {};
  return { mean, stddev, stderr, ci95Low, ci95High, intervalMethod };
}

/**
 * Tells from the moments whether all values are 0 or 1. The sum of x(1 − x) is 0 then, and of values between
 * 0 and 1 only then.
 */
function areBinary({ count, sum, m2 }: Moments): boolean {
  if (!Number.isInteger(sum) || sum < 0 || sum > count) return false;
  return Math.abs(m2 - sum * (1 - sum / count)) <= 1e-9 * Math.max(1, m2);
}

/**
 * Computes Wilson's score interval of a share (JASA 22, 1927): the shares that the count is no further from
 * than z standard errors. It lies within [0, 1], and has a width also where all or none count (Brown, Cai and
 * DasGupta, Statistical Science 16(2), 2001, recommend it).
 * @param ones how many of `count` values are 1
 */
export function wilson(ones: number, count: number): MeanInterval {
  const share = ones / count;
  const weight = z ** 2 / count;
  const centre = (share + weight / 2) / (1 + weight);
  const margin = (z / (1 + weight)) * Math.sqrt((share * (1 - share)) / count + weight / (4 * count));
  // Rounding would leave 1e-17 beside the ends.
  const low = ones === 0 ? 0 : centre - margin;
  const high = ones === count ? 1 : centre + margin;
  return { method: "wilson", low, high };
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
