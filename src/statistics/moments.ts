import { addTo, totalOf } from "./sum.ts";

/** The sums over a number of values. */
export interface Moments {
  count: number;
  sum: number;
  /** Sum of squared deviations from the mean of these values. */
  m2: number;
}

/**
 * Combines the moments of all parts around their common mean (Chan, Golub and LeVeque, The American
 * Statistician 37(3), 1983, formula 2.1 for any number of parts). A part to subtract has negative figures. If
 * no value is left, all figures are 0.
 */
export function mergeMoments(parts: readonly Moments[]): Moments {
  const count = parts.reduce((total, part) => total + part.count, 0);
  const running = { sum: 0, lost: 0 };
  for (const part of parts) addTo(running, part.sum);
  const sum = totalOf(running);
  if (count <= 0) return { count: 0, sum: 0, m2: 0 };
  const mean = sum / count;
  let m2 = 0;
  for (const part of parts)
    if (part.count !== 0) m2 += part.m2 + part.count * (part.sum / part.count - mean) ** 2;
  // A subtraction may leave a rounding error below zero.
  return { count, sum, m2: Math.max(0, m2) };
}
