/**
 * The pause before repetition number `attempt`, from 1 on, in milliseconds. It doubles up to `maxMs`, less a
 * random part of up to a half, so that callers that failed together do not come back together.
 */
export function backoffMs(attempt: number, firstMs: number, maxMs: number): number {
  return Math.min(maxMs, firstMs * 2 ** (attempt - 1)) * (0.5 + Math.random() / 2);
}
