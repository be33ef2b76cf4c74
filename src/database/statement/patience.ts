import { setTimeout as sleep } from "node:timers/promises";
import { backoffMs } from "../../backoff.ts";
import { limits } from "../../limits.ts";
import type { Log } from "../../log.ts";
import { messageOf } from "../../thrown.ts";
import { isAway } from "./errors.ts";

/** How long a database that is away is waited for: one bound over all the steps that share it. */
export class Patience {
  readonly #timeoutMs: number;
  readonly #startedAt = performance.now();
  readonly #log: Log | undefined;
  readonly #signal: AbortSignal | undefined;
  #toldAt = Number.NEGATIVE_INFINITY;

  /**
   * @param timeoutMs milliseconds from now on; 0: nothing is tried twice
   * @param options.log told what is waited for, at once and then every few seconds
   * @param options.signal gives up the wait
   */
  constructor(timeoutMs: number, { log, signal }: { log?: Log; signal?: AbortSignal | undefined } = {}) {
    this.#timeoutMs = timeoutMs;
    this.#log = log;
    this.#signal = signal;
  }

  get #leftMs(): number {
    return this.#startedAt + this.#timeoutMs - performance.now();
  }

  /** How long one try may take that by itself could take `mostMs`. */
  attemptMs(mostMs: number): number {
    return this.#timeoutMs === 0 ? mostMs : Math.min(mostMs, Math.max(this.#leftMs, limits.outagePauseMs));
  }

  /**
   * Does `work` again when the database was away: it was restarted in the middle of it, or is not there yet.
   * `work` must be safe to begin again.
   * @param silence what is told of a try that has not ended after some seconds. Default: nothing, as `work`
   * may rightly take long
   * @throws what `work` failed with, at once where waiting would not help
   */
  async retry<T>(work: () => Promise<T>, silence?: string): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#watch(work, silence);
      } catch (error) {
        const pauseMs = backoffMs(attempt, limits.outagePauseFirstMs, limits.outagePauseMs);
        if (this.#signal?.aborted || !isAway(error) || pauseMs > this.#leftMs) throw error;
        this.#tell(messageOf(error));
        // A caller that aborts has been answered by then.
        await sleep(pauseMs, undefined, { signal: this.#signal }).catch(() => undefined);
      }
    }
  }

  async #watch<T>(work: () => Promise<T>, silence: string | undefined): Promise<T> {
    if (silence === undefined) return work();
    const timer = setInterval(() => this.#tell(silence), limits.outageToldMs);
    try {
      return await work();
    } finally {
      clearInterval(timer);
    }
  }

  #tell(what: string): void {
    const now = performance.now();
    if (now - this.#toldAt < limits.outageToldMs) return;
    this.#toldAt = now;
    const left = Math.max(0, Math.ceil(this.#leftMs / 1000));
    this.#log?.warn({}, `waiting for the database, for ${left} s more (LTB_STARTUP_TIMEOUT): ${what}`);
  }
}
