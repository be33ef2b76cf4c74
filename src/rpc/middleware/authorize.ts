import type { Message } from "@bufbuild/protobuf";
import type { OwnerRule } from "../../auth/owner-rule.ts";
import { open, permissionOf } from "../../auth/permissions.ts";
import { fullName } from "../call/call.ts";
import type { Middleware } from "./hooks.ts";

/**
 * Checks decoded requests by the rule that the method has in the permission table: each message of a request stream
 * by itself, as it comes.
 */
export const authorize: Middleware = (method, { access: { owners } }) => {
  const permission = permissionOf(method);
  if (!owners || !permission || permission === open || !permission.rule) return undefined;
  // The tables hold it against the method's own request type.
  const rule = permission.rule as OwnerRule<Message>;
  return {
    each(request, { call: { principal } }) {
      if (!principal) throw new Error(`${fullName(method)} was reached without a principal`);
      return principal.role === "admin" ? undefined : rule(request, principal, owners);
    },
  };
};
