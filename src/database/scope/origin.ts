import { AsyncLocalStorage } from "node:async_hooks";

/** On whose behalf something is written: kept with every entry of the audit log. */
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

/** Of what nobody called for: maintenance, and programs that use the database themselves without saying who they are. */
export const serviceOrigin: Origin = { actor: "service" };

const current = new AsyncLocalStorage<Origin>();

/**
 * Runs `fn` so that what it writes is recorded as done by `origin`.
 * The context carries it rather than a parameter, so that no change can forget to say who made it.
 */
export function withOrigin<T>(origin: Origin, fn: () => T): T {
  return current.run(origin, fn);
}

/** Who acts now. Writes that callers share ask for it when each item comes in, not when they run. */
export function currentOrigin(): Origin | undefined {
  return current.getStore();
}
