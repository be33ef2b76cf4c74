import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import { TLSSocket } from "node:tls";
import type { DescMethod } from "@bufbuild/protobuf";
import {
  type ContextValues,
  createContextKey,
  createContextValues,
  type HandlerContext,
} from "@connectrpc/connect";
import { CallContext, type CallOrigin } from "../call/call.ts";
import type { RpcHost } from "../call/host.ts";
import { readCookie } from "../console/cookie.ts";
import { certificateOf } from "../tls/client-certificate.ts";

/** The facts of a request that the HTTP listener knows and Connect does not pass on. */
export interface Exchange {
  readonly peer: string;
  readonly socket: Socket | undefined;
  /** Set once the request has become a call, which logs itself. */
  context: CallContext | undefined;
  /** True once the request is whole and its handler was called, which answers from then on. */
  isTaken: boolean;
  /** Rejects with the error to answer if the call is stopped before its request is whole. */
  readonly stopped: PromiseWithResolvers<never>;
}

const exchangeKey = createContextKey<Exchange>(exchangeFrom(undefined));

/** An exchange and the context values that carry it to `originOf`. */
export function exchangeOf({ socket }: IncomingMessage): { exchange: Exchange; values: ContextValues } {
  const exchange = exchangeFrom(socket);
  return { exchange, values: createContextValues().set(exchangeKey, exchange) };
}

function exchangeFrom(socket: Socket | undefined): Exchange {
  const peer = socket ? `${socket.remoteAddress}:${socket.remotePort}` : "unknown";
  const stopped = Promise.withResolvers<never>();
  // Most calls are stopped when nobody reads their request.
  stopped.promise.catch(() => undefined);
  return { peer, socket, context: undefined, isTaken: false, stopped };
}

/** The exchange that Connect's context belongs to. */
export function exchangeIn(context: HandlerContext): Exchange {
  return context.values.get(exchangeKey);
}

/** Whether the request came by TLS of ours. */
export function isEncrypted(socket: Socket | undefined): boolean {
  return socket instanceof TLSSocket;
}

/** Makes the request a call: the chain's context for Connect's. */
export function openCall(outer: HandlerContext, method: DescMethod, host: RpcHost): CallContext {
  const context = new CallContext(method, originOf(outer), host);
  exchangeIn(outer).context = context;
  outer.responseHeader.set("x-request-id", context.call.requestId);
  return context;
}

/** Gives the context of a call that was let in to the handler, which answers it. */
export function takeCall(outer: HandlerContext): CallContext {
  const exchange = exchangeIn(outer);
  if (!exchange.context) throw new Error("a call came past the gate");
  exchange.isTaken = true;
  return exchange.context;
}

/** A call as connect-node knows it. */
function originOf(outer: HandlerContext): CallOrigin {
  const { protocolName, requestMethod, url, requestHeader, signal } = outer;
  const { peer, socket } = exchangeIn(outer);
  const left = outer.timeoutMs();
  const header = (name: string) => requestHeader.get(name) ?? undefined;
  return {
    protocolName,
    requestMethod,
    url,
    requestHeader,
    peer,
    callerDeadline: left === undefined ? undefined : Date.now() + left,
    get clientCertificate() {
      return certificateOf(socket);
    },
    get cookie() {
      return readCookie(header, isEncrypted(socket));
    },
    header,
    onCancel(listener) {
      if (signal.aborted) listener();
      else signal.addEventListener("abort", listener, { once: true });
    },
  };
}
