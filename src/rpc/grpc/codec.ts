import { setTimeout as sleep } from "node:timers/promises";
import { type DescMethod, fromBinary } from "@bufbuild/protobuf";
import { Code } from "@connectrpc/connect";
import { ServiceError } from "../../errors.ts";
import { transportLimits } from "../../limits.ts";
import type { CallContext } from "../call/context.ts";
import { encodeResponse } from "../call/encode.ts";
import type { ProvidedMethod } from "../call/methods.ts";
import { type Handler, streamsRequest, streamsResponse } from "../middleware/chain.ts";

/** The method over bytes instead of messages: what grpc-js receives goes in, what it shall send comes out. */
export function coded({ method, implementation }: ProvidedMethod, maxMessageBytes: number): Handler {
  const { input } = method;
  const decode = (bytes: Uint8Array) => {
    try {
      return fromBinary(input, bytes);
    } catch (error) {
      throw malformed(method, error);
    }
  };
  const encode = (response: unknown) => encodeResponse(method, response, maxMessageBytes);
  const requestOf = streamsRequest(method)
    ? (request: unknown, context: CallContext) =>
        decodeEach(request as AsyncIterable<Uint8Array>, decode, context)
    : (request: unknown) => decode(request as Uint8Array);
  return streamsResponse(method)
    ? (request, context) =>
        encodeEach(implementation(requestOf(request, context), context) as AsyncIterable<unknown>, encode)
    : async (request, context) => encode(await implementation(requestOf(request, context), context));
}

async function* decodeEach(
  requests: AsyncIterable<Uint8Array>,
  decode: (bytes: Uint8Array) => unknown,
  { call }: CallContext,
) {
  for await (const request of requests) yield decode(request);
  // A handler must not take half a stream for a whole one: Node's clients cancel by ending their stream and then resetting it.
  await sleep(transportLimits.cancelAfterEndMs);
  if (call.stopReason) throw call.stopReason;
}

async function* encodeEach(responses: AsyncIterable<unknown>, encode: (response: unknown) => Uint8Array) {
  for await (const response of responses) yield encode(response);
}

function malformed(method: DescMethod, cause: unknown): ServiceError {
  return new ServiceError(
    Code.InvalidArgument,
    "INVALID_ARGUMENT",
    `the request is not a valid ${method.input.typeName}: ${cause instanceof Error ? cause.message : "it cannot be decoded"}`,
    { cause },
  );
}
