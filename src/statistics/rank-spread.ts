/** The place of one among many. */
export interface Placing {
  /** Position by merit, from 1. Equal merits share a position. */
  rank: number;
  /** Best rank that the intervals allow: 1 + the number of those whose whole interval is above this one's. */
  rankLow: number;
  /** Worst rank that the intervals allow: all, less those whose whole interval is below this one's. */
  rankHigh: number;
  /** First and last of the bands that it stands in, from 1; undefined without an interval. */
  band: number | undefined;
  bandLast: number | undefined;
}

/**
 * Ranks by merit, highest first, with the range of ranks that the confidence intervals leave open.
 *
 * Two merits are significantly apart if their intervals do not overlap. For intervals of 95 % that is
 * stricter than a test of the two at 5 % (Schenker and Gentleman, The American Statistician 55(3), 2001; 0.6
 * % if the standard errors are equal and the samples independent). A paired t-test of as many samples finds
 * whatever it finds, since a difference never deviates more than both sides together. Many comparisons at
 * once need such strictness, although it is no correction for their number. The possible ranks are those of
 * Klein, Wright and Wieczorek (JRSS C 69(3), 2020); the best of them is the rank that Chatbot Arena shows
 * (Chiang et al., arXiv:2403.04132). A merit without an interval is apart from none.
 *
 * Bands are the groups of a letter display (Piepho, Journal of Computational and Graphical Statistics 13(2),
 * 2004): the largest sets in which no two are significantly apart. Bands overlap. Two merits share a band if
 * and only if they are not significantly apart.
 *
 * It costs two sorts, and a few binary searches for each place.
 * @param merits all merits, ascending
 * @param lows lower ends of all intervals, in any order; NaN where there is none
 * @param highs upper ends
 */
export function rankSpread(
  merits: Float64Array,
  lows: Float64Array,
  highs: Float64Array,
): (merit: number, low: number, high: number) => Placing {
  const bottoms = sortedNumbers(lows);
  const tops = sortedNumbers(highs);
  // The largest sets of intervals that overlap all share a point: the highest of their lower ends. It is the
  // last one below an upper end.
  let top = 0;
  const points = bottoms.filter((low, i) => {
    while ((tops[top] ?? low) < low) top++;
    return (bottoms[i + 1] ?? Number.POSITIVE_INFINITY) > (tops[top] ?? low);
  });
  return (merit, low, high) => {
    const rank = 1 + merits.length - countUpTo(merits, merit);
    if (Number.isNaN(low))
      return { rank, rankLow: 1, rankHigh: merits.length, band: undefined, bandLast: undefined };
    return {
      rank,
      rankLow: 1 + bottoms.length - countUpTo(bottoms, high),
      rankHigh: merits.length - countBelow(tops, low),
      band: 1 + points.length - countUpTo(points, high),
      bandLast: points.length - countBelow(points, low),
    };
  };
}

/** Ascending, without NaN. */
function sortedNumbers(values: Float64Array): Float64Array {
  const sorted = values.toSorted();
  const firstNaN = sorted.findIndex(Number.isNaN);
  return firstNaN < 0 ? sorted : sorted.subarray(0, firstNaN);
}

/** Counts the ascending values below `value`. */
export function countBelow(sorted: Float64Array, value: number): number {
  return firstIndex(sorted, (other) => other >= value);
}

/** Counts the ascending values that are `value` or below. */
export function countUpTo(sorted: Float64Array, value: number): number {
  return firstIndex(sorted, (other) => other > value);
}

/** Finds by bisection the first index whose value is reached; the length if none is. */
function firstIndex(sorted: Float64Array, isReached: (value: number) => boolean): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (isReached(sorted[middle] ?? Number.NaN)) high = middle;
    else low = middle + 1;
  }
  return low;
}
