import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
} from "node:http";
import { createServer as createTlsServer } from "node:https";
import { universalRequestFromNodeRequest, universalResponseToNodeResponse } from "@connectrpc/connect-node";
import { transportLimits } from "../../limits.ts";
import { clampTimeouts } from "../call/call.ts";
import type { ProvidedMethod } from "../call/handler.ts";
import type { RpcHost } from "../call/host.ts";
import type { HealthState } from "../standard/health.ts";
import type { ServerTls } from "../tls/server-tls.ts";
import { answerJson, answerUnknown } from "./answers.ts";
import { connectRouter } from "./connect.ts";
import { answerCors } from "./cors.ts";
import { type MetricsOptions, metricsRoute } from "./metrics.ts";
import { exchangeOf } from "./origin.ts";

export interface HttpOptions {
  methods: readonly ProvidedMethod[];
  host: RpcHost;
  health: HealthState;
  /** Origins whose pages may call, for example `https://bench.example.org`; `*` allows all. */
  corsOrigins: readonly string[];
  /** Undefined: there is no `/metrics`. */
  metrics?: MetricsOptions | undefined;
  /** Undefined: clear text. */
  tls?: ServerTls | undefined;
}

type Answer = (request: IncomingMessage, response: ServerResponse) => unknown;

/** Makes the HTTP/1.1 server: Connect, gRPC-Web and JSON (no bidirectional methods), health and metrics. */
export function createHttpServer({ methods, host, health, corsOrigins, metrics, tls }: HttpOptions): Server {
  const routes = new Map<string, Answer>([
    ["/healthz", (_, response) => answerJson(response, 200, { status: "ok" })],
    ["/readyz", (_, response) => answerReady(response, health)],
  ]);
  if (metrics && metrics.access !== "off")
    routes.set("/metrics", metricsRoute(metrics.access, metrics.families));
  for (const handler of connectRouter(methods, host).handlers) {
    routes.set(handler.requestPath, async (request, response) => {
      clampTimeouts(request.headers);
      const { exchange, values } = exchangeOf(request);
      const started = performance.now();
      response.once("close", () => {
        // A call has its own line; this is a request that Connect refused before it became one.
        if (exchange.call) return;
        const durationMs = Math.round((performance.now() - started) * 100) / 100;
        host.log.info(
          { path: request.url, status: response.statusCode, peer: exchange.peer, durationMs },
          "refused",
        );
      });
      const received = universalRequestFromNodeRequest(request, response, undefined, values);
      const answer = await handler({ ...received, body: bodyOf(request) });
      await universalResponseToNodeResponse(answer, response);
    });
  }
  const options = {
    maxHeaderSize: transportLimits.httpHeaderBytes,
    headersTimeout: transportLimits.httpHeadersTimeoutMs,
    requestTimeout: transportLimits.httpRequestTimeoutMs,
    keepAliveTimeout: transportLimits.httpKeepAliveMs,
  };
  const answer: RequestListener = async (request, response) => {
    discardRest(request, response);
    try {
      if (answerCors(request, response, corsOrigins)) return;
      const route = routes.get(request.url?.split("?", 1)[0] ?? "");
      if (route) await route(request, response);
      else answerUnknown(request, response, host);
    } catch (error) {
      // Connect's adapter leaves these uncaught: a request without a usable Host header ends the process.
      host.log.debug({ err: error, path: request.url }, "request not answered");
      if (!response.headersSent)
        answerJson(response, 400, { code: "invalid_argument", message: "malformed request" });
      else response.destroy();
    }
  };
  // HTTP/1.1 only: Node's HTTP/2 servers limit and drain differently, and HTTP/2 has the gRPC port.
  return tls ? createTlsServer({ ...options, ...tls.options }, answer) : createServer(options, answer);
}

function answerReady(response: ServerResponse, { notReady }: HealthState): void {
  if (notReady === undefined) answerJson(response, 200, { status: "ready" });
  else answerJson(response, 503, { status: "not_ready", reason: notReady });
}

/**
 * The body of a request for one reader, who may leave it early. Node's own iteration destroys the request
 * then, and the next one on the connection is never read (https://github.com/nodejs/node/issues/38262). This
 * can go once connect-node reads requests without destroying them.
 */
export function bodyOf(request: IncomingMessage): AsyncIterable<Uint8Array> {
  return request.iterator({ destroyOnReturn: false });
}

/**
 * Throws away the part of a request that comes after its answer, so that the client, which may still be
 * sending, gets to read the answer. A request that does not end in time loses its connection. This can go
 * once Node reads such requests to their end by itself.
 */
export function discardRest(request: IncomingMessage, response: ServerResponse): void {
  const { socket } = request;
  response.once("finish", () => {
    if (request.readableEnded) return;
    const timer = setTimeout(() => socket.destroy(), transportLimits.httpUnreadMs).unref();
    request.once("end", () => clearTimeout(timer)).once("close", () => clearTimeout(timer));
    request.resume();
  });
}
