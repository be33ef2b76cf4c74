import type { DescMethod } from "@bufbuild/protobuf";
import { toConnectError } from "../errors.ts";
import { type Handler, streamsResponse } from "./chain.ts";

/** Turns whatever is thrown below into a `ConnectError` that carries its details and gives nothing internal away. */
export function errors(next: Handler, method: DescMethod): Handler {
  if (streamsResponse(method)) {
    return async function* (request, context) {
      try {
        yield* next(request, context) as AsyncIterable<unknown>;
      } catch (error) {
        throw toConnectError(error, context.call);
      }
    };
  }
  return async (request, context) => {
    try {
      return await next(request, context);
    } catch (error) {
      throw toConnectError(error, context.call);
    }
  };
}
