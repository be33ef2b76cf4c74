import { Code } from "@connectrpc/connect";
import { ServiceError } from "../../errors.ts";
import { limits } from "../../limits.ts";
import { Waiter } from "../../wait.ts";

interface GateOptions {
  maxWaiting: number;
  maxWaitMs: number;
  /** Makes the error for work without a place. Default: `overloaded`. */
  refusal?: (why: string) => ServiceError;
}

/**
 * Admits at most `places` pieces of work at once. The others wait in order, for a bounded time and in bounded
 * number: Slonik's own queue for connections has neither bound.
 */
export class Gate {
  readonly #options: Required<GateOptions>;
  readonly #waiters = new Set<Waiter<void>>();
  #free: number;

  constructor(places: number, options: GateOptions) {
    this.#free = places;
    this.#options = { refusal: overloaded, ...options };
  }

  get waiting(): number {
    return this.#waiters.size;
  }

  /**
   * Runs `work` once there is a place.
   * @throws RESOURCE_EXHAUSTED where there is none in time; `work` is not run then
   */
  async pass<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    if (this.#free > 0) this.#free--;
    else await this.#wait(signal);
    try {
      return await work();
    } finally {
      this.#leave();
    }
  }

  #leave(): void {
    const [next] = this.#waiters;
    if (next) next.resolve();
    else this.#free++;
  }

  #wait(signal: AbortSignal | undefined): Promise<void> {
    const { maxWaiting, maxWaitMs, refusal } = this.#options;
    if (this.#waiters.size >= maxWaiting) throw refusal(`${maxWaiting} calls already wait`);
    const waiter = new Waiter<void>({
      onTimeout: () => waiter.reject(refusal(`no place became free within ${maxWaitMs} ms`)),
      onEnd: () => this.#waiters.delete(waiter),
    });
    this.#waiters.add(waiter);
    return waiter.wait(signal, maxWaitMs);
  }
}

/** The error of a call that finds no connection in time. */
export function overloaded(why: string): ServiceError {
  return new ServiceError(Code.ResourceExhausted, "OVERLOADED", `too many calls for the database: ${why}`, {
    retryAfterMs: limits.databaseRetryMs,
  });
}
