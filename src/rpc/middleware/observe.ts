import type { DescMethod } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { codeName } from "../call/codes.ts";
import type { CallContext } from "../call/context.ts";
import type { RpcHost } from "../call/host.ts";
import type { MethodStats } from "../call/method-stats.ts";
import { type Handler, streamsRequest, streamsResponse } from "./chain.ts";

/** Counts the call and logs one line when it has ended. */
export function observe(next: Handler, method: DescMethod, host: RpcHost): Handler {
  const stats = host.calls.of(method);
  const begin = (context: CallContext) => new Observation(context, method, stats, host);
  if (streamsResponse(method)) {
    return async function* (request, context) {
      const observation = begin(context);
      try {
        for await (const message of next(observation.count(request), context) as AsyncIterable<unknown>) {
          observation.sent++;
          yield message;
        }
        observation.done = true;
      } catch (error) {
        observation.error = error;
        throw error;
      } finally {
        observation.end();
      }
    };
  }
  return async (request, context) => {
    const observation = begin(context);
    try {
      const response = await next(observation.count(request), context);
      observation.done = true;
      return response;
    } catch (error) {
      observation.error = error;
      throw error;
    } finally {
      observation.end();
    }
  };
}

/** Logs the line of a call that its transport refused, so that it never came to the chain. */
export function observeRefusal(
  context: CallContext,
  method: DescMethod,
  host: RpcHost,
  error: ConnectError,
): void {
  const observation = new Observation(context, method, host.calls.of(method), host);
  observation.error = error;
  observation.end();
}

class Observation {
  /** Messages of a response stream given to the transport. */
  sent = 0;
  done = false;
  error: unknown;
  readonly #context: CallContext;
  readonly #method: DescMethod;
  readonly #stats: MethodStats;
  readonly #host: RpcHost;
  readonly #started = performance.now();
  #received = 0;

  constructor(context: CallContext, method: DescMethod, stats: MethodStats, host: RpcHost) {
    this.#context = context;
    this.#method = method;
    this.#stats = stats;
    this.#host = host;
    stats.begin();
    host.begin(context.call);
  }

  /** Counts what is read of a request stream; any other request is returned as it is. */
  count(request: unknown): unknown {
    if (!streamsRequest(this.#method)) return request;
    const inner = (request as AsyncIterable<unknown>)[Symbol.asyncIterator]();
    // By hand: a generator here would cost every streamed row three more turns of the microtask queue.
    const counted: AsyncIterableIterator<unknown> = {
      [Symbol.asyncIterator]: () => counted,
      next: async () => {
        const result = await inner.next();
        if (!result.done) this.#received++;
        return result;
      },
      return: async (value?: unknown) => (await inner.return?.(value)) ?? { done: true, value },
    };
    return counted;
  }

  end(): void {
    const { call } = this.#context;
    this.#host.end(call);
    const code = this.#code();
    const durationMs = performance.now() - this.#started;
    this.#stats.end(code, durationMs / 1000);
    const level = levelOf(code, this.#method);
    const { log } = this.#host;
    if (!log.isLevelEnabled(level)) return;
    log[level](
      {
        requestId: call.requestId,
        traceId: call.traceId,
        method: call.method,
        code: codeName(code),
        durationMs: Math.round(durationMs * 100) / 100,
        actor: call.actor?.userId,
        key: call.actor?.keyId,
        peer: call.peer,
        protocol: call.protocol,
        received: streamsRequest(this.#method) ? this.#received : undefined,
        sent: streamsResponse(this.#method) ? this.sent : undefined,
        error: this.error instanceof ConnectError ? this.error.rawMessage : undefined,
      },
      "call",
    );
  }

  #code(): Code | 0 {
    if (this.done) return 0;
    if (this.error instanceof ConnectError) return this.error.code;
    // Neither done nor failed: the reader of the stream left.
    return this.#context.call.stopReason?.code ?? Code.Canceled;
  }
}

/** What an operator has to look at is an error or a warning; health checks and reflection are noise. */
function levelOf(code: Code | 0, method: DescMethod): "debug" | "info" | "warn" | "error" {
  if (code === Code.Internal || code === Code.Unknown || code === Code.DataLoss) return "error";
  if (code === Code.Unavailable || code === Code.ResourceExhausted) return "warn";
  return method.parent.typeName.startsWith("grpc.") ? "debug" : "info";
}
