import { setTimeout as sleep } from "node:timers/promises";

/** Wakes those that wait for a change. */
export class Notifier {
  #waiting = Promise.withResolvers<void>();

  notify(): void {
    this.#waiting.resolve();
    this.#waiting = Promise.withResolvers();
  }

  /** Waits until the next change, or the abort of the signal. */
  async changed(signal?: AbortSignal): Promise<void> {
    if (signal?.aborted) return;
    const notify = () => this.notify();
    signal?.addEventListener("abort", notify, { once: true });
    await this.#waiting.promise;
    signal?.removeEventListener("abort", notify);
  }

  /**
   * Waits until the condition holds, which is checked after each change.
   * @returns whether it does within that time
   */
  async until(condition: () => boolean, timeoutMs: number): Promise<boolean> {
    let over = false;
    const timer = setTimeout(() => {
      over = true;
      this.notify();
    }, timeoutMs);
    while (!condition() && !over) await this.changed();
    clearTimeout(timer);
    return condition();
  }
}

/** Waits for that time, or until the abort of the signal. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal }).catch(() => undefined);
}
