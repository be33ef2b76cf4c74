import { AsyncLocalStorage } from "node:async_hooks";

/** Anything that can hand out the signal of the call it stands for; asked only when a query is about to run. */
export interface SignalSource {
  readonly signal: AbortSignal;
  /** True for work that must not wait behind that of callers: it has a connection of its own to fall back on. At most one at a time. */
  readonly urgent?: boolean;
}

const current = new AsyncLocalStorage<SignalSource | undefined>();

/**
 * Runs `fn` so that every query it starts is cancelled in PostgreSQL once the signal aborts.
 * The context carries it rather than a parameter, so that no repository or handler can forget to pass it on.
 */
export function withSignal<T>(source: SignalSource, fn: () => T): T {
  return current.run(source, fn);
}

const outside = AsyncLocalStorage.snapshot();

/** Runs `fn` bound to no caller and to no transaction of a caller's: for work that several callers share. */
export function withoutSignal<T>(fn: () => T): T {
  return outside(fn);
}

export function isUrgent(): boolean {
  return current.getStore()?.urgent === true;
}

export function currentSignal(): AbortSignal | undefined {
  return current.getStore()?.signal;
}
