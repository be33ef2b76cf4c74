import type { Message } from "@bufbuild/protobuf";
import { type ConnectRouter, createConnectRouter, type HandlerContext } from "@connectrpc/connect";
import { compressionGzip } from "@connectrpc/connect-node";
import { transportLimits } from "../../limits.ts";
import type { CallContext } from "../call/call.ts";
import type { ProvidedMethod, Response, Wire } from "../call/handler.ts";
import type { RpcHost } from "../call/host.ts";
import { forEachSendable } from "../call/metadata.ts";
import { compose } from "../middleware/chain.ts";
import { openCall } from "./origin.ts";
import { explainRefusals, explainTooLarge } from "./refusals.ts";

/**
 * The methods behind the chain as Connect and gRPC-Web handlers. gRPC itself is left to the gRPC listener,
 * which is four times as fast.
 */
export function connectRouter(methods: readonly ProvidedMethod[], host: RpcHost): ConnectRouter {
  const router = createConnectRouter({
    grpc: false,
    // No `writeMaxBytes`: `Pump` refuses responses while the call can still be answered and logged as failed.
    readMaxBytes: host.maxMessageBytes,
    requestGate: explainRefusals(host),
    maxTimeoutMs: transportLimits.deadlineMs,
    acceptCompression: [compressionGzip],
    compressMinBytes: transportLimits.httpCompressMinBytes,
    // Fields that a newer client sends are ignored, as in the binary format.
    jsonOptions: { ignoreUnknownFields: true },
  });
  for (const provided of methods) addMethod(router, provided, host);
  return router;
}

function addMethod(router: ConnectRouter, provided: ProvidedMethod, host: RpcHost): void {
  const handler = compose(provided, messageWire(host), host);
  switch (handler.kind) {
    case "unary": {
      const { method, answer } = handler;
      router.rpc(method, (request, outer) =>
        answerOnce(answer, request, openCall(outer, method, host), outer),
      );
      break;
    }
    case "client_streaming": {
      const { method, answer } = handler;
      router.rpc(method, (requests, outer) =>
        answerOnce(answer, requests, openCall(outer, method, host), outer),
      );
      break;
    }
    case "server_streaming": {
      const { method, stream } = handler;
      router.rpc(method, (request, outer) =>
        answerStream(stream, request, openCall(outer, method, host), outer),
      );
      break;
    }
    case "bidi_streaming": {
      const { method, stream } = handler;
      router.rpc(method, (requests, outer) =>
        answerStream(stream, requests, openCall(outer, method, host), outer),
      );
    }
  }
}

async function answerOnce<Request>(
  answer: (request: Request, context: CallContext) => Promise<Response>,
  request: Request,
  context: CallContext,
  outer: HandlerContext,
): Promise<Response> {
  try {
    return await answer(request, context);
  } finally {
    copyMetadata(context.setHeader, outer.responseHeader);
    copyMetadata(context.setTrailer, outer.responseTrailer);
  }
}

async function* answerStream<Request>(
  stream: (request: Request, context: CallContext) => AsyncIterable<Response>,
  request: Request,
  context: CallContext,
  outer: HandlerContext,
): AsyncIterable<Response> {
  try {
    for await (const message of stream(request, context)) {
      // Connect sends the header with the first message, so what is copied later has no effect.
      copyMetadata(context.setHeader, outer.responseHeader);
      yield message;
    }
  } finally {
    copyMetadata(context.setHeader, outer.responseHeader);
    copyMetadata(context.setTrailer, outer.responseTrailer);
  }
}

/** Messages as Connect has them. */
function messageWire({ maxMessageBytes }: RpcHost): Wire<Message, Response> {
  return {
    decode: (request) => request,
    send: (response) => response,
    explain: (error) => explainTooLarge(error, maxMessageBytes),
  };
}

function copyMetadata(from: Headers | undefined, into: Headers): void {
  if (from) forEachSendable(from, (name, value) => into.set(name, value));
}
