import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import type { DescMethod } from "@bufbuild/protobuf";
import {
  type ContextValues,
  createContextKey,
  createContextValues,
  type HandlerContext,
} from "@connectrpc/connect";
import { type Call, CallContext, type CallOrigin } from "../call/call.ts";
import type { RpcHost } from "../call/host.ts";
import { certificateOf } from "../tls/client-certificate.ts";

/** The facts of a request that the HTTP listener knows and Connect does not pass on. */
interface Exchange {
  readonly peer: string;
  readonly socket: Socket | undefined;
  /** Once the request has become a call, which logs itself. */
  call: Call | undefined;
}

const exchangeKey = createContextKey<Exchange>({ peer: "unknown", socket: undefined, call: undefined });

/** An exchange and the context values that carry it to `originOf`. */
export function exchangeOf({ socket }: IncomingMessage): { exchange: Exchange; values: ContextValues } {
  const peer = `${socket.remoteAddress}:${socket.remotePort}`;
  const exchange: Exchange = { peer, socket, call: undefined };
  return { exchange, values: createContextValues().set(exchangeKey, exchange) };
}

/** The exchange that Connect's context belongs to. */
export function exchangeIn(context: HandlerContext): Exchange {
  return context.values.get(exchangeKey);
}

/** Makes the request a call: the chain's context for Connect's. */
export function openCall(outer: HandlerContext, method: DescMethod, host: RpcHost): CallContext {
  const context = new CallContext(method, originOf(outer), host);
  exchangeIn(outer).call = context.call;
  outer.responseHeader.set("x-request-id", context.call.requestId);
  return context;
}

/** A call as connect-node knows it. */
function originOf(outer: HandlerContext): CallOrigin {
  const { protocolName, requestMethod, url, requestHeader, signal } = outer;
  const { peer, socket } = exchangeIn(outer);
  const left = outer.timeoutMs();
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
    header: (name) => requestHeader.get(name) ?? undefined,
    onCancel(listener) {
      if (signal.aborted) listener();
      else signal.addEventListener("abort", listener, { once: true });
    },
  };
}
