import type { DescMethod } from "@bufbuild/protobuf";
import type { CallContext } from "../call/context.ts";
import { toConnectError } from "../call/errors.ts";
import type { RpcHost } from "../call/host.ts";
import { type Handler, streamsResponse } from "./chain.ts";

/**
 * Turns whatever is thrown below into a `ConnectError` that carries its details and gives nothing internal away. Calls that are denied are
 * noted, whatever denied them.
 */
export function errors(next: Handler, method: DescMethod, { access }: RpcHost): Handler {
  const failed = (error: unknown, { call }: CallContext) => {
    access.noteDenial(error, call);
    return toConnectError(error, call);
  };
  if (streamsResponse(method)) {
    return async function* (request, context) {
      try {
        yield* next(request, context) as AsyncIterable<unknown>;
      } catch (error) {
        throw failed(error, context);
      }
    };
  }
  return async (request, context) => {
    try {
      return await next(request, context);
    } catch (error) {
      throw failed(error, context);
    }
  };
}
