import { setImmediate as turn } from "node:timers/promises";
import { cancelled } from "../errors.ts";
import type { Moments } from "./moments.ts";

/** A part of a sample: the number of values, and their sum. A single value is a block of one. */
export type Block = Pick<Moments, "count" | "sum">;

/** Number of draws between two turns of the event loop, which takes some milliseconds. */
const drawsPerTurn = 500_000;

/**
 * Computes the 95 % percentile bootstrap interval of a mean (Efron and Tibshirani, An Introduction to the
 * Bootstrap, 13.3). It draws blocks with replacement, as many as there are, and gives the event loop its
 * turns.
 * @param blocks 2 or more, of about the same count
 * @param resamples 1 or more
 * @param seed the same seed gives the same interval
 * @param signal ends it at the next turn
 * @throws CANCELLED, or why the call was stopped
 */
export async function bootstrapMean(
  blocks: readonly Block[],
  resamples: number,
  seed: number,
  signal?: AbortSignal,
): Promise<{ low: number; high: number }> {
  const counts = Float64Array.from(blocks, ({ count }) => count);
  const sums = Float64Array.from(blocks, ({ sum }) => sum);
  const means = new Float64Array(resamples);
  const next = random(seed);
  let draws = 0;
  for (let resample = 0; resample < resamples; resample++) {
    let count = 0;
    let sum = 0;
    for (let i = 0; i < sums.length; i++) {
      const drawn = Math.floor(next() * sums.length);
      count += counts[drawn] as number;
      sum += sums[drawn] as number;
    }
    means[resample] = sum / count;
    draws += sums.length;
    if (draws >= drawsPerTurn) {
      draws = 0;
      await turn();
      if (signal?.aborted) throw cancelled(signal);
    }
  }
  means.sort();
  return { low: quantile(means, 0.025), high: quantile(means, 0.975) };
}

/** Computes a quantile by linear interpolation (type 7 of Hyndman and Fan 1996). */
function quantile(sorted: Float64Array, p: number): number {
  const position = p * (sorted.length - 1);
  const below = Math.floor(position);
  const low = sorted[below] as number;
  return low + (position - below) * ((sorted[below + 1] ?? low) - low);
}

/** Makes a generator of uniform 32-bit numbers in [0, 1): sfc32 of PractRand, which passes BigCrush. */
function random(seed: number): () => number {
  let a = 0;
  let b = seed | 0;
  let c = 0x9e3779b9;
  let counter = 1;
  const draw = () => {
    const result = (a + b + counter++) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + result;
    c |= 0;
    return (result >>> 0) / 2 ** 32;
  };
  for (let i = 0; i < 15; i++) draw();
  return draw;
}
