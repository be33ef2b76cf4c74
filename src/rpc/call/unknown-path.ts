import type { IncomingHttpHeaders } from "node:http";
import { Code, type ConnectError } from "@connectrpc/connect";
import { codeName, ServiceError } from "../../errors.ts";
import { transportLimits } from "../../limits.ts";
import { requestIdOf } from "./call.ts";
import { toConnectError } from "./errors.ts";
import type { RpcHost } from "./host.ts";

interface UnknownRequest {
  path: string;
  /** POST is meant for a method, anything else for a page. */
  httpMethod: string;
  headers: IncomingHttpHeaders;
  peer: string;
}

/** Logs a request to a path of no method. Its error is UNIMPLEMENTED, or NOT_FOUND for a page. */
export function refuseUnknownPath(
  { path, httpMethod, headers, peer }: UnknownRequest,
  { log, calls }: RpcHost,
): { requestId: string; error: ConnectError } {
  calls.unknown++;
  const requestId = requestIdOf(headers["x-request-id"]?.toString());
  const shown = path.slice(0, transportLimits.unknownPathLength);
  const reason =
    httpMethod === "POST"
      ? new ServiceError(Code.Unimplemented, "UNIMPLEMENTED", `there is no method ${shown}`)
      : new ServiceError(Code.NotFound, "NOT_FOUND", `there is nothing at ${shown}`);
  log.info({ requestId, path: withoutQuery(shown), code: codeName(reason.code), peer }, "refused");
  return { requestId, error: toConnectError(reason, { requestId, log }) };
}

/** The path of a URL for the log. A query may hold a whole message, which belongs to nobody else. */
export function withoutQuery(url = ""): string {
  return url.replace(/\?.*$/s, "").slice(0, transportLimits.unknownPathLength);
}
