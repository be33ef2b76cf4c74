import {
  type ConnectRouter,
  createConnectRouter,
  type HandlerContext,
  type MethodImpl,
} from "@connectrpc/connect";
import { compressionGzip } from "@connectrpc/connect-node";
import { transportLimits } from "../../limits.ts";
import { encodeResponse } from "../call/encode.ts";
import type { RpcHost } from "../call/host.ts";
import { eachSendable } from "../call/metadata.ts";
import type { ProvidedMethod } from "../call/methods.ts";
import { compose, type Handler, streamsRequest, streamsResponse } from "../middleware/chain.ts";
import { openCall } from "./origin.ts";
import { explainRefusals, refusingTooLarge } from "./refusals.ts";

/** The methods behind the chain as Connect and gRPC-Web handlers. gRPC itself is left to the gRPC listener, which is four times as fast. */
export function connectRouter(methods: readonly ProvidedMethod[], host: RpcHost): ConnectRouter {
  const router = createConnectRouter({
    grpc: false,
    // No `writeMaxBytes`: responses are counted before they are encoded, in the binary format on every wire.
    readMaxBytes: host.maxMessageBytes,
    requestGate: explainRefusals(host),
    maxTimeoutMs: transportLimits.deadlineMs,
    acceptCompression: [compressionGzip],
    compressMinBytes: transportLimits.httpCompressMinBytes,
    // Fields that a newer client sends are ignored, as in the binary format.
    jsonOptions: { ignoreUnknownFields: true },
  });
  for (const provided of methods) {
    router.rpc(provided.method, connectImplementation(provided, host) as MethodImpl<typeof provided.method>);
  }
  return router;
}

function connectImplementation(provided: ProvidedMethod, host: RpcHost) {
  const { method } = provided;
  const handler = compose(sendable(provided, host), method, host);
  const received = streamsRequest(method)
    ? (request: unknown) => refusingTooLarge(request as AsyncIterable<unknown>, host)
    : (request: unknown) => request;
  if (streamsResponse(method)) {
    return async function* (request: unknown, outer: HandlerContext) {
      const context = openCall(outer, method, host);
      try {
        for await (const message of handler(received(request), context) as AsyncIterable<unknown>) {
          // Connect sends the header with the first message, so what is copied later has no effect.
          copyMetadata(context.setHeader, outer.responseHeader);
          yield message;
        }
      } finally {
        copyMetadata(context.setHeader, outer.responseHeader);
        copyMetadata(context.setTrailer, outer.responseTrailer);
      }
    };
  }
  return async (request: unknown, outer: HandlerContext) => {
    const context = openCall(outer, method, host);
    try {
      return await handler(received(request), context);
    } finally {
      copyMetadata(context.setHeader, outer.responseHeader);
      copyMetadata(context.setTrailer, outer.responseTrailer);
    }
  };
}

/** The method, but responses that are too large for a message are refused while the call can still be answered and logged as failed. */
function sendable({ method, implementation }: ProvidedMethod, { maxMessageBytes }: RpcHost): Handler {
  const checked = (response: unknown) => {
    encodeResponse(method, response, maxMessageBytes);
    return response;
  };
  if (streamsResponse(method)) {
    return async function* (request, context) {
      for await (const response of implementation(request, context) as AsyncIterable<unknown>) {
        yield checked(response);
      }
    };
  }
  return async (request, context) => checked(await implementation(request, context));
}

function copyMetadata(from: Headers | undefined, into: Headers): void {
  if (from) eachSendable(from, (name, value) => into.set(name, value));
}
