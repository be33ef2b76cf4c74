import type { IncomingMessage, ServerResponse } from "node:http";
import { codeToHttpStatus, errorToJson } from "@connectrpc/connect/protocol-connect";
import { codeName, type ServiceError } from "../../errors.ts";
import { requestIdOf } from "../call/call.ts";
import { encodeStatus, toConnectError } from "../call/errors.ts";
import type { RpcHost } from "../call/host.ts";
import { refuseUnknownPath, withoutQuery } from "../call/unknown-path.ts";
import { exchangeOf } from "./origin.ts";

/** Answers a request to an unknown path in its protocol: gRPC-Web, or Connect, which people can read too. */
export function answerUnknown(request: IncomingMessage, response: ServerResponse, host: RpcHost): void {
  const { url: path = "", method: httpMethod = "", headers } = request;
  const { peer } = exchangeOf(request).exchange;
  const { requestId, error } = refuseUnknownPath({ path, httpMethod, headers, peer }, host);
  response.setHeader("x-request-id", requestId);
  const contentType = headers["content-type"] ?? "";
  if (contentType.startsWith("application/grpc-web")) {
    response.writeHead(200, {
      "content-type": contentType,
      "grpc-status": error.code,
      "grpc-message": encodeURIComponent(error.rawMessage),
      "grpc-status-details-bin": encodeStatus(error).toString("base64").replace(/=+$/, ""),
    });
    response.end();
    return;
  }
  // Connect's clients see UNIMPLEMENTED for a method that does not exist.
  answerJson(response, 404, errorToJson(error, undefined));
}

/** Refuses a request that is no call, as Connect spells errors, and logs that. */
export function answerRefusal(
  request: IncomingMessage,
  response: ServerResponse,
  { log }: RpcHost,
  refusal: ServiceError,
): void {
  const requestId = requestIdOf(request.headers["x-request-id"]?.toString());
  const { peer } = exchangeOf(request).exchange;
  const code = codeName(refusal.code);
  log.info({ requestId, path: withoutQuery(request.url), code, reason: refusal.reason, peer }, "refused");
  response.setHeader("x-request-id", requestId);
  const error = toConnectError(refusal, { requestId, log });
  answerJson(response, codeToHttpStatus(refusal.code), errorToJson(error, undefined));
}

/** Answers with a JSON document that nobody may cache. */
export function answerJson(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { "content-type": "application/json", "cache-control": "no-store" });
  response.end(JSON.stringify(body));
}
