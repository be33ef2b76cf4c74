import { Code } from "@connectrpc/connect";
import { codeName } from "../../errors.ts";
import { activeTracing, type Failure } from "../../tracing/tracing.ts";
import type { Middleware } from "./hooks.ts";

/** Makes each call a span if traces are exported when the server starts. Health and reflection are noise. */
export const trace: Middleware = ({ parent, name }) => {
  const tracing = activeTracing();
  if (!tracing || parent.typeName.startsWith("grpc.")) return undefined;
  return {
    start({ call }) {
      const { protocol, peer, requestId } = call;
      call.scope.span = tracing.beginCall({
        service: parent.typeName,
        method: name,
        protocol,
        peer,
        requestId,
        header: (key) => call.header(key),
      });
      return undefined;
    },
    end({ call }, { code }) {
      call.scope.span?.end(code === 0 ? undefined : failureOf(code));
    },
  };
};

/** Codes of failures that are the server's own (https://opentelemetry.io/docs/specs/semconv/rpc/grpc/). */
const ownFaults = [
  Code.Unknown,
  Code.DeadlineExceeded,
  Code.Unimplemented,
  Code.Internal,
  Code.Unavailable,
  Code.DataLoss,
];

function failureOf(code: Code): Failure {
  return { type: codeName(code), code, isError: ownFaults.includes(code) };
}
