/** What a number of values adds up to. */
export interface Moments {
  count: number;
  sum: number;
  /** Sum of squared deviations from the mean of these values. */
  m2: number;
}

/**
 * What the values of all parts add up to, around their common mean (Chan, Golub and LeVeque, The American Statistician 37(3), 1983,
 * formula 2.1 for any number of parts). A part that is taken away has negative figures. Without a value left, all are 0.
 */
export function mergeMoments(parts: readonly Moments[]): Moments {
  let count = 0;
  let sum = 0;
  for (const part of parts) {
    count += part.count;
    sum += part.sum;
  }
  if (count <= 0) return { count: 0, sum: 0, m2: 0 };
  const mean = sum / count;
  let m2 = 0;
  for (const part of parts) {
    if (part.count !== 0) m2 += part.m2 + part.count * (part.sum / part.count - mean) ** 2;
  }
  // What was taken away may leave a trace of rounding below zero.
  return { count, sum, m2: Math.max(0, m2) };
}
