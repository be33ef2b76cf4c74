import { AsyncLocalStorage } from "node:async_hooks";
import { limits } from "./limits.ts";
import type { Span, SpanPlace } from "./tracing/tracing.ts";

/** Anything that can give the signal of a call; asked only when a query is about to run. */
export interface SignalSource {
  readonly signal: AbortSignal;
  /** True for work that must not wait behind callers': it has one connection of its own to fall back on. */
  readonly urgent?: boolean;
  /** Each statement is stopped after this time. Default: `limits.statementMs`. */
  readonly statementMs?: number;
}

/** The actor that something is written for; it is kept with every entry of the audit log. */
export interface Origin {
  /** The user who acts; unset for the service itself and where authentication is off. */
  readonly userId?: string | undefined;
  /** Id of the API key that the user acts with. */
  readonly keyId?: string | undefined;
  /** The actor's name as it is now: a username, a worker or a program. */
  readonly actor?: string | undefined;
  readonly ipAddress?: string | undefined;
  readonly userAgent?: string | undefined;
  /** Id of the call, as its caller and the log know it. */
  readonly requestId?: string | undefined;
}

/** The origin of maintenance, and of programs that use the database without saying who they are. */
export const serviceOrigin: Origin = { actor: "service" };

/** The database that ran the statements of a piece of work: `primary` as soon as it ran one of them. */
export interface ReadFrom {
  from?: "primary" | "replica";
}

/** A call that waits for a statement: for the log and for traces. */
export interface Caller {
  readonly requestId: string | undefined;
  readonly place: SpanPlace | undefined;
}

/** All that work knows of its call. The context carries it, so that nobody can forget to pass it on. */
export interface CallScope {
  /** Gives the signal that cancels the queries in PostgreSQL. */
  source?: SignalSource;
  origin?: Origin;
  /** Set where a replica may answer the statements. */
  replica?: ReadFrom;
  /** The parent of the statements' spans, where calls are traced. */
  span?: Span;
  /** Set for work that several calls share, which then has no other field. */
  callers?: readonly Caller[];
}

const current = new AsyncLocalStorage<CallScope>();
const outside = AsyncLocalStorage.snapshot();

/** Runs `work` in `scope`, whose fields take effect whenever they are set. */
export function enterScope<T>(scope: CallScope, work: () => T): T {
  return current.run(scope, work);
}

/** Runs `work` in no scope and in no transaction of a caller's: for work that several callers share. */
export function withoutScope<T>(work: () => T): T {
  return onBehalfOf([], work);
}

/** Runs `work` so that every query it starts is cancelled in PostgreSQL once the signal aborts. */
export function withSignal<T>(source: SignalSource, work: () => T): T {
  return current.run({ ...current.getStore(), source }, work);
}

/** Runs `work` so that what it writes is recorded as done by `origin`. */
export function withOrigin<T>(origin: Origin, work: () => T): T {
  return current.run({ ...current.getStore(), origin }, work);
}

/** Runs `work`, which only reads, so that a replica may answer; notes in `replica` who did. */
export function readFromReplica<T>(replica: ReadFrom, work: () => T): T {
  return current.run({ ...current.getStore(), replica }, work);
}

/** Runs `work` on behalf of several calls. It belongs to none of them, so no signal of theirs ends it. */
export function onBehalfOf<T>(callers: readonly Caller[], work: () => T): T {
  return outside(() => current.run({ callers }, work));
}

export function currentSignal(): AbortSignal | undefined {
  return current.getStore()?.source?.signal;
}

/** How long a statement may take that runs now; one that others wait behind takes less. */
export function currentStatementMs(): number {
  const scope = current.getStore();
  const mostMs = scope?.callers ? limits.sharedStatementMs : limits.statementMs;
  return scope?.source?.statementMs ?? mostMs;
}

export function isUrgent(): boolean {
  return current.getStore()?.source?.urgent === true;
}

/** Whether what runs now is a call's own, and neither shared by several nor the service's, as upkeep is. */
export function isOfOneCall(): boolean {
  return current.getStore()?.origin?.requestId !== undefined;
}

/** The origin of what is written now. Shared writes ask for it when each item comes in, not when they run. */
export function currentOrigin(): Origin | undefined {
  return current.getStore()?.origin;
}

export function currentReadFrom(): ReadFrom | undefined {
  return current.getStore()?.replica;
}

/** The call that runs now. */
export function currentCaller(): Caller {
  const scope = current.getStore();
  return { requestId: scope?.origin?.requestId, place: scope?.span?.place };
}

/** The calls that share what runs now; undefined where it belongs to one. */
export function currentCallers(): readonly Caller[] | undefined {
  return current.getStore()?.callers;
}
