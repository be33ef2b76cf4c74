import { setTimeout as sleep } from "node:timers/promises";
import { isAway } from "./errors.ts";

interface Options {
  /** For how long a database that went away is waited for, in milliseconds from the first call. */
  timeoutMs: number;
  /** Gives up the wait. */
  signal?: AbortSignal | undefined;
  /** Told of the first failure. */
  onAway?: (error: unknown) => void;
}

/**
 * Does `work` again when the database went away in the middle of it: it was restarted, or another took its place. `work` must be safe to begin again.
 * @throws what `work` failed with, at once where waiting would not help
 */
export async function patiently<T>(
  work: () => Promise<T>,
  { timeoutMs, signal, onAway }: Options,
): Promise<T> {
  let isTold = false;
  const giveUpAt = Date.now() + timeoutMs;
  for (let delayMs = 50; ; delayMs = Math.min(delayMs * 2, 1_000)) {
    try {
      return await work();
    } catch (error) {
      if (signal?.aborted || !isAway(error) || Date.now() + delayMs > giveUpAt) throw error;
      if (!isTold) onAway?.(error);
      isTold = true;
      // Whoever aborts has been answered by then.
      await sleep(delayMs, undefined, { signal }).catch(() => undefined);
    }
  }
}
