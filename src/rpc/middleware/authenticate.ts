import type { DescMethod } from "@bufbuild/protobuf";
import { originOf } from "../../auth/access.ts";
import { open, permissionOf } from "../../auth/permissions.ts";
import { type Origin, withOrigin } from "../../call-scope.ts";
import type { Call } from "../call/call.ts";
import type { RpcHost } from "../call/host.ts";
import { type Handler, streamsResponse } from "./chain.ts";

/**
 * Lets in those who may call the method, and runs the rest on their behalf. A method that is in no permission table lets nobody in; health and
 * reflection let in everybody.
 */
export function authenticate(next: Handler, method: DescMethod, { access }: RpcHost): Handler {
  const permission = permissionOf(method);
  // Neither writes anything nor needs room: a full server still tells that it is alive.
  if (permission === open && method.parent.typeName.startsWith("grpc.")) return next;
  const enter = (call: Call): Promise<void> | undefined => {
    if (permission !== open) return access.enter(call, permission);
    access.enterOpen(call);
    return undefined;
  };
  if (streamsResponse(method)) {
    return (request, context) =>
      onBehalf(context.call, enter, () => next(request, context) as AsyncIterable<unknown>);
  }
  return (request, context) => {
    const { call } = context;
    const run = () => withOrigin(originOf(call), () => next(request, context));
    const entering = enter(call);
    return entering ? entering.then(run) : run();
  };
}

/** The stream that `open` makes, each message of which is made on behalf of the caller, who is let in with the first. */
function onBehalf(
  call: Call,
  enter: (call: Call) => Promise<void> | undefined,
  open: () => AsyncIterable<unknown>,
): AsyncIterableIterator<unknown> {
  let begun: { origin: Origin; inner: AsyncIterator<unknown> } | undefined;
  const begin = async () => {
    await enter(call);
    const origin = originOf(call);
    return { origin, inner: withOrigin(origin, () => open()[Symbol.asyncIterator]()) };
  };
  const stream: AsyncIterableIterator<unknown> = {
    [Symbol.asyncIterator]: () => stream,
    next: async () => {
      begun ??= await begin();
      const { origin, inner } = begun;
      return withOrigin(origin, () => inner.next());
    },
    return: async (value?: unknown) => (await begun?.inner.return?.(value)) ?? { done: true, value },
  };
  return stream;
}
