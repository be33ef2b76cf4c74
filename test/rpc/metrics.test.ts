import { Code, ConnectError } from "@connectrpc/connect";
import { describe, expect, test } from "vitest";
import { Secret } from "../../src/config.ts";
import { eventually } from "../harness/waiting.ts";
import { parseExposition, poll, scrape } from "../observability/exposition.ts";
import { benchmarks, serve, untilAborted, wires } from "./support.ts";

const getBenchmark = { grpc_service: "ltb.v1.BenchmarkService", grpc_method: "GetBenchmark" };

describe.each(Object.entries(wires))("%s", (_, transport) => {
  test("counts calls by method and code, while they run and when they have ended", async () => {
    let release = () => {};
    const server = await serve({
      get: async (id) => {
        if (id === "missing") throw new ConnectError("no such benchmark", Code.NotFound);
        if (id === "slow") await new Promise<void>((resolve) => (release = resolve));
        return { benchmark: { id } };
      },
    });
    const client = benchmarks(transport(server));
    const before = await scrape(server.httpUrl);
    expect(before.value("grpc_server_started_total", getBenchmark)).toBe(0);
    expect(before.value("grpc_server_handled_total", { ...getBenchmark, grpc_code: "OK" })).toBe(0);

    await client.getBenchmark({ id: "a" });
    await client.getBenchmark({ id: "b" });
    await client.getBenchmark({ id: "missing" }).catch(() => undefined);
    const slow = client.getBenchmark({ id: "slow" });
    await poll(async () => (await scrape(server.httpUrl)).value("grpc_server_in_flight", getBenchmark)).toBe(
      1,
    );
    release();
    await slow;

    const after = await scrape(server.httpUrl);
    expect(after.value("grpc_server_started_total", { ...getBenchmark, grpc_type: "unary" })).toBe(4);
    expect(after.value("grpc_server_handled_total", { ...getBenchmark, grpc_code: "OK" })).toBe(3);
    expect(after.value("grpc_server_handled_total", { ...getBenchmark, grpc_code: "NOT_FOUND" })).toBe(1);
    expect(after.value("grpc_server_handling_seconds_count", getBenchmark)).toBe(4);
    expect(after.value("grpc_server_handling_seconds_sum", getBenchmark)).toBeGreaterThan(0);
    expect(after.value("grpc_server_in_flight", getBenchmark)).toBe(0);
  });

  test("counts a stream that its reader leaves as cancelled", async () => {
    const server = await serve({
      async *export(_, context) {
        yield {};
        await untilAborted(context);
      },
    });
    const labels = { ...getBenchmark, grpc_method: "ExportEvaluations" };
    const running = new AbortController();
    for await (const _ of benchmarks(transport(server)).exportEvaluations({}, { signal: running.signal })) {
      expect((await scrape(server.httpUrl)).value("grpc_server_in_flight", labels)).toBe(1);
      break;
    }
    running.abort();
    const cancelled = { ...labels, grpc_code: "CANCELLED", grpc_type: "server_stream" };
    await poll(async () => (await scrape(server.httpUrl)).value("grpc_server_handled_total", cancelled)).toBe(
      1,
    );
    expect((await scrape(server.httpUrl)).value("grpc_server_in_flight", labels)).toBe(0);
  });
});

test("a request that never becomes a call is counted with its method", async () => {
  const server = await serve({ get: () => ({}) });
  const path = "/ltb.v1.BenchmarkService/GetBenchmark";
  const headers = { "content-type": "application/json" };
  await fetch(server.httpUrl + path, { method: "POST", headers, body: "{" });
  const metrics = await scrape(server.httpUrl);
  expect(metrics.value("grpc_server_handled_total", { ...getBenchmark, grpc_code: "INVALID_ARGUMENT" })).toBe(
    1,
  );
});

test("what no service has makes no series, on neither listener", async () => {
  const server = await serve();
  const names = ({ series }: Awaited<ReturnType<typeof scrape>>) =>
    series
      .filter(({ name }) => /^(grpc|ltb)_/.test(name))
      .map(({ name, labels }) => `${name} ${JSON.stringify(labels)}`);
  const before = await scrape(server.httpUrl);
  for (let call = 0; call < 20; call++)
    await fetch(`${server.httpUrl}/ltb.v1.BenchmarkService/Nope${call}`, { method: "POST", body: "{}" });
  const { Client } = await import("@grpc/grpc-js");
  const { credentials } = await import("@grpc/grpc-js");
  const client = new Client(server.grpcTarget, credentials.createInsecure());
  for (let call = 0; call < 5; call++) {
    await new Promise((resolve) =>
      client.makeUnaryRequest(
        `/ltb.v1.Unknown${call}/Call`,
        (bytes: Buffer) => bytes,
        (bytes: Buffer) => bytes,
        Buffer.alloc(0),
        resolve,
      ),
    );
  }
  client.close();
  const after = await scrape(server.httpUrl);
  expect(names(after)).toEqual(names(before));
  expect(after.value("ltb_unknown_calls_total")).toBe(25);
});

test("the text is what Prometheus reads, with what every server has", async () => {
  const server = await serve();
  const response = await fetch(`${server.httpUrl}/metrics`);
  expect(response.headers.get("content-type")).toBe("text/plain; version=0.0.4; charset=utf-8");
  expect(response.headers.get("cache-control")).toBe("no-store");
  const metrics = parseExposition(await response.text());
  expect(metrics.value("ltb_build_info", { node_version: process.versions.node })).toBe(1);
  expect(metrics.value("ltb_admitted_calls")).toBe(0);
  expect(metrics.value("ltb_log_lines_lost_total")).toBe(0);
  for (const name of [
    "process_cpu_seconds_total",
    "process_resident_memory_bytes",
    "nodejs_eventloop_lag_p99_seconds",
  ])
    expect(metrics.value(name), name).toBeGreaterThanOrEqual(0);
  const head = await fetch(`${server.httpUrl}/metrics`, { method: "HEAD" });
  expect([head.status, await head.text()]).toEqual([200, ""]);
});

test("every name has a unit or says what it counts, as Prometheus wants it", async () => {
  const { types } = await scrape((await serve()).httpUrl);
  for (const [name, type] of types) {
    if (!/^(ltb|grpc)_/.test(name)) continue;
    if (type === "counter") expect(name).toMatch(/_total$/);
    else expect(name).not.toMatch(/_total$/);
    if (type === "histogram" || type === "summary") expect(name).toMatch(/_seconds$/);
  }
});

describe("the database is away", () => {
  test("that is told, and the rest too", async () => {
    const server = await serve();
    expect((await scrape(server.httpUrl)).value("ltb_database_up")).toBe(1);
    server.database.healthy = false;
    await eventually(() => server.log.find(({ msg }) => msg.includes("not serving")));
    const metrics = await scrape(server.httpUrl);
    expect(metrics.value("ltb_database_up")).toBe(0);
    expect(metrics.value("grpc_server_started_total", getBenchmark)).toBe(0);
  });
});

describe("who may read", () => {
  const get = async (access: Parameters<typeof serve>[3] & object, authorization?: string) => {
    const server = await serve({}, {}, undefined, access);
    const response = await fetch(`${server.httpUrl}/metrics`, {
      headers: authorization === undefined ? {} : { authorization },
    });
    return { status: response.status, text: await response.text(), response };
  };

  test("who brings the token", async () => {
    const token = "0123456789abcdef-token";
    const access = { access: new Secret(token), families: [] };
    expect((await get(access, `Bearer ${token}`)).status).toBe(200);
    for (const wrong of [
      undefined,
      `Bearer ${token}x`,
      `Bearer ${token.slice(1)}`,
      `Basic ${token}`,
      token,
      "Bearer ",
    ]) {
      const { status, text, response } = await get(access, wrong);
      expect(status, String(wrong)).toBe(401);
      expect(response.headers.get("www-authenticate")).toBe("Bearer");
      expect(text).toContain("LTB_METRICS_TOKEN");
      expect(text).not.toContain("grpc_server");
      expect(text).not.toContain(token);
    }
  });

  test("nobody, where others reach the port and there is no token: it says what to set", async () => {
    const { status, text } = await get({ access: "closed", families: [] }, "Bearer anything-at-all-here");
    expect(status).toBe(401);
    expect(text).toContain("LTB_METRICS=open");
  });

  test("off: there is nothing", async () => {
    expect((await get({ access: "off", families: [] })).status).toBe(404);
  });
});
