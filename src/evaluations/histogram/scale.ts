import type { Histogram } from "../rollups/histogram.ts";

/** Steps below this share of the largest magnitude, or below the least number, would be lost in rounding. */
const [resolution, leastStep] = [1e-12, 1e-290];

/**
 * Bounds of at most `most` bins, 2 or more, around all values from `min` to `max`: multiples of 1, 2 or 5
 * times a power of ten. Each is the double nearest to its decimal, so that 0.3 is in the bin that begins at
 * 0.3.
 */
export function edgesOf(min: number, max: number, most: number): number[] {
  const width = max > min ? (max - min) / most : 1;
  const least = Math.max(width, resolution * Math.max(Math.abs(min), Math.abs(max)), leastStep);
  for (let power = Math.floor(Math.log10(least)); ; power++) {
    for (const factor of [1, 2, 5]) {
      const edge = (k: number) => (power < 0 ? (k * factor) / 10 ** -power : k * factor * 10 ** power);
      const step = edge(1);
      if (step < least * 0.999_999) continue;
      let first = Math.floor(min / step);
      while (edge(first) > min) first--;
      while (edge(first + 1) <= min) first++;
      let last = Math.max(first + 1, Math.floor(max / step));
      while (edge(last) < max) last++;
      if (last - first > most) continue;
      return Array.from({ length: last - first + 1 }, (_, bin) => edge(first + bin));
    }
  }
}

/** The different values of histograms, if they are known and at most `most`. */
export function fewValues(histograms: readonly Histogram[], most: number): number[] | undefined {
  const values = new Set<number>();
  for (const { lows, highs } of histograms)
    for (let bin = 0; bin < lows.length; bin++) {
      if (lows[bin] !== highs[bin]) return undefined;
      values.add(lows[bin] ?? 0);
      if (values.size > most) return undefined;
    }
  return [...values].sort((a, b) => a - b);
}

/** How many values of a histogram are each of these. */
export function countValues({ counts, lows }: Histogram, values: readonly number[]): number[] {
  const found = values.map(() => 0);
  for (let bin = 0; bin < counts.length; bin++) {
    const place = values.indexOf(lows[bin] ?? 0);
    found[place] = (found[place] ?? 0) + (counts[bin] ?? 0);
  }
  return found;
}

/**
 * How many values are from each edge on and below the next, or at the last. Those of a range that lies on
 * both sides of an edge are taken to be spread evenly, as in `percentiles`; then the counts are not exact.
 */
export function rebin({ counts, lows, highs }: Histogram, edges: readonly number[]) {
  const last = edges.length - 2;
  const found = new Array<number>(Math.max(0, last + 1)).fill(0);
  const add = (bin: number, count: number) => {
    found[bin] = (found[bin] ?? 0) + count;
  };
  let isExact = true;
  for (let range = 0; range < counts.length; range++) {
    const [count = 0, low = 0, high = low] = [counts[range], lows[range], highs[range]];
    let bin = placeOf(low, edges, last);
    const end = placeOf(high, edges, last);
    if (bin < end && count > 2) isExact = false;
    let counted = 0;
    for (; bin < end; bin++) {
      const edge = edges[bin + 1] ?? high;
      const below = Math.min(count - 1, Math.ceil(((edge - low) / (high - low)) * (count - 1)));
      add(bin, below - counted);
      counted = below;
    }
    add(end, count - counted);
  }
  return { counts: found, isExact };
}

/** The bin of a value: that of the greatest edge which is not above it. */
function placeOf(value: number, edges: readonly number[], last: number): number {
  let [from, to] = [0, last];
  while (from < to) {
    const middle = (from + to + 1) >>> 1;
    if ((edges[middle] ?? 0) <= value) from = middle;
    else to = middle - 1;
  }
  return from;
}
