import type { IncomingMessage } from "node:http";
import {
  type ContextValues,
  createContextKey,
  createContextValues,
  type HandlerContext,
} from "@connectrpc/connect";
import type { CallOrigin } from "./call.ts";

/** What the HTTP listener knows of a request and Connect does not pass on. */
interface Exchange {
  peer: string;
  /** True once the request has become a call, which logs itself. */
  called: boolean;
}

const exchangeKey = createContextKey<Exchange>({ peer: "unknown", called: false });

/** An exchange and the context values that carry it to `ConnectOrigin`. */
export function exchangeOf({ socket }: IncomingMessage): { exchange: Exchange; values: ContextValues } {
  const exchange = { peer: `${socket.remoteAddress}:${socket.remotePort}`, called: false };
  return { exchange, values: createContextValues().set(exchangeKey, exchange) };
}

/** A call as connect-node knows it. */
export class ConnectOrigin implements CallOrigin {
  readonly peer: string;
  readonly callerDeadline: number | undefined;
  readonly #context: HandlerContext;

  constructor(context: HandlerContext) {
    const exchange = context.values.get(exchangeKey);
    exchange.called = true;
    this.peer = exchange.peer;
    const left = context.timeoutMs();
    this.callerDeadline = left === undefined ? undefined : Date.now() + left;
    this.#context = context;
  }

  get protocolName(): string {
    return this.#context.protocolName;
  }

  get requestMethod(): string {
    return this.#context.requestMethod;
  }

  get url(): string {
    return this.#context.url;
  }

  get requestHeader(): Headers {
    return this.#context.requestHeader;
  }

  header(name: string): string | undefined {
    return this.#context.requestHeader.get(name) ?? undefined;
  }

  onCancel(listener: () => void): void {
    const { signal } = this.#context;
    if (signal.aborted) listener();
    else signal.addEventListener("abort", listener, { once: true });
  }
}
