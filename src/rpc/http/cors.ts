import type { IncomingMessage, ServerResponse } from "node:http";
import { cors } from "@connectrpc/connect";
import { transportLimits } from "../../limits.ts";
import { readHeader } from "../middleware/read-from.ts";

const allowedMethods = cors.allowedMethods.join(", ");
const allowedHeaders = [...cors.allowedHeaders, "authorization", "x-request-id", readHeader].join(", ");
const exposedHeaders = [...cors.exposedHeaders, "x-request-id", readHeader, `trailer-${readHeader}`].join(
  ", ",
);

/**
 * Sets the CORS headers for pages of the allowed origins (`*` allows all) and answers preflights. Pages of
 * other origins get no such header, which makes the browser refuse.
 * @returns true if the request was a preflight and is answered.
 */
export function answerCors(
  request: IncomingMessage,
  response: ServerResponse,
  origins: readonly string[],
): boolean {
  const { origin } = request.headers;
  const preflight =
    request.method === "OPTIONS" && request.headers["access-control-request-method"] !== undefined;
  if (origins.length > 0) response.setHeader("vary", "origin");
  if (origin !== undefined && (origins.includes(origin) || origins.includes("*"))) {
    response.setHeader("access-control-allow-origin", origin);
    response.setHeader("access-control-expose-headers", exposedHeaders);
    if (preflight) {
      response.setHeader("access-control-allow-methods", allowedMethods);
      response.setHeader("access-control-allow-headers", allowedHeaders);
      response.setHeader("access-control-max-age", transportLimits.corsMaxAgeSeconds);
    }
  }
  if (preflight) response.writeHead(204).end();
  return preflight;
}
