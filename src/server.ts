import { createServer } from "node:http";
import { setTimeout as sleep, setImmediate as turn } from "node:timers/promises";
import { Server } from "@grpc/grpc-js";
import { Health } from "../gen/health/v1/health_pb.ts";
import { type Address, isLoopback } from "./address.ts";
import type { AccessOptions } from "./auth/access.ts";
import type { Config } from "./config.ts";
import { transportLimits } from "./limits.ts";
import type { Logger } from "./log.ts";
import type { Family } from "./metrics/family.ts";
import { pathOf } from "./rpc/call/call.ts";
import { Connections } from "./rpc/call/connections.ts";
import { methodsOf, type ProvidedService, provide } from "./rpc/call/handler.ts";
import { RpcHost } from "./rpc/call/host.ts";
import type { Listener } from "./rpc/call/listener.ts";
import { listenGrpc } from "./rpc/grpc/listen.ts";
import { explainUnknownMethods } from "./rpc/grpc/repairs.ts";
import { createGrpcServer } from "./rpc/grpc/server.ts";
import { listenHttp } from "./rpc/http/listen.ts";
import type { MetricsOptions } from "./rpc/http/metrics.ts";
import { createHttpServer } from "./rpc/http/server.ts";
import { HealthState, healthService } from "./rpc/standard/health.ts";
import { reflectionServices } from "./rpc/standard/reflection.ts";
import type { ServerTls } from "./rpc/tls/server-tls.ts";
import { serverFamilies } from "./server-metrics.ts";

/** The part of the configuration that the server needs. */
export type ServerConfig = Pick<
  Config,
  "grpc" | "http" | "corsOrigins" | "maxMessageBytes" | "defaultDeadlineSeconds" | "drainTimeoutSeconds"
> &
  Partial<Pick<Config, "maxConnections" | "console" | "consoleHosts">>;

export interface ServerOptions {
  readonly config: ServerConfig;
  /** Its health check rejects, or resolves to false, while the database cannot be used. */
  readonly database: { healthCheck(): Promise<unknown> };
  readonly services: readonly ProvidedService[];
  /** Who may call. */
  readonly access: AccessOptions;
  /** Whether the services describe themselves to tools. Default: true. */
  readonly reflection?: boolean;
  readonly log: Logger;
  /** More metrics than those of calls and the process, and who may read them. Default: no `/metrics`. */
  readonly metrics?: MetricsOptions | undefined;
  /** The TLS of both listeners, which the caller stops. Default: clear text. */
  readonly tls?: ServerTls | undefined;
}

export interface RunningServer {
  /** The bound address, with the port that was chosen for port 0. */
  readonly grpcAddress: Address;
  readonly httpAddress: Address;
  /** All metrics except those of the process itself. */
  readonly families: readonly Family[];
  /**
   * Drains and stops. Health turns NOT_SERVING, no new calls are taken, feeds end with UNAVAILABLE, running
   * calls end by themselves; those that still run near the end of the drain timeout end with UNAVAILABLE too.
   * Leaves the database alone. May be called again.
   */
  stop(): Promise<void>;
}

/**
 * Serves the services, health and reflection on both listeners.
 * @throws Error that names address and variable if an address cannot be bound; nothing is left open then
 */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const { config, database, services, access, reflection = true, log, metrics, tls } = options;
  const { maxMessageBytes, defaultDeadlineSeconds } = config;
  const defaultDeadlineMs = defaultDeadlineSeconds * 1000;
  const host = new RpcHost({ log, access, maxMessageBytes, defaultDeadlineMs });
  const health = new HealthState();
  const described = [...services.map(({ service }) => service), Health];
  const names = services.map(({ service }) => service.typeName);
  const methods = methodsOf([
    ...services,
    provide(Health, healthService(health, names)),
    ...(reflection ? reflectionServices(described) : []),
  ]);

  const look = () => probe(database, health, log);
  const paths = new Set(methods.map(({ method }) => pathOf(method)));
  const maxConnections = config.maxConnections ?? transportLimits.connections;
  const listening = { tls, maxConnections, connections: host.connections };
  const grpc = await listenGrpc(
    createGrpcServer(methods, host),
    config.grpc,
    { ...listening, log: log.child({ listener: "grpc" }) },
    (port) => explainUnknownMethods(paths, port, host),
  );
  const families = [...serverFamilies(host, health), ...(metrics?.families ?? [])];
  const http = await listenHttp(
    createHttpServer({
      methods,
      host,
      health,
      corsOrigins: config.corsOrigins,
      isLocal: isLoopback(config.http.host),
      grpcPort: grpc.address.port,
      console: config.console,
      consoleHosts: config.consoleHosts,
      metrics: metrics && { access: metrics.access, families },
      tls,
    }),
    config.http,
    { ...listening, log: log.child({ listener: "http" }) },
  ).catch(async (error: unknown) => {
    await grpc.stop(0);
    throw error;
  });
  // Only now: what cannot be bound must not call itself serving.
  await look();
  const probing = new AbortController();
  void keepLooking(look, probing.signal);

  let stopped: Promise<void> | undefined;
  return {
    grpcAddress: grpc.address,
    httpAddress: http.address,
    families,
    stop() {
      probing.abort();
      stopped ??= drain(host, health, [grpc, http], config.drainTimeoutSeconds * 1000);
      return stopped;
    },
  };
}

/**
 * Binds both addresses for a moment, so that one that is taken is found before anything is made for them.
 * @throws Error that names address and variable
 */
export async function tryAddresses({ grpc, http }: ServerConfig, log: Logger): Promise<void> {
  const listening = { tls: undefined, maxConnections: 1, connections: new Connections(), log };
  const first = await listenGrpc(new Server(), grpc, listening, () => () => undefined);
  try {
    const second = await listenHttp(createServer(), http, listening);
    await second.stop(0);
  } finally {
    await first.stop(0);
  }
}

async function drain(host: RpcHost, health: HealthState, listeners: Listener[], timeoutMs: number) {
  health.set("SHUTTING_DOWN");
  // The watchers of health send NOT_SERVING before their streams end.
  await turn();
  host.drain();
  const stopCalls = () => {
    const left = host.stopCalls();
    if (left > 0) host.log.warn({ calls: left }, "calls were ended by the shutdown");
  };
  const lastCall = setTimeout(stopCalls, Math.max(0, timeoutMs - transportLimits.abortGraceMs));
  await Promise.all(listeners.map((listener) => listener.stop(timeoutMs)));
  clearTimeout(lastCall);
  await host.access.close();
}

async function keepLooking(look: () => Promise<void>, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    // The abort ends the pause.
    await sleep(transportLimits.probeIntervalMs, undefined, { signal, ref: false }).catch(() => undefined);
    if (!signal.aborted) await look();
  }
}

async function probe(database: ServerOptions["database"], health: HealthState, log: Logger): Promise<void> {
  let failure: unknown;
  const before = health.notReady;
  try {
    const answer = await database.healthCheck();
    health.set(answer === false ? "DATABASE_UNAVAILABLE" : undefined);
  } catch (error) {
    failure = error;
    health.set("DATABASE_UNAVAILABLE");
  }
  if (health.notReady === before) return;
  if (health.notReady === undefined) log.info("the database answers; serving");
  else log.warn({ err: failure }, "the database does not answer; not serving");
}
