import type { DescMethod } from "@bufbuild/protobuf";
import { withSignal } from "../../call-scope.ts";
import type { ServiceError } from "../../errors.ts";
import type { Call } from "../call/call.ts";
import { type Handler, streamsRequest, streamsResponse } from "./chain.ts";

/**
 * Ends a call at its deadline, when its caller goes and when the server stops: the caller is answered at once, the handler's signal aborts, and
 * the queries it has running are cancelled in the database. A handler that goes on all the same speaks to nobody.
 */
export function deadline(next: Handler, method: DescMethod): Handler {
  if (streamsResponse(method)) {
    return (request, context) =>
      stoppable(() => next(request, context) as AsyncIterable<unknown>, context.call);
  }
  const watches = streamsRequest(method);
  return (request, context) => {
    const { call } = context;
    return new Promise((resolve, reject) => {
      call.onStop = reject;
      call.startTimer();
      if (watches) call.watchCaller();
      if (call.stopReason) return;
      const response = withSignal(call, () => next(request, context));
      Promise.resolve(response).then(resolve, reject);
    });
  };
}

/** The stream that `open` makes, but each wait for its next message ends when the call is stopped, even if the stream never answers. */
function stoppable(open: () => AsyncIterable<unknown>, call: Call): AsyncIterableIterator<unknown> {
  const inner = withSignal(call, () => open()[Symbol.asyncIterator]());
  let fail: ((reason: ServiceError) => void) | undefined;
  const close = () => {
    // Not awaited: a generator that hangs answers `return` only after its pending `next`.
    withSignal(call, async () => inner.return?.()).catch((error: unknown) => {
      call.log.warn({ err: error }, "a stream failed after its end");
    });
  };
  call.onStop = (reason) => {
    fail?.(reason);
    close();
  };
  call.startTimer();
  call.watchCaller();
  return {
    [Symbol.asyncIterator]() {
      return this;
    },
    next: () =>
      new Promise((resolve, reject) => {
        if (call.stopReason) return reject(call.stopReason);
        fail = reject;
        withSignal(call, () => inner.next()).then(resolve, reject);
      }),
    return: async () => {
      close();
      return { done: true, value: undefined };
    },
  };
}
