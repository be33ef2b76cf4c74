import { Code, ConnectError, type HandlerContext } from "@connectrpc/connect";
import { requestTooLarge, toConnectError } from "../call/errors.ts";
import type { RpcHost } from "../call/host.ts";
import { observeRefusal } from "../middleware/observe.ts";
import { exchangeIn, openCall } from "./origin.ts";

/**
 * Makes a request gate for Connect that gives the errors of requests which never become calls (too large, no
 * JSON, an unknown compression) the details and the log line that all others have. Connect aborts a request's
 * signal with its error just before it serializes that: both are at hand only then.
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
