/** Counts by the value of one label. */
export class Tally {
  readonly #counts: Map<string, number>;

  /**
   * @param labels those shown with 0 from the start: a series that appears with its first event has no rate
   */
  constructor(labels: readonly string[] = []) {
    this.#counts = new Map(labels.map((label) => [label, 0]));
  }

  add(label: string, more = 1): void {
    this.#counts.set(label, (this.#counts.get(label) ?? 0) + more);
  }

  addAll(other: Tally): void {
    for (const [label, count] of other.#counts) this.add(label, count);
  }

  entries(): Iterable<[label: string, count: number]> {
    return this.#counts;
  }
}
