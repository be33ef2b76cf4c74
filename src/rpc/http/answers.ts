import type { IncomingMessage, ServerResponse } from "node:http";
import { codeName } from "../../errors.ts";
import { encodeStatus, richStatus } from "../call/errors.ts";
import type { RpcHost } from "../call/host.ts";
import { refuseUnknownPath } from "../call/unknown-path.ts";
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
  // As Connect spells its errors, so that its clients see UNIMPLEMENTED for a method that does not exist.
  answerJson(response, 404, {
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
