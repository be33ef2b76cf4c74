import { AsyncLocalStorage } from "node:async_hooks";
import { activeTracing, type SpanPlace } from "../../tracing/tracing.ts";
import { currentOrigin } from "./origin.ts";

/** A call that waits for a statement: for the log and for traces. */
export interface Caller {
  readonly requestId: string | undefined;
  readonly place: SpanPlace | undefined;
}

const sharing = new AsyncLocalStorage<readonly Caller[]>();

/** The call that runs now. */
export function currentCaller(): Caller {
  return { requestId: currentOrigin()?.requestId, place: activeTracing()?.place() };
}

/** Runs `work` on behalf of several calls, which it is bound to none of. */
export function onBehalfOf<T>(callers: readonly Caller[], work: () => T): T {
  return sharing.run(callers, work);
}

/** The calls that share what runs now; undefined where it belongs to one. */
export function currentCallers(): readonly Caller[] | undefined {
  return sharing.getStore();
}
