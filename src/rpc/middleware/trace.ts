import { Code } from "@connectrpc/connect";
import { codeName } from "../../errors.ts";
import { activeTracing, type Failure } from "../../tracing/tracing.ts";
import type { Middleware } from "./hooks.ts";

/** Makes each call a span if traces are exported when the server starts. Health and reflection are noise. */
export const trace: Middleware = ({ parent: { typeName: service }, name: method }) => {
  const tracing = activeTracing();
  if (!tracing || service.startsWith("grpc.")) return undefined;
  return {
    start({ call }) {
      const { protocol, peer, requestId } = call;
      const header = (name: string) => call.header(name);
      call.scope.span = tracing.beginCall({ service, method, protocol, peer, requestId, header });
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
