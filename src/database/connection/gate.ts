import { Code } from "@connectrpc/connect";
import { ServiceError } from "../../errors.ts";
import { limits } from "../../limits.ts";
import { Waiter } from "../../wait.ts";

interface GateOptions {
  maxWaiting: number;
  maxWaitMs: number;
  /** So many places are only for work that goes first. Default: 0. */
  kept?: number;
  /** Makes the error for work without a place. Default: `overloaded`. */
  refusal?: (why: string) => ServiceError;
}

/**
 * Admits at most `places` pieces of work at once. The others wait in order, for a bounded time and in bounded
 * number: Slonik's own queue for connections has neither bound. Work that goes first waits in a line of its
 * own, which is served before the other.
 */
export class Gate {
  readonly #options: Required<GateOptions>;
  readonly #first = new Set<Waiter<void>>();
  readonly #others = new Set<Waiter<void>>();
  #free: number;

  constructor(places: number, options: GateOptions) {
    this.#free = places;
    this.#options = { refusal: overloaded, kept: 0, ...options };
  }

  get waiting(): number {
    return this.#first.size + this.#others.size;
  }

  /**
   * Runs `work` once there is a place.
   * @param goesFirst whether it may take the places that are kept, and goes before the others
   * @throws RESOURCE_EXHAUSTED where there is none in time; `work` is not run then
   */
  async pass<T>(work: () => Promise<T>, signal?: AbortSignal, goesFirst = false): Promise<T> {
    if (this.#free > (goesFirst ? 0 : this.#options.kept)) this.#free--;
    else await this.#wait(goesFirst ? this.#first : this.#others, signal);
    try {
      return await work();
    } finally {
      this.#leave();
    }
  }

  #leave(): void {
    const mayOthers = this.#free >= this.#options.kept;
    const [next] = this.#first.size > 0 || !mayOthers ? this.#first : this.#others;
    if (next) next.resolve();
    else this.#free++;
  }

  #wait(line: Set<Waiter<void>>, signal: AbortSignal | undefined): Promise<void> {
    const { maxWaiting, maxWaitMs, refusal } = this.#options;
    if (line.size >= maxWaiting) throw refusal(`${maxWaiting} calls already wait`);
    const waiter = new Waiter<void>({
      onTimeout: () => waiter.reject(refusal(`no place became free within ${maxWaitMs} ms`)),
      onEnd: () => line.delete(waiter),
    });
    line.add(waiter);
    return waiter.wait(signal, maxWaitMs);
  }
}

/** The error of a call that finds no connection in time. */
export function overloaded(why: string): ServiceError {
  return new ServiceError(Code.ResourceExhausted, "OVERLOADED", `too many calls for the database: ${why}`, {
    retryAfterMs: limits.databaseRetryMs,
  });
}
