import type { DescMethod, Message } from "@bufbuild/protobuf";
import { originOf } from "../../auth/access.ts";
import { open, permissionOf } from "../../auth/permissions.ts";
import type { OwnerRule } from "../../auth/rules.ts";
import { invalidField } from "../../errors.ts";
import { limits } from "../../limits.ts";
import { fullName } from "../call/call.ts";
import type { RpcHost } from "../call/host.ts";
import type { Middleware } from "./hooks.ts";

/** The bytes that a request of the method may have: few where anybody may send it. */
export function requestBytes(method: DescMethod, { maxMessageBytes }: RpcHost): number {
  const isOpen = permissionOf(method) === open;
  return isOpen ? Math.min(limits.openRequestBytes, maxMessageBytes) : maxMessageBytes;
}

/** Lets in those who may call the method. A method that is in no permission table lets nobody in. */
export const authenticate: Middleware = (method, { access, connections: { strangers } }) => {
  const permission = permissionOf(method);
  const isStream = method.methodKind !== "unary";
  // Health and reflection write nothing and need no room: a full server still tells that it is alive.
  const needsRoom = !method.parent.typeName.startsWith("grpc.");
  return {
    start({ call }) {
      const entering =
        permission === open
          ? access.enterOpen(call, { isStream, needsRoom })
          : access.enter(call, permission);
      const act = () => {
        if (permission !== open) for (const each of strangers) each.delete(call.peer);
        call.scope.origin = originOf(call);
        return undefined;
      };
      return entering ? entering.then(act) : act();
    },
  };
};

/**
 * Refuses long lists before anything is made of their items. What a method takes of a list is less, and its
 * handler says so; the messages of request streams may be as long as their bytes allow.
 */
export const bound: Middleware = ({ input, methodKind }) => {
  const lists = input.fields.filter(({ fieldKind }) => fieldKind === "list");
  if (lists.length === 0 || methodKind === "client_streaming" || methodKind === "bidi_streaming")
    return undefined;
  return {
    each(request) {
      for (const { localName, name } of lists) {
        const items = (request as Message & Record<string, unknown>)[localName];
        if (Array.isArray(items) && items.length > limits.listItems)
          throw invalidField(name, `must have at most ${limits.listItems} items`);
      }
      return undefined;
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
