import type { DescMethod } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { codeName } from "../../errors.ts";
import type { Call } from "../call/call.ts";
import type { RpcHost } from "../call/host.ts";
import type { Middleware, Outcome } from "./hooks.ts";

/** Counts the call and logs one line when it has ended. */
export const observe: Middleware = (method, host) => {
  const stats = host.calls.of(method);
  return {
    start({ call }) {
      stats.begin();
      host.begin(call);
      return undefined;
    },
    end({ call }, outcome) {
      host.end(call);
      stats.end(outcome.code, call.durationMs / 1000);
      logCall(call, method, host, outcome);
    },
  };
};

function logCall(call: Call, method: DescMethod, { log }: RpcHost, { code, error }: Outcome): void {
  const level = levelOf(code, method);
  if (!log.isLevelEnabled(level)) return;
  const { methodKind } = method;
  const isBidi = methodKind === "bidi_streaming";
  log[level](
    {
      requestId: call.requestId,
      traceId: call.scope.span?.place.traceId,
      method: call.method,
      code: code === 0 ? "OK" : codeName(code),
      durationMs: Math.round(call.durationMs * 100) / 100,
      actor: call.actor?.userId,
      key: call.actor?.keyId,
      peer: call.peer,
      protocol: call.protocol,
      received: methodKind === "client_streaming" || isBidi ? call.received : undefined,
      sent: methodKind === "server_streaming" || isBidi ? call.sent : undefined,
      error: error instanceof ConnectError ? error.rawMessage : undefined,
    },
    "call",
  );
}

/** Gives warnings and errors where an operator has to look; health checks and reflection are noise. */
function levelOf(code: Code | 0, method: DescMethod): "debug" | "info" | "warn" | "error" {
  if (code === Code.Internal || code === Code.Unknown || code === Code.DataLoss) return "error";
  if (code === Code.Unavailable || code === Code.ResourceExhausted) return "warn";
  return method.parent.typeName.startsWith("grpc.") ? "debug" : "info";
}
