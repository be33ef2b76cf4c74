/** Bins in ascending order, each with `counts[i]` values from `lows[i]` to `highs[i]`. */
export interface Histogram {
  counts: ArrayLike<number>;
  lows: ArrayLike<number>;
  highs: ArrayLike<number>;
}

export interface Percentiles {
  /** NaN of a histogram without values. */
  values: number[];
  isExact: boolean;
}

/**
 * Percentiles by linear interpolation between the two nearest values, as PostgreSQL's percentile_cont. Where
 * a bin has more than two values, those between its least and its greatest are taken to be spread evenly:
 * each is off by no more than the bin is wide. Exact where a bin's values are all the same, as those of 0/1
 * scores, and at its ends.
 * @param fractions from 0 to 1
 * @param areEnds whether `lows` and `highs` are among the values, and none of them was taken away
 */
export function percentiles(
  { counts, lows, highs }: Histogram,
  fractions: readonly number[],
  areEnds = true,
): Percentiles {
  const ends = Float64Array.from(counts);
  for (let bin = 1; bin < ends.length; bin++) ends[bin] = (ends[bin] ?? 0) + (ends[bin - 1] ?? 0);
  const total = ends.at(-1) ?? 0;
  let isExact = true;
  const valueAt = (place: number): number => {
    const bin = firstAbove(ends, place);
    const [count = 0, end = 0] = [counts[bin], ends[bin]];
    const [low = Number.NaN, high = Number.NaN] = [lows[bin], highs[bin]];
    const inside = place - (end - count);
    const isEnd = inside === 0 || inside === count - 1;
    if (low < high && !(isEnd && areEnds)) isExact = false;
    if (inside === 0) return low;
    return inside === count - 1 ? high : low + (high - low) * (inside / (count - 1));
  };
  const values = fractions.map((fraction) => {
    const place = fraction * (total - 1);
    const below = Math.floor(place);
    const low = valueAt(below);
    return place === below ? low : low + (place - below) * (valueAt(below + 1) - low);
  });
  return { values, isExact };
}

/** Index of the first of ascending numbers that is above `bound`. */
function firstAbove(ascending: ArrayLike<number>, bound: number): number {
  let [from, to] = [0, ascending.length];
  while (from < to) {
    const middle = (from + to) >>> 1;
    if ((ascending[middle] ?? 0) > bound) to = middle;
    else from = middle + 1;
  }
  return from;
}
