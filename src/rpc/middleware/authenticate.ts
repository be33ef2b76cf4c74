import { originOf } from "../../auth/access.ts";
import { open, permissionOf } from "../../auth/permissions.ts";
import type { Middleware } from "./hooks.ts";

/**
 * Lets in those who may call the method, and runs the rest on their behalf. A method that is in no permission table
 * lets nobody in; health and reflection let in everybody.
 */
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
