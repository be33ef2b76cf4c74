import { setTimeout as sleep } from "node:timers/promises";
import { type DescMethod, fromBinary } from "@bufbuild/protobuf";
import { Code } from "@connectrpc/connect";
import { ServiceError } from "../../errors.ts";
import { transportLimits } from "../../limits.ts";
import type { Wire } from "../call/handler.ts";
import { encodeResponse } from "../call/message-size.ts";

/**
 * The bytes that grpc-js receives and sends for a method. They are decoded and encoded within the chain, so
 * that a malformed request and a response that cannot be sent are answered, logged and explained like any
 * other failure.
 */
export function grpcWire(method: DescMethod, maxMessageBytes: number): Wire<Uint8Array, Uint8Array> {
  const { input } = method;
  return {
    decode(bytes) {
      try {
        return fromBinary(input, bytes);
      } catch (error) {
        throw malformed(method, error);
      }
    },
    encode: (response) => encodeResponse(method, response, maxMessageBytes),
    async confirmEnd(call) {
      // An implementation must not take half a stream for a whole one: Node's clients cancel by ending their
      // stream and then resetting it.
      await sleep(transportLimits.cancelAfterEndMs);
      if (call.stopReason) throw call.stopReason;
    },
  };
}

function malformed({ input }: DescMethod, cause: unknown): ServiceError {
  const why = cause instanceof Error ? cause.message : "it cannot be decoded";
  return new ServiceError(
    Code.InvalidArgument,
    "INVALID_ARGUMENT",
    `the request is not a valid ${input.typeName}: ${why}`,
    { cause },
  );
}
