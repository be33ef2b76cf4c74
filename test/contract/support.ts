import { Code, ConnectError, createClient, type Transport } from "@connectrpc/connect";
import {
  createConnectTransport,
  createGrpcTransport,
  createGrpcWebTransport,
} from "@connectrpc/connect-node";
import type { Client } from "pg";
import { afterAll, beforeAll, expect } from "vitest";
import {
  BadRequestSchema,
  ErrorInfoSchema,
  RequestInfoSchema,
} from "../../gen/google/rpc/error_details_pb.ts";
import { BenchmarkService } from "../../gen/ltb/v1/benchmark_service_pb.ts";
import { SystemService } from "../../gen/ltb/v1/system_service_pb.ts";
import { createTransport } from "../../src/client/transport.ts";
import { loadConfig } from "../../src/config.ts";
import { createLogger } from "../../src/log.ts";
import type { ProvidedService } from "../../src/rpc/call/handler.ts";
import { type RunningServer, startServer } from "../../src/server.ts";
import { services } from "../../src/services.ts";
import { Database } from "../../src/storage.ts";
import { createTestDatabase, onlooker } from "../harness/postgres.ts";

/** The ways in. Every one of them has to keep the same contract. */
export const wires = ["gRPC by grpc-js", "gRPC", "Connect with JSON", "Connect, binary", "gRPC-Web"] as const;
export type Wire = (typeof wires)[number];

export const maxMessageBytes = 4 * 1024 * 1024;

/** The whole service on a database of its own, for the tests of one file. */
export function contract() {
  let server: RunningServer;
  let db: Database;
  let client: Client;
  let locker: Client;
  let provided: ProvidedService[];
  beforeAll(async () => {
    const config = await createTestDatabase();
    db = await Database.connect(config);
    client = await onlooker(config);
    locker = await onlooker(config);
    provided = services(db, loadConfig({ env: {}, cwd: "/" }));
    const free = { host: "127.0.0.1", port: 0 };
    server = await startServer({
      config: {
        grpc: free,
        http: free,
        corsOrigins: [],
        maxMessageBytes,
        defaultDeadlineSeconds: 30,
        drainTimeoutSeconds: 1,
      },
      database: db,
      services: provided,
      access: { auth: "off" },
      log: createLogger("silent"),
    });
  });
  afterAll(async () => {
    await server.stop();
    await client.end();
    await locker.end();
    await db.close();
  });

  function transport(wire: Wire): Transport {
    const httpUrl = `http://127.0.0.1:${server.httpAddress.port}`;
    if (wire === "gRPC by grpc-js") {
      const address = `127.0.0.1:${server.grpcAddress.port}`;
      return createTransport({ address, timeoutMs: 0, interceptors: [] });
    }
    if (wire === "gRPC")
      return createGrpcTransport({ baseUrl: `http://127.0.0.1:${server.grpcAddress.port}` });
    if (wire === "gRPC-Web") return createGrpcWebTransport({ baseUrl: httpUrl, httpVersion: "1.1" });
    return createConnectTransport({
      baseUrl: httpUrl,
      httpVersion: "1.1",
      useBinaryFormat: wire === "Connect, binary",
    });
  }
  return {
    transport,
    benchmarks: (wire: Wire) => createClient(BenchmarkService, transport(wire)),
    system: (wire: Wire) => createClient(SystemService, transport(wire)),
    get services() {
      return provided;
    },
    /** One round of what every server does by itself. */
    maintain: () => db.maintain(),
    /** A connection beside the service's, to look on. */
    get database() {
      return client;
    },
    /**
     * Lets nobody read or write a table until `unlock`. On a connection of its own: within a transaction the
     * view of what runs stands still.
     */
    lock: (table: string) => locker.query(`begin; lock table ${table} in access exclusive mode`),
    unlock: () => locker.query("rollback"),
  };
}

export const sample = { name: "GPT-4 Test", provider: "openai", model: "gpt-4", dataset: "mmlu" };

interface Expected {
  code: Code;
  reason: string;
  /** Of the BadRequest, each with a text that its description has to contain. */
  fields?: readonly (string | readonly [string, string])[];
  metadata?: Record<string, string>;
}

/** Expects a call to fail with this code, this reason and these wrong fields. */
export async function expectFailure(
  call: Promise<unknown>,
  { code, reason, fields, metadata }: Expected,
): Promise<void> {
  const error = await call.then(
    (value) => {
      throw new Error(
        `expected a failure, got ${JSON.stringify(value, (_, x) => (typeof x === "bigint" ? `${x}` : x))}`,
      );
    },
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof ConnectError)) throw error;
  expect(`${Code[error.code]}: ${error.rawMessage}`).toMatch(new RegExp(`^${Code[code]}: `));
  const [info] = error.findDetails(ErrorInfoSchema);
  expect(info).toMatchObject({ reason, domain: "llm-test-bench", ...(metadata && { metadata }) });
  const violations = error.findDetails(BadRequestSchema).flatMap(({ fieldViolations }) => fieldViolations);
  const wanted = (fields ?? []).map((field) => (typeof field === "string" ? ([field, ""] as const) : field));
  expect(violations).toMatchObject(
    wanted.map(([field, text]) => ({ field, description: expect.stringContaining(text) })),
  );
  expect(error.findDetails(RequestInfoSchema)[0]?.requestId).not.toBe("");
}
