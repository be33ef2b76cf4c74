import type { Call } from "../rpc/call/call.ts";

/**
 * Whose things a change of all that matches may reach: the caller's own, unless it is an admin or nobody is authenticated (undefined:
 * everybody's). Changes of a single thing are refused by its rule instead.
 */
export function onlyCreatedBy({ principal }: Call): string | undefined {
  return principal && principal.role !== "admin" ? principal.userId : undefined;
}
