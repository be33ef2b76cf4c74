import { withSignal } from "./call-scope.ts";
import { cancelled } from "./errors.ts";

interface WaiterHooks<T> {
  /** Ends the wait when the signal aborts. Default: rejects with the error of a call that was cancelled. */
  onAbort?: (waiter: Waiter<T>, signal: AbortSignal) => void;
  /** Called when the time is over. */
  onTimeout?: (waiter: Waiter<T>) => void;
  /** Called at the end of the wait, whatever brought it, to forget the waiter where it was kept. */
  onEnd?: (waiter: Waiter<T>) => void;
}

/** A wait that others end, unless a signal or the time does. It leaves neither listener nor timer behind. */
export class Waiter<T> {
  readonly #hooks: WaiterHooks<T>;
  readonly #end = Promise.withResolvers<T>();
  #timer: NodeJS.Timeout | undefined;
  #signal: AbortSignal | undefined;
  #abort: (() => void) | undefined;
  #isOver = false;

  constructor(hooks: WaiterHooks<T> = {}) {
    this.#hooks = hooks;
  }

  /** Begins to wait. The waiter has to be where others find it by then. */
  wait(signal: AbortSignal | undefined, timeoutMs?: number): Promise<T> {
    const { onAbort, onTimeout } = this.#hooks;
    if (timeoutMs !== undefined) this.#timer = setTimeout(() => onTimeout?.(this), timeoutMs);
    if (signal) {
      this.#signal = signal;
      this.#abort = () => (onAbort ? onAbort(this, signal) : this.reject(cancelled(signal)));
      if (signal.aborted) this.#abort();
      else signal.addEventListener("abort", this.#abort, { once: true });
    }
    return this.#end.promise;
  }

  /** Answers whether anybody still waited for it. */
  resolve(value: T): boolean {
    const isAwaited = !this.#isOver;
    this.#leave();
    this.#end.resolve(value);
    return isAwaited;
  }

  reject(error: unknown): void {
    this.#leave();
    this.#end.reject(error);
  }

  #leave(): void {
    this.#isOver = true;
    clearTimeout(this.#timer);
    if (this.#abort) this.#signal?.removeEventListener("abort", this.#abort);
    this.#hooks.onEnd?.(this);
  }
}

/** Waits for the promise as long as `signal` and `timeoutMs` allow. The promise goes on by itself. */
export function waitFor<T>(
  promise: Promise<T>,
  { signal, timeoutMs, ...hooks }: WaiterHooks<T> & { signal?: AbortSignal | undefined; timeoutMs?: number },
): Promise<T> {
  const waiter = new Waiter<T>(hooks);
  promise.then(
    (value) => waiter.resolve(value),
    (error: unknown) => waiter.reject(error),
  );
  return waiter.wait(signal, timeoutMs);
}

/**
 * Runs `work`, whose queries are cancelled after `timeoutMs`, and waits no longer than that: a database out
 * of reach does not even answer that it has stopped a query.
 * @param options.late what is thrown after that time. Default: CANCELLED
 */
export function runWithin<T>(
  timeoutMs: number,
  work: () => Promise<T>,
  { urgent = false, late = cancelled }: { urgent?: boolean; late?: (signal: AbortSignal) => unknown } = {},
): Promise<T> {
  const signal = AbortSignal.timeout(timeoutMs);
  return waitFor(withSignal({ signal, urgent }, work), {
    signal,
    onAbort: (waiter) => waiter.reject(late(signal)),
  });
}
