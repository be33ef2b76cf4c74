import type { DescMethod } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { withSpan } from "../../call-scope.ts";
import { activeTracing, type Failure, type Span, type Tracing } from "../../tracing/tracing.ts";
import { codeName } from "../call/codes.ts";
import type { CallContext } from "../call/context.ts";
import { type Handler, streamsResponse } from "./chain.ts";

/** Makes each call a span, where traces are exported when the server starts. Health checks and reflection are noise. */
export function trace(next: Handler, method: DescMethod): Handler {
  const tracing = activeTracing();
  if (!tracing || method.parent.typeName.startsWith("grpc.")) return next;
  const begin = (context: CallContext) => beginSpan(tracing, method, context);
  if (streamsResponse(method)) {
    return async function* (request, context) {
      const span = begin(context);
      const run = <T>(work: () => T) => withSpan(span, work);
      const messages = run(() => (next(request, context) as AsyncIterable<unknown>)[Symbol.asyncIterator]());
      // Whoever leaves the stream early is its reader.
      let failure: Failure | undefined = failureOf(context.call.stopReason, Code.Canceled);
      try {
        for (;;) {
          const { value, done } = await run(() => messages.next());
          if (done) {
            failure = undefined;
            return;
          }
          yield value;
        }
      } catch (error) {
        failure = failureOf(error);
        throw error;
      } finally {
        await messages.return?.();
        span.end(failure);
      }
    };
  }
  return async (request, context) => {
    const span = begin(context);
    try {
      const response = await withSpan(span, () => next(request, context));
      span.end();
      return response;
    } catch (error) {
      span.end(failureOf(error));
      throw error;
    }
  };
}

function beginSpan(tracing: Tracing, { parent, name }: DescMethod, { call }: CallContext): Span {
  const { protocol, peer, requestId } = call;
  const span = tracing.beginCall({
    service: parent.typeName,
    method: name,
    protocol,
    peer,
    requestId,
    header: (key) => call.header(key),
  });
  call.traceId = span.place.traceId;
  return span;
}

/** As https://opentelemetry.io/docs/specs/semconv/rpc/grpc/ has it for servers: what was wrong with the request is no error of theirs. */
const ownFaults = [
  Code.Unknown,
  Code.DeadlineExceeded,
  Code.Unimplemented,
  Code.Internal,
  Code.Unavailable,
  Code.DataLoss,
];

function failureOf(error: unknown, otherwise = Code.Unknown): Failure {
  const code = error instanceof ConnectError ? error.code : otherwise;
  return { type: codeName(code), code, isError: ownFaults.includes(code) };
}
