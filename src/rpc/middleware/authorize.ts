import type { OwnerRule } from "../../auth/owner-rule.ts";
import { open, permissionOf } from "../../auth/permissions.ts";
import type { Call } from "../call/call.ts";
import { fullName } from "../call/call.ts";
import type { RpcHost } from "../call/host.ts";
import type { ProvidedMethod } from "../call/methods.ts";
import { type Handler, streamsRequest, streamsResponse } from "./chain.ts";

/**
 * The method, whose decoded requests are checked by the rule that it has in the permission table: each message of a request stream by itself, as
 * it comes.
 */
export function authorized({ method, implementation }: ProvidedMethod, { access }: RpcHost): ProvidedMethod {
  const permission = permissionOf(method);
  const { owners } = access;
  if (!owners || !permission || permission === open || !permission.rule) return { method, implementation };
  // The tables hold it against the method's own request type.
  const rule = permission.rule as OwnerRule<unknown>;
  const check = (request: unknown, { principal }: Call) => {
    if (!principal) throw new Error(`${fullName(method)} was reached without a principal`);
    return principal.role === "admin" ? undefined : rule(request, principal, owners);
  };
  if (streamsResponse(method))
    throw new Error(`${fullName(method)}: rules are not made for response streams`);
  const checked: Handler = streamsRequest(method)
    ? (requests, context) =>
        implementation(eachChecked(requests as AsyncIterable<unknown>, check, context.call), context)
    : (request, context) => {
        const checking = check(request, context.call);
        return checking
          ? checking.then(() => implementation(request, context))
          : implementation(request, context);
      };
  return { method, implementation: checked };
}

function eachChecked(
  requests: AsyncIterable<unknown>,
  check: (request: unknown, call: Call) => Promise<void> | undefined,
  call: Call,
): AsyncIterable<unknown> {
  const inner = requests[Symbol.asyncIterator]();
  // By hand, as every streamed row passes here.
  const checked: AsyncIterableIterator<unknown> = {
    [Symbol.asyncIterator]: () => checked,
    next: async () => {
      const result = await inner.next();
      // Whatever still comes of a caller who was shut out is not written.
      if (call.stopReason) throw call.stopReason;
      if (!result.done) {
        const checking = check(result.value, call);
        if (checking) await checking;
      }
      return result;
    },
    return: async (value?: unknown) => (await inner.return?.(value)) ?? { done: true, value },
  };
  return checked;
}
