import type { Message } from "@bufbuild/protobuf";
import { originOf } from "../../auth/access.ts";
import { open, permissionOf } from "../../auth/permissions.ts";
import type { OwnerRule } from "../../auth/rules.ts";
import { fullName } from "../call/call.ts";
import type { Middleware } from "./hooks.ts";

/** Lets in those who may call the method. A method that is in no permission table lets nobody in. */
export const authenticate: Middleware = (method, { access }) => {
  const permission = permissionOf(method);
  // Health and reflection write nothing and need no room: a full server still tells that it is alive.
  if (permission === open && method.parent.typeName.startsWith("grpc.")) return undefined;
  return {
    start({ call }) {
      const entering = permission === open ? access.enterOpen(call) : access.enter(call, permission);
      const act = () => {
        call.scope.origin = originOf(call);
        return undefined;
      };
      return entering ? entering.then(act) : act();
    },
  };
};

/** Checks each decoded request message by the rule that its method has in the permission table. */
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
