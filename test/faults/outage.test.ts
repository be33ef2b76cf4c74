import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type DescMethod, type DescService, fromJson } from "@bufbuild/protobuf";
import { Code, ConnectError, type Transport } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ErrorInfoSchema, RetryInfoSchema } from "../../gen/google/rpc/error_details_pb.ts";
import { AuditService } from "../../gen/ltb/v1/audit_service_pb.ts";
import { BenchmarkService } from "../../gen/ltb/v1/benchmark_service_pb.ts";
import { JobService } from "../../gen/ltb/v1/job_service_pb.ts";
import { SystemService } from "../../gen/ltb/v1/system_service_pb.ts";
import { UserService } from "../../gen/ltb/v1/user_service_pb.ts";
import { WorkerService } from "../../gen/ltb/v1/worker_service_pb.ts";
import { exampleBodies } from "../../src/cli/grpcurl/example-bodies.ts";
import { loadConfig } from "../../src/config.ts";
import { createLogger } from "../../src/log.ts";
import { type RunningService, serve } from "../../src/serve.ts";
import { Database } from "../../src/storage.ts";
import { bearer } from "../auth/support.ts";
import { start as launch } from "../cli/support.ts";
import { proxyTo } from "../database/proxy.ts";
import { run } from "../database/support.ts";
import { temporaryFolder } from "../harness/folder.ts";
import { eventually } from "../harness/waiting.ts";
import { type OwnPostgres, startOwnPostgres } from "./postgres.ts";
import { startStandby } from "./standby.ts";

let postgres: OwnPostgres;
let service: RunningService;
let guarded: RunningService;
let key: string;
const folder = temporaryFolder();
beforeAll(async () => {
  await writeFile(join(folder, "audit.key"), "0".repeat(64), { mode: 0o600 });
  postgres = await startOwnPostgres();
  const db = await Database.connect(postgres.config);
  const { id } = await db.users.create({ username: "a", email: "a@example.org", role: "admin" });
  ({ secret: key = "" } = await db.users.createApiKey({ userId: id, name: "a" }));
  await db.close();
  service = await startService({ LTB_AUTH: "off" });
  guarded = await startService();
});
afterAll(async () => {
  await Promise.all([service.stop(), guarded.stop()]);
  await postgres.end();
});

function startService(settings: Record<string, string> = {}): Promise<RunningService> {
  const env = {
    DATABASE_URL: postgres.url,
    LTB_GRPC_ADDRESS: "127.0.0.1:0",
    LTB_HTTP_ADDRESS: "127.0.0.1:0",
    LTB_DRAIN_TIMEOUT: "1s",
    LTB_AUDIT_KEY_FILE: join(folder, "audit.key"),
    ...settings,
  };
  return serve(loadConfig({ env, cwd: import.meta.dirname }), { log: createLogger("silent") });
}

function transportTo({ grpcAddress }: RunningService, apiKey?: string): Transport {
  return createGrpcTransport({
    baseUrl: `http://127.0.0.1:${grpcAddress.port}`,
    interceptors: apiKey === undefined ? [] : [bearer(apiKey)],
    defaultTimeoutMs: 20_000,
  });
}

const services: DescService[] = [
  BenchmarkService,
  JobService,
  WorkerService,
  UserService,
  AuditService,
  SystemService,
];
const methods = services
  .flatMap((one) => one.methods)
  .map((method): [string, DescMethod] => [`${method.parent.name}/${method.name}`, method]);
const methodNamed = (name: string): DescMethod => {
  const found = methods.find(([own]) => own === name);
  if (!found) throw new Error(`no method ${name}`);
  return found[1];
};

/** Makes the call that the command line shows as its example, and tells how it ended. */
async function outcomeOf(
  transport: Transport,
  name: string,
): Promise<{ code: string; reason?: string; retry?: boolean }> {
  const method = methodNamed(name);
  const message = fromJson(method.input, exampleBodies[name] ?? {});
  try {
    if (method.methodKind === "unary") {
      await transport.unary(method as never, undefined, undefined, undefined, message as never);
    } else {
      const only = (async function* () {
        yield message;
      })();
      const { message: answers } = await transport.stream(
        method as never,
        undefined,
        0,
        undefined,
        only as never,
      );
      for await (const _ of answers) if (/Watch/.test(name)) break;
    }
    return { code: "OK" };
  } catch (error) {
    const failure = ConnectError.from(error);
    const [info] = failure.findDetails(ErrorInfoSchema);
    return {
      code: Code[failure.code] ?? "",
      ...(info && { reason: info.reason }),
      retry: failure.findDetails(RetryInfoSchema).length > 0,
    };
  }
}

const isReady = async ({ httpAddress }: RunningService) =>
  (await fetch(`http://127.0.0.1:${httpAddress.port}/readyz`)).status === 200;
const unavailable = { code: "Unavailable", reason: "DATABASE_UNAVAILABLE", retry: true };
/** Answered without the database, or not made yet. */
const elsewise: Record<string, string> = {
  "UserService/WhoAmI": "OK",
  "SystemService/GetInfo": "OK",
  "UserService/Logout": "FailedPrecondition",
  // Nobody brings a key here.
  "UserService/CreateLoginCode": "FailedPrecondition",
};

describe("while PostgreSQL is away", () => {
  let openClaim: Promise<{ code: string }>;
  beforeAll(async () => {
    const transport = transportTo(service);
    for (const name of ["BenchmarkService/CreateBenchmark", "WorkerService/RegisterWorker"])
      expect(await outcomeOf(transport, name)).toEqual({ code: "OK" });
    // Known by now, so that it is good for some seconds more.
    expect(await outcomeOf(transportTo(guarded, key), "UserService/WhoAmI")).toEqual({ code: "OK" });
    openClaim = outcomeOf(transport, "JobService/ClaimJobs");
    await postgres.crash();
    return async () => {
      await postgres.start();
    };
  });

  test.each(methods)("%s is refused as UNAVAILABLE, with the time to try again", async (name) => {
    const outcome = await outcomeOf(transportTo(service), name);
    if (outcome.code === "Unimplemented") return;
    expect(outcome).toMatchObject(elsewise[name] ? { code: elsewise[name] } : unavailable);
  });

  test("a claim that waits is answered", async () => {
    const { code } = await openClaim;
    expect(["OK", "Unavailable"]).toContain(code);
  });

  test("a known key is taken and one that is not is refused in the same way", async () => {
    for (const given of [key, `ltb_${"x".repeat(12)}_${"y".repeat(43)}`, key.replace(/.$/, "_")]) {
      const outcome = await outcomeOf(transportTo(guarded, given), "JobService/ListJobs");
      if (outcome.reason !== "CREDENTIAL_INVALID" || given === key)
        expect(outcome).toMatchObject(unavailable);
    }
  });

  test("the service is alive and not ready", async () => {
    await expect.poll(() => isReady(service)).toBe(false);
    expect((await fetch(`http://127.0.0.1:${service.httpAddress.port}/healthz`)).status).toBe(200);
  });
});

test("afterwards it serves again by itself", async () => {
  await expect.poll(() => isReady(service)).toBe(true);
  for (const one of [transportTo(service), transportTo(guarded, key)])
    await expect.poll(() => outcomeOf(one, "JobService/ListJobs")).toEqual({ code: "OK" });
  expect(await outcomeOf(transportTo(service), "BenchmarkService/ListEvaluations")).toEqual({ code: "OK" });
});

test("a standby at the primary's address serves reads, writes are UNAVAILABLE; promoted, it takes all", async () => {
  const standby = await startStandby(postgres);
  await using _ = { [Symbol.asyncDispose]: () => standby.end() };
  const transport = transportTo(service);
  const lsn = (await postgres.pool.query("select pg_current_wal_lsn() as lsn")).rows[0].lsn;
  await standby.caughtUp(lsn);
  await postgres.crash();
  await standby.crash();
  await standby.start(postgres.parts.connection.port);

  await expect.poll(() => outcomeOf(transport, "BenchmarkService/GetBenchmark")).toEqual({ code: "OK" });
  expect(await outcomeOf(transport, "JobService/CreateJob")).toMatchObject(unavailable);
  await expect.poll(() => isReady(service)).toBe(false);

  await standby.promote();
  await expect.poll(() => isReady(service)).toBe(true);
  await expect.poll(() => outcomeOf(transport, "JobService/CreateJob")).toEqual({ code: "OK" });
  await standby.crash();
  await postgres.start();
});

test("a server that starts while PostgreSQL dies waits for it", async () => {
  const { pool } = postgres;
  await eventually(() => pool.query("select 1").catch(() => undefined));
  const holder = await pool.connect();
  holder.on("error", () => undefined);
  // The lock of migrations: the server is in the midst of its own until it gets it.
  await holder.query("select pg_advisory_lock(7036420324)");
  const child = launch(["serve"], {
    DATABASE_URL: postgres.url,
    LTB_GRPC_ADDRESS: "127.0.0.1:0",
    LTB_HTTP_ADDRESS: "127.0.0.1:0",
  });
  let said = "";
  for (const stream of [child.stdout, child.stderr])
    stream?.on("data", (text) => {
      said += text;
    });
  try {
    await expect.poll(() => said).toContain("waiting for another server");
    await postgres.crash();
    holder.release(true);
    await expect.poll(() => said).toContain("waiting for the database, for");
    await postgres.start();
    await expect.poll(() => said).toContain("the database answers; serving");
    expect(child.exitCode).toBeNull();
  } finally {
    child.kill("SIGKILL");
  }
});

test("a network that swallows everything is told from a database that is busy", async () => {
  await eventually(() => postgres.pool.query("select 1").catch(() => undefined));
  const proxy = await proxyTo(postgres.config);
  const remote = await Database.connect({ ...proxy.config, poolSize: 1, waitTimeoutSeconds: 6 });
  await remote.benchmarks.count();
  proxy.network = "silent";
  const first = remote.benchmarks.count().catch((error: unknown) => error);
  await expect(remote.benchmarks.count()).rejects.toMatchObject({
    code: Code.Unavailable,
    reason: "DATABASE_UNAVAILABLE",
    retryAfterMs: 1_000,
  });
  await proxy.close();
  expect(await first).toMatchObject({ code: Code.Unavailable });
  await remote.close();

  const busy = await Database.connect({ ...postgres.config, poolSize: 1, waitTimeoutSeconds: 0.2 });
  const long = run(busy.executor, "select pg_sleep(1)");
  await expect(busy.benchmarks.count()).rejects.toMatchObject({
    code: Code.ResourceExhausted,
    reason: "OVERLOADED",
  });
  await long;
  await busy.close();
});
