import type { Message } from "@bufbuild/protobuf";
import {
  Code,
  ConnectError,
  type ConnectRouter,
  createConnectRouter,
  type HandlerContext,
} from "@connectrpc/connect";
import { compressionGzip } from "@connectrpc/connect-node";
import { ServiceError } from "../../errors.ts";
import { transportLimits } from "../../limits.ts";
import { type CallContext, cancelled } from "../call/call.ts";
import { requestTooLarge, toConnectError } from "../call/errors.ts";
import type { ProvidedMethod, Response, Wire } from "../call/handler.ts";
import type { RpcHost } from "../call/host.ts";
import { forEachSendable } from "../call/metadata.ts";
import { compose } from "../middleware/chain.ts";
import { observeRefusal } from "../middleware/observe.ts";
import { exchangeIn, openCall } from "./origin.ts";
import { strictJson } from "./strict-json.ts";

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
  });
  for (const provided of methods) addMethod(router, provided, host);
  return router;
}

function addMethod(router: ConnectRouter, provided: ProvidedMethod, host: RpcHost): ConnectRouter {
  const handler = compose(provided, messageWire(host), host);
  const open = (outer: HandlerContext) => openCall(outer, handler.method, host);
  const options = { grpc: false, jsonOptions: strictJson(handler.method.input) };
  switch (handler.kind) {
    case "unary":
      return router.rpc(handler.method, answerOnce(handler.answer, open), options);
    case "client_streaming":
      return router.rpc(handler.method, answerOnce(handler.answer, open), options);
    case "server_streaming":
      return router.rpc(handler.method, answerStream(handler.stream, open), options);
    case "bidi_streaming":
      return router.rpc(handler.method, answerStream(handler.stream, open), options);
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
    explain: (error) => explainUnreadable(error, maxMessageBytes),
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
  const explained = toConnectError(explainUnreadable(error, host.maxMessageBytes), call);
  observeRefusal(call, outer.method, host, explained);
  const { code, message, rawMessage, details } = explained;
  Object.assign(error, { code, message, rawMessage, details });
}

/**
 * Gives our error for a request that Connect cannot read, and any other as it is. Where bytes are no message,
 * no gzip or compressed without a word, Connect says INTERNAL, though only the caller can mend that. What is
 * no error of Connect's comes from the connection, which the caller has cut.
 */
function explainUnreadable(error: unknown, maxMessageBytes: number): unknown {
  if (!(error instanceof ConnectError)) return cancelled();
  if (error.cause instanceof ServiceError) return error.cause;
  if (error.code === Code.ResourceExhausted) return requestTooLarge(maxMessageBytes);
  if (error.code !== Code.Internal) return error;
  const message = `the request cannot be read: ${error.rawMessage}`;
  return new ServiceError(Code.InvalidArgument, "INVALID_ARGUMENT", message, { cause: error });
}
