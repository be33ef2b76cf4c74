import { setTimeout as sleep } from "node:timers/promises";

/** Wakes whoever waits for something to have changed. */
export class Notifier {
  #waiting = Promise.withResolvers<void>();

  notify(): void {
    this.#waiting.resolve();
    this.#waiting = Promise.withResolvers();
  }

  /** Until the next change, or the abort of the signal. */
  async changed(signal?: AbortSignal): Promise<void> {
    if (signal?.aborted) return;
    const notify = () => this.notify();
    signal?.addEventListener("abort", notify, { once: true });
    await this.#waiting.promise;
    signal?.removeEventListener("abort", notify);
  }

  /** Until the condition holds, which is looked at after each change. @returns whether it does within that time */
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

/** Waits for that long, or until the abort of the signal. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal }).catch(() => undefined);
}
