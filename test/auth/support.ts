import { ConnectError, createClient, type Interceptor, type Transport } from "@connectrpc/connect";
import { createConnectTransport, createGrpcTransport } from "@connectrpc/connect-node";
import { afterAll } from "vitest";
import { ErrorInfoSchema } from "../../gen/google/rpc/error_details_pb.ts";
import { AuditService } from "../../gen/ltb/v1/audit_service_pb.ts";
import { BenchmarkService } from "../../gen/ltb/v1/benchmark_service_pb.ts";
import { JobService } from "../../gen/ltb/v1/job_service_pb.ts";
import { SystemService } from "../../gen/ltb/v1/system_service_pb.ts";
import { UserService } from "../../gen/ltb/v1/user_service_pb.ts";
import { WorkerService } from "../../gen/ltb/v1/worker_service_pb.ts";
import { type DatabaseConfig, loadConfig } from "../../src/config.ts";
import { createLogger } from "../../src/log.ts";
import type { UserRole } from "../../src/principal.ts";
import { type RunningService, serve } from "../../src/serve.ts";
import { Database } from "../../src/storage.ts";
import type { Scope } from "../../src/users/scopes.ts";
import { createTestDatabase } from "../harness/postgres.ts";

/** A user with a key of its own. */
export interface Caller {
  userId: string;
  username: string;
  keyId: string;
  key: string;
}

/** The ways in: one for each listener. */
export const listeners = {
  gRPC: (service: RunningService, key?: string): Transport =>
    createGrpcTransport({
      baseUrl: `http://127.0.0.1:${service.grpcAddress.port}`,
      interceptors: key === undefined ? [] : [bearer(key)],
    }),
  HTTP: (service: RunningService, key?: string): Transport =>
    createConnectTransport({
      baseUrl: `http://127.0.0.1:${service.httpAddress.port}`,
      httpVersion: "1.1",
      interceptors: key === undefined ? [] : [bearer(key)],
    }),
};

export function bearer(key: string): Interceptor {
  return (next) => (request) => {
    request.header.set("authorization", `Bearer ${key}`);
    return next(request);
  };
}

/** Clients of every service by one key. */
export function clients(transport: Transport) {
  return {
    benchmarks: createClient(BenchmarkService, transport),
    jobs: createClient(JobService, transport),
    workers: createClient(WorkerService, transport),
    users: createClient(UserService, transport),
    audit: createClient(AuditService, transport),
    system: createClient(SystemService, transport),
  };
}

/** A database of one's own with any number of whole services on it, closed after the test file. */
export async function bench() {
  const connection = await createTestDatabase();
  const db = await Database.connect(connection);
  const services: RunningService[] = [];
  afterAll(async () => {
    await Promise.all(services.map((service) => service.stop()));
    await db.close();
  });
  let users = 0;
  const newKey = async (userId: string, scopes: readonly Scope[] = []) => {
    const made = await db.users.createApiKey({ userId, name: "test", scopes: [...scopes] });
    return { keyId: made.apiKey.id, key: made.secret ?? "" };
  };
  return {
    db,
    connection,
    async serve(settings: Record<string, string> = {}): Promise<RunningService> {
      const service = await startService(connection, settings);
      services.push(service);
      return service;
    },
    /** A new user with a new key. */
    async caller(role: UserRole, scopes: readonly Scope[] = []): Promise<Caller> {
      const username = `${role}-${++users}`;
      const { id: userId } = await db.users.create({ username, email: `${username}@example.org`, role });
      return { userId, username, ...(await newKey(userId, scopes)) };
    },
    newKey,
  };
}

async function startService(connection: DatabaseConfig, settings: Record<string, string>) {
  const env = {
    LTB_GRPC_ADDRESS: "127.0.0.1:0",
    LTB_HTTP_ADDRESS: "127.0.0.1:0",
    LTB_DRAIN_TIMEOUT: "1s",
    ...settings,
  };
  const config = {
    ...loadConfig({ env, cwd: import.meta.dirname }),
    database: { kind: "external", connection, migration: undefined, replica: undefined, listen: true },
  } as const;
  return serve(config, { log: createLogger("silent") });
}

/** How a call ended: "OK", or the reason of its error. */
export async function outcome(call: Promise<unknown>): Promise<string> {
  try {
    await call;
    return "OK";
  } catch (error) {
    if (!(error instanceof ConnectError)) throw error;
    return error.findDetails(ErrorInfoSchema)[0]?.reason ?? `${error.code} ${error.rawMessage}`;
  }
}
