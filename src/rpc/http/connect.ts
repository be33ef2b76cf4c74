import type { Message } from "@bufbuild/protobuf";
import {
  Code,
  ConnectError,
  type ConnectRouter,
  createConnectRouter,
  type HandlerContext,
} from "@connectrpc/connect";
import { compressionGzip } from "@connectrpc/connect-node";
import { transportLimits } from "../../limits.ts";
import type { CallContext } from "../call/call.ts";
import { requestTooLarge, toConnectError } from "../call/errors.ts";
import type { ProvidedMethod, Response, Wire } from "../call/handler.ts";
import type { RpcHost } from "../call/host.ts";
import { forEachSendable } from "../call/metadata.ts";
import { compose } from "../middleware/chain.ts";
import { observeRefusal } from "../middleware/observe.ts";
import { exchangeIn, openCall } from "./origin.ts";

/** The methods as Connect and gRPC-Web handlers. gRPC has its own listener, which is four times as fast. */
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

function addMethod(router: ConnectRouter, provided: ProvidedMethod, host: RpcHost): ConnectRouter {
  const handler = compose(provided, messageWire(host), host);
  const open = (outer: HandlerContext) => openCall(outer, handler.method, host);
  switch (handler.kind) {
    case "unary":
      return router.rpc(handler.method, answerOnce(handler.answer, open));
    case "client_streaming":
      return router.rpc(handler.method, answerOnce(handler.answer, open));
    case "server_streaming":
      return router.rpc(handler.method, answerStream(handler.stream, open));
    case "bidi_streaming":
      return router.rpc(handler.method, answerStream(handler.stream, open));
  }
}

type Open = (outer: HandlerContext) => CallContext;

function answerOnce<Request>(
  answer: (request: Request, context: CallContext) => Promise<Response>,
  open: Open,
) {
  return async (request: Request, outer: HandlerContext): Promise<Response> => {
    const context = open(outer);
    try {
      return await answer(request, context);
    } finally {
      copyMetadata(context, outer);
    }
  };
}

function answerStream<Request>(
  stream: (request: Request, context: CallContext) => AsyncIterable<Response>,
  open: Open,
) {
  return (request: Request, outer: HandlerContext) => {
    const context = open(outer);
    return relay(stream(request, context), context, outer);
  };
}

async function* relay(responses: AsyncIterable<Response>, context: CallContext, outer: HandlerContext) {
  try {
    for await (const message of responses) {
      // Connect sends the header with the first message, so what is copied later has no effect.
      copyMetadata(context, outer);
      yield message;
    }
  } finally {
    copyMetadata(context, outer);
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

function copyMetadata({ setHeader, setTrailer }: CallContext, outer: HandlerContext): void {
  if (setHeader) forEachSendable(setHeader, (name, value) => outer.responseHeader.set(name, value));
  if (setTrailer) forEachSendable(setTrailer, (name, value) => outer.responseTrailer.set(name, value));
}

/**
 * Makes a request gate that gives the errors of requests which never become calls (too large, no JSON, an
 * unknown compression) the details and log line of all others. Connect aborts a request's signal with its
 * error just before it serializes that: both are at hand only then.
 */
export function explainRefusals(host: RpcHost): (context: HandlerContext) => void {
  return (outer) => {
    const { signal } = outer;
    signal.addEventListener("abort", () => {
      if (!exchangeIn(outer).call && signal.reason instanceof ConnectError)
        explain(signal.reason, outer, host);
    });
  };
}

function explain(error: ConnectError, outer: HandlerContext, host: RpcHost): void {
  // Not refused: it went, or is late and may still become a call.
  if (error.code === Code.Canceled || error.code === Code.DeadlineExceeded) return;
  const { call } = openCall(outer, outer.method, host);
  const explained = toConnectError(explainTooLarge(error, host.maxMessageBytes), call);
  observeRefusal(call, outer.method, host, explained);
  const { message, rawMessage, details } = explained;
  Object.assign(error, { message, rawMessage, details });
}

/** Gives our error instead of Connect's for a message that is too large, and any other as it is. */
export function explainTooLarge(error: unknown, maxMessageBytes: number): unknown {
  const isTooLarge = error instanceof ConnectError && error.code === Code.ResourceExhausted;
  return isTooLarge ? requestTooLarge(maxMessageBytes) : error;
}
