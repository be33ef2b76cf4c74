import { Code } from "@connectrpc/connect";
import { ServiceError } from "../errors.ts";

/** The scopes that limit a key within its user's role; without any it has no limit. GetInfo lists them. */
export const scopes = [
  /** Benchmarks and evaluations, with their statistics. */
  "benchmarks:read",
  "benchmarks:write",
  /** Storing, re-scoring and deleting evaluations. */
  "evaluations:write",
  "jobs:read",
  /** Creating, cancelling, retrying and deleting jobs. */
  "jobs:write",
  /** The work of a worker process: registering, heartbeats, claiming and ending jobs. */
  "jobs:work",
  /** Limits, pauses and cleanup of the queue. */
  "queue:write",
  "workers:read",
  /** Draining and removing workers. */
  "workers:write",
  "users:read",
  "users:write",
  "keys:read",
  "keys:write",
  "audit:read",
  "audit:write",
  /** Figures of the service. */
  "system:read",
] as const;

export type Scope = (typeof scopes)[number];

/**
 * Refuses to make or rotate a key with wider scopes than the caller's own: the caller gets its secret.
 * @param own scopes of the caller's credential; empty: no limit
 * @param asked scopes of the key; empty: no limit
 * @throws PERMISSION_DENIED
 */
export function refuseWiderScopes(own: readonly string[], asked: readonly string[]): void {
  if (own.length === 0) return;
  const lacking = asked.filter((scope) => !own.includes(scope));
  if (asked.length > 0 && lacking.length === 0) return;
  const what = asked.length > 0 ? `scopes ${lacking.join(", ")}` : "all scopes";
  const message = `a key with ${what} cannot be had by a key that is limited to ${own.join(", ")}`;
  const metadata = { scopes: lacking.join(",") };
  throw new ServiceError(Code.PermissionDenied, "SCOPE_EXCEEDED", message, { metadata });
}
