import { Code, ConnectError, type HandlerContext } from "@connectrpc/connect";
import { toConnectError } from "../call/errors.ts";
import type { RpcHost } from "../call/host.ts";
import { requestTooLarge } from "../call/too-large.ts";
import { observeRefusal } from "../middleware/observe.ts";
import { exchangeIn, openCall } from "./origin.ts";

/**
 * A request gate for Connect that gives the errors of requests which never become calls (too large, no JSON, an unknown compression) the details
 * and the log line that all others have. Connect aborts a request's signal with its error just before it serializes that: both are at hand only then.
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
  const context = openCall(outer, outer.method, host);
  const explained = toConnectError(ownError(error, host), context.call);
  observeRefusal(context, outer.method, host, explained);
  adopt(error, explained);
}

/** Our error instead of Connect's for a message that is too large. */
function ownError(error: unknown, { maxMessageBytes }: RpcHost): unknown {
  const tooLarge = error instanceof ConnectError && error.code === Code.ResourceExhausted;
  return tooLarge ? requestTooLarge(maxMessageBytes) : error;
}

function adopt(error: ConnectError, { message, rawMessage, details }: ConnectError): void {
  Object.assign(error, { message, rawMessage, details });
}

/** The messages of a request stream; one that is too large ends it with our error instead of Connect's. */
export function refusingTooLarge(requests: AsyncIterable<unknown>, host: RpcHost): AsyncIterable<unknown> {
  const inner = requests[Symbol.asyncIterator]();
  const refusing: AsyncIterableIterator<unknown> = {
    [Symbol.asyncIterator]: () => refusing,
    next: () =>
      inner.next().catch((error: unknown) => {
        throw ownError(error, host);
      }),
    return: async (value?: unknown) => (await inner.return?.(value)) ?? { done: true, value },
  };
  return refusing;
}
