import { onTestFailed } from "vitest";

/** What a test draws at random, the same again for the same seed. */
export interface Random {
  /** At least 0, below 1. */
  (): number;
  /** A whole number, at least 0, less than `bound`. */
  below(bound: number): number;
  pick<T>(items: readonly T[]): T;
  shuffle<T>(items: readonly T[]): T[];
  /**
   * Draws of its own for something that runs at the same time, so that it draws the same whoever comes first.
   */
  fork(): Random;
}

/**
 * Random draws for the test that calls it. A test that fails prints the seed; LTB_SEED=… draws the same
 * again.
 */
export function seededRandom(): Random {
  const given = process.env.LTB_SEED;
  const seed = given === undefined ? Math.floor(Math.random() * 2 ** 32) : Number(given);
  onTestFailed(() => console.error(`drawn at random: LTB_SEED=${seed} draws the same`));
  return randomOf(seed);
}

/** Tommy Ettinger's mulberry32. */
export function randomOf(seed: number): Random {
  let state = seed;
  const draw = () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (bound: number) => Math.floor(draw() * bound);
  const pick = <T>(items: readonly T[]): T => {
    if (items.length === 0) throw new Error("nothing to pick from");
    return items[below(items.length)] as T;
  };
  const shuffle = <T>(items: readonly T[]): T[] =>
    items
      .map((item) => ({ item, place: draw() }))
      .sort((a, b) => a.place - b.place)
      .map(({ item }) => item);
  return Object.assign(draw, { below, pick, shuffle, fork: () => randomOf(below(2 ** 32)) });
}
