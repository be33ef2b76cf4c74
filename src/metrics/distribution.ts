/** Counts values by their size: a histogram in the words of Prometheus. */
export class Distribution {
  /** Upper bounds, ascending; a value belongs to the first that it does not exceed. */
  readonly bounds: readonly number[];
  /** Numbers of values of each bound, and beyond the last one. */
  readonly counts: Float64Array;
  sum = 0;
  count = 0;

  /** @param bounds none: only count and sum are kept */
  constructor(bounds: readonly number[] = []) {
    this.bounds = bounds;
    this.counts = new Float64Array(bounds.length + 1);
  }

  observe(value: number): void {
    const { bounds, counts } = this;
    let place = 0;
    while (place < bounds.length && value > (bounds[place] as number)) place++;
    counts[place] = (counts[place] as number) + 1;
    this.sum += value;
    this.count++;
  }

  /** Adds the values of another distribution with the same bounds. */
  add({ counts, sum, count }: Distribution): void {
    for (const [place, more] of counts.entries()) this.counts[place] = (this.counts[place] as number) + more;
    this.sum += sum;
    this.count += count;
  }
}

/** Seconds from half a millisecond to a minute: calls wait up to 30 s for a job. */
export const secondsBounds = [
  0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60,
] as const;
