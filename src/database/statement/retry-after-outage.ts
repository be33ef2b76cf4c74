import { setTimeout as sleep } from "node:timers/promises";
import { backoffMs } from "../../backoff.ts";
import { limits } from "../../limits.ts";
import { isAway } from "./errors.ts";

interface Options {
  /** How long a database that went away is waited for, in milliseconds from the first call. */
  timeoutMs: number;
  /** Gives up the wait. */
  signal?: AbortSignal | undefined;
  /** Called with the first failure. */
  onAway?: (error: unknown) => void;
}

/**
 * Does `work` again when the database went away in the middle of it: it was restarted, or another took its
 * place. `work` must be safe to begin again.
 * @throws what `work` failed with, at once where waiting would not help
 */
export async function retryAfterOutage<T>(
  work: () => Promise<T>,
  { timeoutMs, signal, onAway }: Options,
): Promise<T> {
  const giveUpAt = Date.now() + timeoutMs;
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      const pauseMs = backoffMs(attempt, limits.outagePauseFirstMs, limits.outagePauseMs);
      if (signal?.aborted || !isAway(error) || Date.now() + pauseMs > giveUpAt) throw error;
      if (attempt === 1) onAway?.(error);
      // A caller that aborts has been answered by then.
      await sleep(pauseMs, undefined, { signal }).catch(() => undefined);
    }
  }
}
