import type { MessageInitShape } from "@bufbuild/protobuf";
import { ConnectError, createClient, type HandlerContext, type Transport } from "@connectrpc/connect";
import {
  createConnectTransport,
  createGrpcTransport,
  createGrpcWebTransport,
} from "@connectrpc/connect-node";
import { onTestFinished } from "vitest";
import { ErrorInfoSchema } from "../../gen/google/rpc/error_details_pb.ts";
import {
  BenchmarkService,
  type ExportEvaluationsResponseSchema,
  type GetBenchmarkResponseSchema,
  type StreamEvaluationsRequest,
} from "../../gen/ltb/v1/benchmark_service_pb.ts";
import { SystemService } from "../../gen/ltb/v1/system_service_pb.ts";
import { formatAddress } from "../../src/address.ts";
import { createLogger, type Logger } from "../../src/log.ts";
import { provide } from "../../src/rpc/call/handler.ts";
import type { MetricsOptions } from "../../src/rpc/http/metrics.ts";
import type { ServerTls } from "../../src/rpc/tls/server-tls.ts";
import { type ServerConfig, startServer } from "../../src/server.ts";
import { eventually } from "../harness/waiting.ts";

type BenchmarkReply = MessageInitShape<typeof GetBenchmarkResponseSchema>;
type ExportReply = MessageInitShape<typeof ExportEvaluationsResponseSchema>;

/** The begin of a connection of HTTP/2, with empty settings. */
export const greeting = `PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n${"\0\0\0\x04\0\0\0\0\0"}`;

/** What a test lets the methods do; each gets the handler's context. */
export interface Behaviour {
  get?: (id: string, context: HandlerContext) => Promise<BenchmarkReply> | BenchmarkReply;
  collect?: (
    requests: AsyncIterable<StreamEvaluationsRequest>,
    context: HandlerContext,
  ) => Promise<{ received: number }>;
  export?: (id: string, context: HandlerContext) => AsyncIterable<ExportReply>;
}

export type LogLine = {
  level: string;
  msg: string;
  code?: string;
  method?: string;
  requestId?: string;
  [key: string]: unknown;
};

/** A server on free ports with the behaviour of one test, stopped at the test's end. */
export async function serve(
  behaviour: Behaviour = {},
  config: Partial<ServerConfig> = {},
  tls?: (log: Logger) => Promise<ServerTls>,
  metrics: MetricsOptions = { access: "open", families: [] },
) {
  const log: LogLine[] = [];
  const database = { healthy: true, healthCheck: async () => database.healthy };
  const { get, collect, export: stream } = behaviour;
  const logger = createLogger("debug", { write: (line) => log.push(JSON.parse(line)) });
  const secured = await tls?.(logger);
  const server = await startServer({
    config: {
      grpc: { host: "127.0.0.1", port: 0 },
      http: { host: "127.0.0.1", port: 0 },
      corsOrigins: [],
      maxMessageBytes: 64 * 1024,
      defaultDeadlineSeconds: 10,
      drainTimeoutSeconds: 2,
      ...config,
    },
    database,
    services: [
      provide(SystemService, { getInfo: () => ({ version: "1.2.3" }) }),
      provide(BenchmarkService, {
        ...(get && { getBenchmark: ({ id }, context) => get(id, context) }),
        ...(collect && { streamEvaluations: collect }),
        ...(stream && { exportEvaluations: ({ benchmarkId }, context) => stream(benchmarkId, context) }),
      }),
    ],
    access: { auth: "off" },
    log: logger,
    metrics,
    tls: secured,
  });
  onTestFinished(async () => {
    secured?.stop();
    await server.stop();
  });
  return {
    ...server,
    database,
    log,
    grpcTarget: formatAddress(server.grpcAddress),
    httpUrl: `${secured ? "https" : "http"}://${formatAddress(server.httpAddress)}`,
    /** The line that a call left, once it is there. */
    async callLine(method: string): Promise<LogLine> {
      return eventually(() => log.find((line) => line.msg === "call" && line.method?.endsWith(method)));
    },
  };
}

export type TestServer = Awaited<ReturnType<typeof serve>>;

/** The ways in: every one of them has to behave alike. */
export const wires: Record<string, (server: TestServer) => Transport> = {
  gRPC: ({ grpcTarget }) => createGrpcTransport({ baseUrl: `http://${grpcTarget}` }),
  "gRPC-Web": ({ httpUrl }) => createGrpcWebTransport({ baseUrl: httpUrl, httpVersion: "1.1" }),
  "Connect, binary": ({ httpUrl }) =>
    createConnectTransport({ baseUrl: httpUrl, httpVersion: "1.1", useBinaryFormat: true }),
  "Connect, JSON": ({ httpUrl }) =>
    createConnectTransport({ baseUrl: httpUrl, httpVersion: "1.1", useBinaryFormat: false }),
};

export const benchmarks = (transport: Transport) => createClient(BenchmarkService, transport);

/**
 * Options of a call whose deadline only the service is told, in half a second. What ends it is then not a
 * matter of which of two clocks is seen first.
 */
export const deadlineOfService = { headers: { "grpc-timeout": "500m", "connect-timeout-ms": "500" } };

/** The error that a call ends with. */
export async function failure(call: Promise<unknown>): Promise<ConnectError> {
  const outcome = await call.then(
    (value) => value,
    (error: unknown) => error,
  );
  if (outcome instanceof ConnectError) return outcome;
  throw new Error(`expected the call to fail, got ${JSON.stringify(outcome)}`);
}

export const reasonOf = (error: ConnectError) => error.findDetails(ErrorInfoSchema)[0]?.reason;

/** Waits for the abort of a handler's signal and throws its reason. */
export async function untilAborted({ signal }: HandlerContext): Promise<never> {
  if (!signal.aborted) await new Promise((resolve) => signal.addEventListener("abort", resolve));
  throw signal.reason;
}
