/**
 * The pause before repetition number `attempt`, from 1 on, in milliseconds: it doubles with each up to `maxMs`. It is
 * random, between half of that and all of it, so that those that failed together do not come back together.
 */
export function backoffMs(attempt: number, firstMs: number, maxMs: number): number {
  return Math.min(maxMs, firstMs * 2 ** (attempt - 1)) * (0.5 + Math.random() / 2);
}
