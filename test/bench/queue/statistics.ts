import type { ProcessorSeconds } from "../processors.ts";

/**
 * Measurements by name, one a round; the ways take turns so that a change of the machine's speed hits all of
 * them.
 */
export class Rounds {
  readonly #values = new Map<string, number[]>();

  add(name: string, value: number): void {
    const values = this.#values.get(name);
    if (values) values.push(value);
    else this.#values.set(name, [value]);
  }

  /** What each side took of the processors between two readings, for a thousand of `count`. */
  addProcessors(
    name: string,
    count: number,
    before: ProcessorSeconds | undefined,
    after: ProcessorSeconds | undefined,
  ): void {
    if (!before || !after) return;
    for (const who of ["client", "service", "postgres"] as const)
      this.add(`${name}_${who}_cpu_s`, (after[who] - before[who]) / (count / 1_000));
  }

  /** The median of each. */
  figures(): Record<string, number> {
    return Object.fromEntries([...this.#values].map(([name, values]) => [name, median(values)]));
  }

  /** The median of the ratios of `name` to `base` within each round; undefined unless both were measured. */
  ratio(name: string, base: string): number | undefined {
    const bases = this.#values.get(base);
    const ratios = this.#values.get(name)?.flatMap((value, round) => value / (bases?.[round] ?? Number.NaN));
    return ratios && bases ? median(ratios) : undefined;
  }
}

export function median(numbers: readonly number[]): number {
  return percentile(numbers, 0.5);
}

/** The smallest number that `share` of the numbers do not exceed; NaN of none. */
export function percentile(numbers: readonly number[], share: number): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  return sorted[Math.max(Math.ceil(sorted.length * share) - 1, 0)] ?? Number.NaN;
}

export function mean(numbers: readonly number[]): number {
  return numbers.reduce((sum, value) => sum + value, 0) / numbers.length;
}

/** Runs `task` `total` times, `inFlight` at once, and answers how many it did a second. */
export async function rateOf(total: number, inFlight: number, task: () => Promise<unknown>): Promise<number> {
  let started = 0;
  const startedAt = performance.now();
  const loop = async () => {
    while (started++ < total) await task();
  };
  await Promise.all(Array.from({ length: Math.min(inFlight, total) }, loop));
  return perSecond(total, startedAt);
}

export function perSecond(count: number, startedAt: number): number {
  return count / ((performance.now() - startedAt) / 1000);
}
