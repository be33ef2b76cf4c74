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
import { withoutQuery } from "../call/unknown-path.ts";
import { consoleFiles } from "../console/files.ts";
import { sessionRoutes } from "../console/session.ts";
import type { HealthState } from "../standard/health.ts";
import type { ServerTls } from "../tls/server-tls.ts";
import { answerJson, answerUnknown } from "./answers.ts";
import { readBody } from "./body.ts";
import { connectRouter } from "./connect.ts";
import { answerCors } from "./cors.ts";
import { foreignNames } from "./foreign.ts";
import { type MetricsOptions, metricsRoute } from "./metrics.ts";
import { exchangeOf } from "./origin.ts";

export interface HttpOptions {
  methods: readonly ProvidedMethod[];
  host: RpcHost;
  health: HealthState;
  /** Origins whose pages may call, for example `https://bench.example.org`; `*` allows all. */
  corsOrigins: readonly string[];
  /** True where only programs of this machine reach the server, so its names are known. */
  isLocal: boolean;
  /** The port of gRPC beside this one. */
  grpcPort: number;
  /** Whether there is a web console. Default: no. */
  console?: boolean | undefined;
  /** Names of hosts that are this service's, beside the usual ones. */
  consoleHosts?: readonly string[] | undefined;
  /** Undefined: there is no `/metrics`. */
  metrics?: MetricsOptions | undefined;
  /** Undefined: clear text. */
  tls?: ServerTls | undefined;
}

type Answer = (request: IncomingMessage, response: ServerResponse) => unknown;

/** Makes the HTTP/1.1 server: Connect, gRPC-Web and JSON (no bidirectional methods), health and metrics. */
export function createHttpServer(httpOptions: HttpOptions): Server {
  const { methods, host, health, corsOrigins, isLocal, metrics, tls } = httpOptions;
  const { consoleHosts: hosts = [] } = httpOptions;
  const findForeign = foreignNames({ origins: corsOrigins, hosts, tls, isLocal });
  const { handlers } = connectRouter(methods, host);
  const routes = new Map<string, Answer>([
    ["/healthz", (_, response) => answerJson(response, 200, { status: "ok" })],
    ["/readyz", (_, response) => answerReady(response, health)],
  ]);
  if (metrics && metrics.access !== "off")
    routes.set("/metrics", metricsRoute(metrics.access, metrics.families));
  const files = httpOptions.console ? consoleFiles() : undefined;
  if (files) {
    for (const [path, answer] of sessionRoutes(handlers, host, {
      port: httpOptions.grpcPort,
      tls: tls !== undefined,
    }))
      routes.set(path, answer);
    routes.set("/console", (_, response) => answerElsewhere(response, "/console/"));
    routes.set("/", (request, response) => {
      // Whoever asks without a browser learns what there is to call.
      if (request.headers.accept?.includes("text/html")) answerElsewhere(response, "/console/");
      else answerUnknown(request, response, host);
    });
  }
  for (const handler of handlers) {
    routes.set(handler.requestPath, async (request, response) => {
      clampTimeouts(request.headers);
      const { exchange, values } = exchangeOf(request);
      const started = performance.now();
      response.once("close", () => {
        // A call has its own line; this is a request that Connect refused before it became one.
        if (exchange.context) return;
        const durationMs = Math.round((performance.now() - started) * 100) / 100;
        const { peer } = exchange;
        host.log.info(
          { path: handler.requestPath, status: response.statusCode, peer, durationMs },
          "refused",
        );
      });
      const received = universalRequestFromNodeRequest(request, response, undefined, values);
      const inflated = readBody(request, received.header, handler.method, host, exchange);
      const answer = await handler({ ...received, ...inflated });
      await universalResponseToNodeResponse(answer, response);
    });
  }
  const options = {
    maxHeaderSize: transportLimits.httpHeaderBytes,
    headersTimeout: transportLimits.httpHeadersTimeoutMs,
    requestTimeout: transportLimits.requestTimeoutMs,
    keepAliveTimeout: transportLimits.httpKeepAliveMs,
  };
  const answer: RequestListener = async (request, response) => {
    discardRest(request, response);
    try {
      if (answerCors(request, response, corsOrigins)) return;
      const path = request.url?.split("?", 1)[0] ?? "";
      const foreign = findForeign(path, request.headers);
      if (foreign !== undefined) return answerForeign(response, foreign);
      const route = routes.get(path) ?? (path.startsWith("/console/") ? files : undefined);
      if (route) await route(request, response);
      else answerUnknown(request, response, host);
    } catch (error) {
      // Connect's adapter leaves these uncaught: a request without a usable Host header ends the process.
      host.log.debug({ err: error, path: withoutQuery(request.url) }, "request not answered");
      if (!response.headersSent)
        answerJson(response, 400, { code: "invalid_argument", message: "malformed request" });
      else response.destroy();
    }
  };
  // HTTP/1.1 only: Node's HTTP/2 servers limit and drain differently, and HTTP/2 has the gRPC port.
  return tls ? createTlsServer({ ...options, ...tls.options }, answer) : createServer(options, answer);
}

function answerElsewhere(response: ServerResponse, location: string): void {
  response.writeHead(302, { location, "cache-control": "no-store" }).end();
}

function answerForeign(response: ServerResponse, name: string): void {
  const own = "addresses, localhost, the names in its certificate and the hosts in LTB_CONSOLE_HOSTS";
  const message = `${JSON.stringify(name)} is no name of this service, which answers only to ${own}`;
  answerJson(response, 403, { code: "permission_denied", message });
}

function answerReady(response: ServerResponse, { notReady }: HealthState): void {
  if (notReady === undefined) answerJson(response, 200, { status: "ready" });
  else answerJson(response, 503, { status: "not_ready", reason: notReady });
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
    // A request that came whole may stay unread, by a reader that left, while the connection serves others.
    const cut = () => request.complete || socket.destroy();
    const timer = setTimeout(cut, transportLimits.httpUnreadMs).unref();
    request.once("end", () => clearTimeout(timer)).once("close", () => clearTimeout(timer));
    request.resume();
  });
}
