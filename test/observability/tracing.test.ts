import { AsyncLocalStorage } from "node:async_hooks";
import { createClient as createServiceClient } from "@connectrpc/connect";
import { createConnectTransport, createGrpcTransport } from "@connectrpc/connect-node";
import { type Context, context, propagation, ROOT_CONTEXT, trace } from "@opentelemetry/api";
import { W3CTraceContextPropagator } from "@opentelemetry/core";
import { SamplingDecision } from "@opentelemetry/sdk-trace";
import { afterAll, afterEach, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { z } from "zod";
import { BenchmarkService } from "../../gen/ltb/v1/benchmark_service_pb.ts";
import { JobService } from "../../gen/ltb/v1/job_service_pb.ts";
import { formatAddress } from "../../src/address.ts";
import { enterScope } from "../../src/call-scope.ts";
import { createClient } from "../../src/client/client.ts";
import { loadConfig } from "../../src/config.ts";
import { sql } from "../../src/database/statement/sql.ts";
import { createLogger } from "../../src/log.ts";
import { type RunningServer, startServer } from "../../src/server.ts";
import { services } from "../../src/services.ts";
import { samplerOf } from "../../src/tracing/sampler.ts";
import { startTelemetry, type Telemetry } from "../../src/tracing/telemetry.ts";
import { activeTracing } from "../../src/tracing/tracing.ts";
import { testDatabase } from "../harness/database.ts";
import { unknownId } from "../harness/examples.ts";
import { serverConfig } from "../harness/server-config.ts";
import { poll } from "./exposition.ts";
import { collector, type ReceivedSpan } from "./otlp.ts";

let otlp: Awaited<ReturnType<typeof collector>>;
let telemetry: Telemetry;
let server: RunningServer;
const lines: Record<string, unknown>[] = [];
const log = createLogger("debug", { write: (line) => lines.push(JSON.parse(line)) });

const { db } = await testDatabase();
beforeAll(async () => {
  otlp = await collector();
  Object.assign(process.env, {
    OTEL_EXPORTER_OTLP_ENDPOINT: otlp.url,
    OTEL_SERVICE_NAME: "a-bench",
    OTEL_RESOURCE_ATTRIBUTES: "deployment.environment.name=test",
    OTEL_BSP_SCHEDULE_DELAY: "20",
    OTEL_METRIC_EXPORT_INTERVAL: "100",
    OTEL_METRIC_EXPORT_TIMEOUT: "100",
  });
  telemetry = await startTelemetry(process.env, log);
  server = await startServer({
    config: serverConfig,
    database: db,
    services: services(db, loadConfig({ env: {}, cwd: "/" })),
    access: { auth: "off" },
    metrics: { access: "off", families: db.families },
    log,
  });
  telemetry.exportMetrics(server.families);
});
afterAll(async () => {
  await server.stop();
  await telemetry.stop();
  otlp.close();
});

const ids = (() => {
  let next = 1;
  return () => {
    const number = (next++).toString(16);
    const [traceId, spanId] = [number.padStart(32, "a"), number.padStart(16, "b")];
    return { traceId, spanId, traceparent: `00-${traceId}-${spanId}-01` };
  };
})();

/** The spans of a trace, once the call's own is there: it ends last. */
async function spansOf(traceId: string): Promise<{ call: ReceivedSpan; statements: ReceivedSpan[] }> {
  const ofTrace = () => otlp.spans.filter((span) => span.traceId === traceId);
  await poll(() => ofTrace().filter(({ kind }) => kind === 2)).toHaveLength(1);
  const call = ofTrace().find(({ kind }) => kind === 2);
  if (!call) throw new Error("there is no call");
  return { call, statements: ofTrace().filter(({ kind }) => kind === 3) };
}

const transports = {
  grpc: () => createGrpcTransport({ baseUrl: `http://${formatAddress(server.grpcAddress)}` }),
  connect_rpc: () =>
    createConnectTransport({ baseUrl: `http://${formatAddress(server.httpAddress)}`, httpVersion: "1.1" }),
};
const systems = Object.keys(transports) as (keyof typeof transports)[];
const sample = { name: "a secret name", provider: "p", model: "m", dataset: "d" };

test("a stranger has no span made or sampled, whatever it sends", async () => {
  const guarded = await startServer({
    config: serverConfig,
    database: db,
    services: services(db, loadConfig({ env: {}, cwd: "/" })),
    access: { auth: "required", db },
    log,
  });
  onTestFinished(() => guarded.stop());
  const transport = createGrpcTransport({ baseUrl: `http://${formatAddress(guarded.grpcAddress)}` });
  const { listJobs } = createServiceClient(JobService, transport);
  const { id: userId } = await db.users.create({ username: "traced", email: "t@example.org", role: "user" });
  const { secret } = await db.users.createApiKey({ userId, name: "k" });
  const [strange, known] = [ids(), ids()];
  await expect(listJobs({}, { headers: { traceparent: strange.traceparent } })).rejects.toThrow();
  const authorization = `Bearer ${secret}`;
  await listJobs({}, { headers: { traceparent: known.traceparent, authorization } });
  // The export of the later call has come, so the earlier would have.
  await spansOf(known.traceId);
  expect(otlp.spans.filter(({ traceId }) => traceId === strange.traceId)).toEqual([]);
});

describe.each(systems)("a call by %s", (system) => {
  const clients = () => createServiceClient(BenchmarkService, transports[system]());

  test("is a span of its caller's trace, and its statements are the parts of it", async () => {
    const { traceId, spanId, traceparent } = ids();
    await clients().createBenchmark(sample, { headers: { traceparent } });
    const { call, statements } = await spansOf(traceId);
    expect(call).toMatchObject({
      parentId: spanId,
      name: "ltb.v1.BenchmarkService/CreateBenchmark",
      attributes: {
        "rpc.system": system,
        "rpc.service": "ltb.v1.BenchmarkService",
        "rpc.method": "CreateBenchmark",
        "network.peer.address": "127.0.0.1",
        ...(system === "grpc" && { "rpc.grpc.status_code": 0 }),
      },
      statusCode: 0,
      resource: {
        "service.name": "a-bench",
        "deployment.environment.name": "test",
        "service.version": expect.any(String),
      },
    });
    expect(statements.map(({ name }) => name)).toContain("benchmark_insert");
    for (const { parentId, attributes } of statements) {
      expect(parentId).toBe(call.spanId);
      expect(attributes["db.system.name"]).toBe("postgresql");
    }
    await poll(() => lines.find((line) => line.traceId === traceId)).toMatchObject({ msg: "call" });
  });

  test("that is refused says why by its code alone", async () => {
    const { traceId, traceparent } = ids();
    const id = unknownId;
    await expect(clients().getBenchmark({ id }, { headers: { traceparent } })).rejects.toThrow(id);
    const { call } = await spansOf(traceId);
    // A benchmark that does not exist is no error of the service.
    expect(call).toMatchObject({ statusCode: 0, statusMessage: "", events: 0 });
    if (system === "grpc") expect(call.attributes["rpc.grpc.status_code"]).toBe(5);
    else expect(call.attributes["rpc.connect_rpc.error_code"]).toBe("not_found");
    for (const body of otlp.bodies) expect(body.includes(id)).toBe(false);
  });

  test("that streams is one span, also with what it reads while it goes on", async () => {
    const { benchmark } = await clients().createBenchmark(sample);
    const benchmarkId = benchmark?.id ?? "";
    await db.evaluations.createMany([{ benchmarkId, input: "a secret input", output: "o" }]);
    const { traceId, spanId, traceparent } = ids();
    for await (const _ of clients().exportEvaluations({ benchmarkId }, { headers: { traceparent } }));
    const { call, statements } = await spansOf(traceId);
    expect(call.parentId).toBe(spanId);
    expect(statements.length).toBeGreaterThan(0);
    for (const { parentId } of statements) expect(parentId).toBe(call.spanId);
  });

  test("that its caller does not sample leaves no span", async () => {
    const { traceId, traceparent } = ids();
    await clients().listBenchmarks({}, { headers: { traceparent: traceparent.replace(/01$/, "00") } });
    const later = ids();
    await clients().listBenchmarks({}, { headers: { traceparent: later.traceparent } });
    await spansOf(later.traceId);
    expect(otlp.spans.filter((span) => span.traceId === traceId)).toEqual([]);
  });

  test("with a malformed context begins a trace of its own", async () => {
    const before = otlp.spans.length;
    await clients()
      .getBenchmark({ id: unknownId }, { headers: { traceparent: "00-zz-zz-01" } })
      .catch(() => undefined);
    await poll(
      () => otlp.spans.slice(before).find(({ name }) => name.endsWith("GetBenchmark"))?.parentId,
    ).toBe("");
  });
});

test("a statement that calls share belongs to one of them and is linked to the others", async () => {
  const jobs = createServiceClient(JobService, transports.grpc());
  const callers = Array.from({ length: 12 }, ids);
  await Promise.all(
    callers.map(({ traceparent }) => jobs.createJob({ jobType: "t" }, { headers: { traceparent } })),
  );
  const traces = await Promise.all(callers.map(({ traceId }) => spansOf(traceId)));
  const calls = traces.map(({ call }) => call.spanId);
  const ofThem = () =>
    otlp.spans.filter(({ name, parentId }) => name === "job_insert" && calls.includes(parentId));
  await poll(() =>
    ofThem()
      .flatMap(({ parentId, links }) => [parentId, ...links])
      .sort(),
  ).toEqual(calls.toSorted());
  expect(ofThem().length).toBeLessThan(callers.length);
  expect(ofThem().some(({ attributes }) => Number(attributes["ltb.shared_by"]) > 1)).toBe(true);
});

test("a failed statement tells its SQLSTATE, and not what PostgreSQL said", async () => {
  const { traceId, traceparent } = ids();
  const call = activeTracing()?.beginCall({
    service: "s",
    method: "m",
    protocol: "grpc",
    peer: "127.0.0.1:1",
    requestId: "r",
    header: (name) => (name === "traceparent" ? traceparent : undefined),
  });
  const failing = sql.type(z.object({}))`select ${"a secret value"}::integer`;
  if (!call) throw new Error("traces are exported, so there is a span");
  await expect(enterScope({ span: call }, () => db.executor.any(failing))).rejects.toThrow();
  call.end({ type: "INVALID_ARGUMENT", code: 3, isError: false });
  const { statements } = await spansOf(traceId);
  expect(statements).toMatchObject([
    { name: "other", statusCode: 2, statusMessage: "", events: 0, attributes: { "error.type": "22P02" } },
  ]);
});

describe("our client", () => {
  const active = new AsyncLocalStorage<Context>();
  afterEach(() => {
    context.disable();
    propagation.disable();
  });

  test("sends the active trace along, and nothing without one", async () => {
    using client = createClient({ address: formatAddress(server.grpcAddress) });
    context.setGlobalContextManager({
      active: () => active.getStore() ?? ROOT_CONTEXT,
      with: (of, work, self, ...args) => active.run(of, () => work.call(self as never, ...args)),
      bind: (_, target) => target,
      enable() {
        return this;
      },
      disable() {
        return this;
      },
    });
    propagation.setGlobalPropagator(new W3CTraceContextPropagator());
    const { traceId, spanId } = ids();
    const here = trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId, traceFlags: 1, isRemote: false });
    await context.with(here, () => client.benchmarks.listBenchmarks({}));
    expect((await spansOf(traceId)).call.parentId).toBe(spanId);
    const own = ids();
    await context.with(here, () =>
      client.benchmarks.listBenchmarks({}, { headers: { traceparent: own.traceparent } }),
    );
    expect((await spansOf(own.traceId)).call.parentId).toBe(own.spanId);
    const before = otlp.spans.length;
    await client.benchmarks.listBenchmarks({});
    await poll(() => otlp.spans.slice(before).find(({ kind }) => kind === 2)?.parentId).toBe("");
  });
});

test("what the service does by itself makes no spans", async () => {
  const names = () => new Set(otlp.spans.map(({ name }) => name));
  await db.maintain();
  await telemetryFlush();
  expect(names().has("job_look_at_clock")).toBe(false);
  expect(names().has("audit_take_unsealed")).toBe(false);
});

/** Waits for spans that are there already by one more that comes after them. */
async function telemetryFlush(): Promise<void> {
  const { traceId, traceparent } = ids();
  const client = createServiceClient(BenchmarkService, transports.grpc());
  await client.listBenchmarks({}, { headers: { traceparent } });
  await spansOf(traceId);
}

test("health checks and reflection make no spans", () => {
  expect(otlp.spans.filter(({ name }) => name.startsWith("grpc."))).toEqual([]);
});

test("no value of anything that was written or asked for is exported", () => {
  expect(otlp.bodies.length).toBeGreaterThan(0);
  for (const body of otlp.bodies) {
    expect(body.includes("secret")).toBe(false);
    expect(body.includes("insert into")).toBe(false);
  }
  expect(new Set(otlp.types)).toEqual(new Set(["application/x-protobuf"]));
});

test("metrics are exported by the names that they have in /metrics", async () => {
  await poll(() => otlp.metrics.map(({ name }) => name)).toContain("ltb_database_size_bytes");
  const families = new Map(server.families.map((family) => [family.name, family]));
  for (const { name, kind, unit } of otlp.metrics) {
    const type = families.get(name)?.type;
    expect(kind, name).toBe(type === "counter" ? "sum" : type === "gauge" ? "gauge" : "histogram");
    if (name.endsWith("_seconds")) expect(unit).toBe("s");
  }
  const handled = otlp.metrics.filter(({ name }) => name === "grpc_server_handled_total");
  expect(handled.at(-1)?.points).toBeGreaterThan(20);
});

test("a collector that refuses is told of once, and costs no call", async () => {
  otlp.answer(400);
  try {
    const client = createServiceClient(BenchmarkService, transports.grpc());
    await client.listBenchmarks({});
    const told = () => lines.filter(({ msg }) => String(msg).includes("cannot be exported"));
    await poll(() => told().length).toBe(1);
    await client.listBenchmarks({});
  } finally {
    otlp.answer(200);
  }
});

describe("OTEL_TRACES_SAMPLER", () => {
  const decisions = (env: NodeJS.ProcessEnv, traceIds = [ids().traceId]) =>
    traceIds.map((traceId) => samplerOf(env).shouldSample(ROOT_CONTEXT, traceId, "n", 1, {}, []).decision);

  test.each([
    [undefined, SamplingDecision.RECORD_AND_SAMPLED],
    ["always_on", SamplingDecision.RECORD_AND_SAMPLED],
    ["always_off", SamplingDecision.NOT_RECORD],
    ["parentbased_always_off", SamplingDecision.NOT_RECORD],
    ["no such sampler", SamplingDecision.RECORD_AND_SAMPLED],
  ])("%s", (name, decision) => {
    expect(decisions(name === undefined ? {} : { OTEL_TRACES_SAMPLER: name })).toEqual([decision]);
  });

  test.each(["traceidratio", "parentbased_traceidratio"])("%s", (name) => {
    const random = Array.from({ length: 400 }, () =>
      Buffer.from(crypto.getRandomValues(new Uint8Array(16))).toString("hex"),
    );
    const env = { OTEL_TRACES_SAMPLER: name, OTEL_TRACES_SAMPLER_ARG: "0.25" };
    const sampled = decisions(env, random).filter(
      (decision) => decision === SamplingDecision.RECORD_AND_SAMPLED,
    );
    expect(sampled.length).toBeGreaterThan(40);
    expect(sampled.length).toBeLessThan(180);
  });
});
