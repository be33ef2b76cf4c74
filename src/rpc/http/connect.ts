import type { Message } from "@bufbuild/protobuf";
import {
  Code,
  ConnectError,
  type ConnectRouter,
  createConnectRouter,
  type HandlerContext,
} from "@connectrpc/connect";
import { ServiceError } from "../../errors.ts";
import { transportLimits } from "../../limits.ts";
import { type CallContext, cancelled } from "../call/call.ts";
import { requestTooLarge } from "../call/errors.ts";
import type { Handler, ProvidedMethod, Response, Wire } from "../call/handler.ts";
import type { RpcHost } from "../call/host.ts";
import { forEachSendable } from "../call/metadata.ts";
import { requestBytes } from "../middleware/access.ts";
import { compose } from "../middleware/chain.ts";
import { gzip } from "./body.ts";
import { exchangeIn, openCall, takeCall } from "./origin.ts";
import { strictJson } from "./strict-json.ts";

const shared = {
  grpc: false,
  // No `writeMaxBytes`: `Pump` refuses responses while the call can still be answered and logged as failed.
  maxTimeoutMs: transportLimits.deadlineMs,
  acceptCompression: [gzip],
  compressMinBytes: transportLimits.httpCompressMinBytes,
};

/** The methods as Connect and gRPC-Web handlers. gRPC has its own listener, which is four times as fast. */
export function connectRouter(methods: readonly ProvidedMethod[], host: RpcHost): ConnectRouter {
  const router = createConnectRouter(shared);
  for (const provided of methods) addMethod(router, provided, host);
  return router;
}

function addMethod(router: ConnectRouter, provided: ProvidedMethod, host: RpcHost): ConnectRouter {
  const { method } = provided;
  const readMaxBytes = requestBytes(method, host);
  const handler = compose(provided, messageWire(readMaxBytes, host), host);
  const requestGate = gateOf(handler, readMaxBytes, host);
  const options = { ...shared, readMaxBytes, requestGate, jsonOptions: strictJson(method.input) };
  switch (handler.kind) {
    case "unary":
      return router.rpc(handler.method, answerOnce(handler.answer), options);
    case "client_streaming":
      return router.rpc(handler.method, answerOnce(handler.answer), options);
    case "server_streaming":
      return router.rpc(handler.method, answerStream(handler.stream), options);
    case "bidi_streaming":
      return router.rpc(handler.method, answerStream(handler.stream), options);
  }
}

/**
 * Makes the gate of a method, which Connect calls before it reads the request. It begins the call, and ends
 * one whose request cannot be read (too large, no JSON, an unknown compression), or does not come.
 */
function gateOf(handler: Handler<Message, Response>, maxBytes: number, host: RpcHost) {
  return async (outer: HandlerContext): Promise<void> => {
    const { signal } = outer;
    const exchange = exchangeIn(outer);
    const context = openCall(outer, handler.method, host);
    const { call } = context;
    const end = () => {
      if (exchange.isTaken || call.hasEnded) return;
      const { reason } = signal;
      // It went, or is late.
      if (!(reason instanceof ConnectError) || gone.includes(reason.code)) return call.leave();
      // Connect aborts the signal with its error just before it serializes that.
      const explained = handler.refuse(explainUnreadable(reason, maxBytes), context);
      if (explained instanceof ConnectError) replaceError(reason, explained);
    };
    signal.addEventListener("abort", end, { once: true });
    await handler.begin(context, exchange.stopped.reject);
    if (signal.aborted) end();
  };
}

const gone = [Code.Canceled, Code.DeadlineExceeded];

function replaceError(error: ConnectError, { code, message, rawMessage, details }: ConnectError): void {
  Object.assign(error, { code, message, rawMessage, details });
}

function answerOnce<Request>(answer: (request: Request, context: CallContext) => Promise<Response>) {
  return async (request: Request, outer: HandlerContext): Promise<Response> => {
    const context = takeCall(outer);
    try {
      return await answer(request, context);
    } finally {
      copyMetadata(context, outer);
    }
  };
}

function answerStream<Request>(stream: (request: Request, context: CallContext) => AsyncIterable<Response>) {
  return (request: Request, outer: HandlerContext) => {
    const context = takeCall(outer);
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
function messageWire(maxBytes: number, { intake }: RpcHost): Wire<Message, Response> {
  return {
    decode(request, call) {
      // Of a stream no more is read than its next message.
      intake.release(call);
      return request;
    },
    send: (response) => response,
    explain: (error) => explainUnreadable(error, maxBytes),
  };
}

function copyMetadata({ setHeader, setTrailer }: CallContext, outer: HandlerContext): void {
  if (setHeader) forEachSendable(setHeader, (name, value) => outer.responseHeader.set(name, value));
  if (setTrailer) forEachSendable(setTrailer, (name, value) => outer.responseTrailer.set(name, value));
}

/**
 * Gives our error for a request that Connect cannot read, and any other as it is. Where bytes are no message,
 * no gzip or compressed without a word, Connect says INTERNAL, though only the caller can mend that. What is
 * no error of Connect's comes from the connection, which the caller has cut.
 */
function explainUnreadable(error: unknown, maxBytes: number): unknown {
  if (!(error instanceof ConnectError)) return cancelled();
  if (error.cause instanceof ServiceError) return error.cause;
  if (error.code === Code.ResourceExhausted) return requestTooLarge(maxBytes);
  if (error.code !== Code.Internal) return error;
  const message = `the request cannot be read: ${error.rawMessage}`;
  return new ServiceError(Code.InvalidArgument, "INVALID_ARGUMENT", message, { cause: error });
}
