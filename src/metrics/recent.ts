import { runWithin } from "../wait.ts";

/**
 * Makes a function that reads a value at most every `ageMs` and answers all who ask in between with it.
 * Undefined where reading fails or takes longer than `timeoutMs`, which is not tried again sooner either.
 */
export function keepRecent<Value>(
  read: () => Promise<Value>,
  { ageMs, timeoutMs }: { ageMs: number; timeoutMs: number },
): () => Promise<Value | undefined> {
  let value: Promise<Value | undefined> | undefined;
  let readAt = Number.NEGATIVE_INFINITY;
  return () => {
    const now = performance.now();
    if (value === undefined || now - readAt >= ageMs) {
      readAt = now;
      value = runWithin(timeoutMs, read).catch(() => undefined);
    }
    return value;
  };
}
