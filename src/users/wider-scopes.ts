import { Code } from "@connectrpc/connect";
import { ServiceError } from "../errors.ts";

/**
 * Refuses a key that would reach further than the one it is asked for with: made or rotated, its secret is the caller's.
 * @param own scopes of the caller's credential; empty: no limit
 * @param asked scopes of the key; empty: no limit
 * @throws PERMISSION_DENIED
 */
export function refuseFurtherReach(own: readonly string[], asked: readonly string[]): void {
  if (own.length === 0) return;
  const lacking = asked.filter((scope) => !own.includes(scope));
  if (asked.length > 0 && lacking.length === 0) return;
  const what = asked.length > 0 ? `scopes ${lacking.join(", ")}` : "all scopes";
  throw new ServiceError(
    Code.PermissionDenied,
    "SCOPE_EXCEEDED",
    `a key with ${what} cannot be had by a key that is limited to ${own.join(", ")}`,
    { metadata: { scopes: lacking.join(",") } },
  );
}
