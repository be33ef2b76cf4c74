import type { IncomingMessage, ServerResponse } from "node:http";
import type { ConnectError } from "@connectrpc/connect";
import { codeToHttpStatus } from "@connectrpc/connect/protocol-connect";
import { codeName, type ServiceError } from "../../errors.ts";
import { requestIdOf } from "../call/call.ts";
import { encodeStatus, richStatus, toConnectError } from "../call/errors.ts";
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
      "grpc-status-details-bin": base64(encodeStatus(error)),
    });
    response.end();
    return;
  }
  // Connect's clients see UNIMPLEMENTED for a method that does not exist.
  answerError(response, 404, error);
}

/** Refuses a request that is no call, and logs that. */
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
  answerError(response, codeToHttpStatus(refusal.code), toConnectError(refusal, { requestId, log }));
}

/** Answers an error as Connect spells it. */
function answerError(response: ServerResponse, status: number, error: ConnectError): void {
  answerJson(response, status, {
    code: codeName(error.code).toLowerCase(),
    message: error.rawMessage,
    details: richStatus(error).details.map(({ typeUrl, value }) => ({
      type: typeUrl.slice(typeUrl.lastIndexOf("/") + 1),
      value: base64(value),
    })),
  });
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("base64").replace(/=+$/, "");
}

/** Answers with a JSON document that nobody may cache. */
export function answerJson(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { "content-type": "application/json", "cache-control": "no-store" });
  response.end(JSON.stringify(body));
}
