import {
  type ConnectRouter,
  createConnectRouter,
  type HandlerContext,
  type MethodImpl,
} from "@connectrpc/connect";
import { compressionGzip } from "@connectrpc/connect-node";
import { transportLimits } from "../limits.ts";
import { ConnectOrigin } from "./connect-origin.ts";
import { CallContext } from "./context.ts";
import type { RpcHost } from "./host.ts";
import { eachSendable } from "./metadata.ts";
import type { ProvidedMethod } from "./methods.ts";
import { compose, streamsResponse } from "./middleware/chain.ts";

/** The methods behind the chain as Connect and gRPC-Web handlers. gRPC itself is left to the gRPC listener, which is four times as fast. */
export function connectRouter(methods: readonly ProvidedMethod[], host: RpcHost): ConnectRouter {
  const router = createConnectRouter({
    grpc: false,
    readMaxBytes: host.maxMessageBytes,
    writeMaxBytes: host.maxMessageBytes,
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

function connectImplementation({ method, implementation }: ProvidedMethod, host: RpcHost) {
  const handler = compose(implementation, method, host);
  const open = (outer: HandlerContext) => {
    const context = new CallContext(method, new ConnectOrigin(outer), host);
    outer.responseHeader.set("x-request-id", context.call.requestId);
    return context;
  };
  if (streamsResponse(method)) {
    return async function* (request: unknown, outer: HandlerContext) {
      const context = open(outer);
      try {
        for await (const message of handler(request, context) as AsyncIterable<unknown>) {
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
    const context = open(outer);
    try {
      return await handler(request, context);
    } finally {
      copyMetadata(context.setHeader, outer.responseHeader);
      copyMetadata(context.setTrailer, outer.responseTrailer);
    }
  };
}

function copyMetadata(from: Headers | undefined, into: Headers): void {
  if (from) eachSendable(from, (name, value) => into.set(name, value));
}
