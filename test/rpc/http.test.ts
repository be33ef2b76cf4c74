import { execFileSync } from "node:child_process";
import { closeSync, constants, openSync } from "node:fs";
import { open } from "node:fs/promises";
import { connect } from "node:net";
import { hostname } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { loadConfig } from "../../src/config.ts";
import { temporaryFolder } from "../harness/folder.ts";
import { eventually } from "../harness/waiting.ts";
import { serve, type TestServer } from "./support.ts";

const path = "/ltb.v1.BenchmarkService/GetBenchmark";
const json = { "content-type": "application/json" };

/** What the server answers to these bytes, until it closes the connection. */
async function raw({ httpAddress }: TestServer, text: string): Promise<string> {
  const socket = connect(httpAddress.port, httpAddress.host);
  socket.write(text);
  let answer = "";
  for await (const chunk of socket) answer += chunk;
  return answer;
}

describe("JSON over HTTP", () => {
  test("works as from curl", async () => {
    const server = await serve({ get: (id) => ({ benchmark: { id, totalIterations: 3 } }) });
    const response = await fetch(server.httpUrl + path, {
      method: "POST",
      headers: json,
      body: '{"id":"b1"}',
    });
    expect(response.status).toBe(200);
    expect(response.headers.get("x-request-id")).toMatch(/^[0-9a-f-]{36}$/);
    expect(await response.json()).toEqual({ benchmark: { id: "b1", totalIterations: 3 } });
  });

  test.each(["{", "[]", '{"id":5}', '{"Id":"b1"}'])("refuses the body %s, and logs it", async (body) => {
    const server = await serve({ get: () => ({}) });
    const response = await fetch(server.httpUrl + path, { method: "POST", headers: json, body });
    expect(response.status).toBe(400);
    const error = {
      code: "invalid_argument",
      details: [{ type: "google.rpc.ErrorInfo" }, { type: "google.rpc.RequestInfo" }],
    };
    expect(await response.json()).toMatchObject(error);
    const line = await server.callLine("GetBenchmark");
    expect(line).toMatchObject({ level: "info", code: "INVALID_ARGUMENT", protocol: "connect" });
    expect(response.headers.get("x-request-id")).toBe(line.requestId);
  });

  test.each([
    ["a name that is no field", "GetBenchmark", '{"benchmark_id":"b1"}', 'key "benchmark_id" is unknown'],
    [
      "one in the middle",
      "BatchCreateEvaluations",
      '{"evaluations":[{"inptu":"x"}]}',
      'key "inptu" is unknown',
    ],
    ["a value that no enum has", "ListBenchmarks", '{"status":"RUNING"}', "ltb.v1.BenchmarkStatus"],
    ["a field twice", "GetBenchmark", '{"id":"b1","id":"b2"}', 'duplicate object key "id"'],
  ])("refuses %s, and names it", async (_, method, body, named) => {
    const server = await serve({ get: () => ({}) });
    const response = await fetch(`${server.httpUrl}/ltb.v1.BenchmarkService/${method}`, {
      method: "POST",
      headers: json,
      body,
    });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({
      code: "invalid_argument",
      message: expect.stringContaining(named),
    });
  });

  const list = "/ltb.v1.BenchmarkService/ListBenchmarks";
  test.each([
    ['{"createdAfter":"2026-02-30T00:00:00Z"}', "created_after"],
    ['{"created_before":"2025-02-29T00:00:00Z"}', "created_before"],
    ['{"createdAfter":"2026-01-31T24:00:00Z"}', "created_after"],
    ['{"createdAfter":"2026-01-31T12:00:00+24:00"}', "created_after"],
    ['{"createdAfter":"2026-01-31T12:00:00-01:60"}', "created_after"],
    ['{"createdAfter":"0001-01-01T00:00:00+00:01"}', "created_after"],
  ])("refuses a time that there is not: %s", async (body, field) => {
    const server = await serve();
    const response = await fetch(server.httpUrl + list, { method: "POST", headers: json, body });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({
      code: "invalid_argument",
      message: expect.stringContaining(`${field}: must be`),
      details: [
        { type: "google.rpc.ErrorInfo" },
        { type: "google.rpc.BadRequest", debug: { fieldViolations: [{ field }] } },
        { type: "google.rpc.RequestInfo" },
      ],
    });
  });

  test.each(["2024-02-29T23:59:59.999999999+23:59", "9999-12-31T23:59:59Z", "2026-01-31T00:00:00-00:30"])(
    "takes the time %s",
    async (createdAfter) => {
      const body = JSON.stringify({ createdAfter });
      const response = await fetch((await serve()).httpUrl + list, {
        method: "POST",
        headers: json,
        body,
      });
      expect(await response.json()).toMatchObject({ code: "unimplemented" });
    },
  );

  test.each([
    ["connect-timeout-ms", "9999999999"],
    ["connect-timeout-ms", "86400001"],
  ])("cuts the long timeout %s: %s", async (name, value) => {
    let left: number | undefined;
    const server = await serve({
      get: (_, { timeoutMs }) => {
        left = timeoutMs();
        return {};
      },
    });
    const response = await fetch(server.httpUrl + path, {
      method: "POST",
      headers: { ...json, [name]: value },
      body: "{}",
    });
    expect(response.status).toBe(200);
    expect(left).toBeGreaterThan(23 * 3_600_000);
  });

  test("stops at a compression bomb", async () => {
    const server = await serve({ get: () => ({}) });
    const body = gzipSync(Buffer.alloc(20_000_000, " "));
    const response = await fetch(server.httpUrl + path, {
      method: "POST",
      headers: { ...json, "content-encoding": "gzip" },
      body,
    });
    expect(await response.json()).toMatchObject({
      code: "resource_exhausted",
      message: expect.stringContaining("LTB_MAX_MESSAGE_BYTES"),
    });
  });
});

/** A message in the envelope of gRPC-Web and of Connect's streams; `announced` bytes of it are promised. */
function envelope(message: Uint8Array, flags = 0, announced = message.length): Uint8Array {
  const head = Buffer.from([flags, 0, 0, 0, 0]);
  head.writeUInt32BE(announced, 1);
  return Buffer.concat([head, message]);
}

/** Keeps all threads busy that inflate, and all else that Node does beside its own. @returns ends it */
function holdThreads(): () => Promise<void> {
  const folder = temporaryFolder();
  const pipe = join(folder, "pipe");
  execFileSync("mkfifo", [pipe]);
  // Each waits for a writer to open the other end.
  const threads = Number(process.env.UV_THREADPOOL_SIZE ?? 4);
  const readers = Array.from({ length: threads }, () => open(pipe, "r"));
  return async () => {
    const writer = openSync(pipe, constants.O_RDWR);
    for (const reader of readers) await (await reader).close();
    closeSync(writer);
  };
}

describe("a request that cannot be read is the caller's fault, and no error of the server", () => {
  /** Field 1 promises 127 bytes. */
  const cut = Buffer.from([0x0a, 0x7f, 0x61]);
  /** Field 1 is no UTF-8. */
  const noText = Buffer.from([0x0a, 0x02, 0xc3, 0x28]);
  const noTextInJson = Buffer.concat([Buffer.from('{"id":"'), Buffer.from([0xc3, 0x28]), Buffer.from('"}')]);
  const cutGzip = gzipSync(Buffer.alloc(1000)).subarray(0, 15);
  const noGzip = Buffer.from("this is no gzip");
  const gzip = { "content-encoding": "gzip" };
  const webGzip = { "grpc-encoding": "gzip" };
  const streamGzip = { "connect-content-encoding": "gzip" };
  const get = "GetBenchmark";
  const stream = "StreamEvaluations";
  const [binary, text] = ["application/proto", "application/json"];
  const [web, webText] = ["application/grpc-web+proto", "application/grpc-web+json"];
  const [connectStream, connectText] = ["application/connect+proto", "application/connect+json"];

  test.each<[string, string, string, Record<string, string>, Uint8Array]>([
    ["a message that is cut", get, binary, {}, cut],
    ["no UTF-8", get, binary, {}, noText],
    ["no UTF-8", get, text, {}, noTextInJson],
    ["no gzip", get, binary, gzip, noGzip],
    ["gzip that is cut", get, binary, gzip, cutGzip],
    ["gzip that is cut", get, text, gzip, cutGzip],
    ["a message that is cut", get, web, {}, envelope(cut)],
    ["no UTF-8", get, webText, {}, envelope(noTextInJson)],
    ["a name that is no field", get, webText, {}, envelope(Buffer.from('{"benchmark_id":"b1"}'))],
    ["gzip that is cut", get, web, webGzip, envelope(cutGzip, 1)],
    ["compression without a word", get, web, {}, envelope(cutGzip, 1)],
    ["half an envelope", get, web, {}, Buffer.from([0, 0, 0])],
    ["an envelope that is cut", get, web, {}, envelope(cut, 0, 9)],
    ["a message that is cut", stream, connectStream, {}, envelope(cut)],
    [
      "a message that is cut, after a good one",
      stream,
      connectStream,
      {},
      Buffer.concat([envelope(Buffer.alloc(0)), envelope(cut)]),
    ],
    ["no UTF-8", stream, connectText, {}, envelope(noTextInJson)],
    ["a name that is no field", stream, connectText, {}, envelope(Buffer.from('{"rows":[]}'))],
    ["no gzip", stream, connectStream, streamGzip, envelope(noGzip, 1)],
    ["compression without a word", stream, connectStream, {}, envelope(noGzip, 1)],
    ["an envelope that is cut", stream, connectStream, {}, envelope(cut, 0, 9)],
  ])("%s: %s, %s %o", async (_, method, type, headers, body) => {
    const server = await serve({
      get: () => ({}),
      collect: async (requests) => ({ received: (await Array.fromAsync(requests)).length }),
    });
    const response = await fetch(`${server.httpUrl}/ltb.v1.BenchmarkService/${method}`, {
      method: "POST",
      headers: { "content-type": type, ...headers },
      body,
    });
    const answer = await response.text();
    expect(await server.callLine(method)).toMatchObject({ level: "info", code: "INVALID_ARGUMENT" });
    expect(server.log.filter(({ level }) => level === "error")).toEqual([]);
    if (type === binary || type === text) expect(response.status).toBe(400);
    expect(answer).toMatch(type === web || type === webText ? /grpc-status: 3\r\n/ : /"invalid_argument"/);
  });

  describe("also where the deadline passes while it is inflated:", () => {
    const callers = { "connect-timeout-ms": "200" };
    test.each<[string, string, string, Record<string, string>, Uint8Array]>([
      ["the caller's", get, binary, { ...gzip, ...callers }, cutGzip],
      ["the server's", get, text, gzip, cutGzip],
      ["the caller's", get, web, { ...webGzip, "grpc-timeout": "200m" }, envelope(cutGzip, 1)],
      ["the server's", get, web, webGzip, envelope(cutGzip, 1)],
      [
        "the caller's",
        "ExportEvaluations",
        connectStream,
        { ...streamGzip, ...callers },
        envelope(cutGzip, 1),
      ],
    ])("%s, of %s, %s", async (_, method, type, headers, body) => {
      const server = await serve(
        {
          get: () => ({}),
          async *export() {
            yield {};
          },
        },
        { defaultDeadlineSeconds: 0.3 },
      );
      const release = holdThreads();
      const request = { method: "POST", headers: { "content-type": type, ...headers }, body };
      const answering = fetch(`${server.httpUrl}/ltb.v1.BenchmarkService/${method}`, request);
      const line = await server.callLine(method).finally(release);
      expect(line).toMatchObject({ code: "DEADLINE_EXCEEDED" });
      expect(await (await answering).text()).toMatch(
        /grpc-status: (3|4)\r\n|"code":"(invalid_argument|deadline_exceeded)"/,
      );
    });
  });

  test("one whose connection is cut in the middle is cancelled", async () => {
    let hasBegun = false;
    const server = await serve({
      collect: async (requests) => {
        for await (const _ of requests) hasBegun = true;
        return { received: 1 };
      },
    });
    const socket = connect(server.httpAddress.port, server.httpAddress.host);
    const head = "host: localhost\r\ncontent-type: application/connect+proto\r\ncontent-length: 99";
    socket.write(`POST /ltb.v1.BenchmarkService/StreamEvaluations HTTP/1.1\r\n${head}\r\n\r\n`);
    socket.write(envelope(Buffer.alloc(0)));
    await eventually(() => hasBegun);
    socket.resetAndDestroy();
    expect(await server.callLine("StreamEvaluations")).toMatchObject({ level: "info", code: "CANCELLED" });
    expect(server.log.filter(({ level }) => level === "error")).toEqual([]);
  });
});

describe("paths", () => {
  test("an unknown method is 404 and unimplemented, any other path not found", async () => {
    const { httpUrl } = await serve();
    const method = await fetch(`${httpUrl}/ltb.v1.BenchmarkService/Nope`, {
      method: "POST",
      headers: json,
      body: "{}",
    });
    expect(method.status).toBe(404);
    expect(await method.json()).toMatchObject({ code: "unimplemented" });
    const page = await fetch(`${httpUrl}/index.html?x=1`);
    expect(page.status).toBe(404);
    expect(page.headers.get("content-type")).toBe("application/json");
    expect(await page.json()).toMatchObject({
      code: "not_found",
      message: "there is nothing at /index.html?x=1",
    });
  });

  test("/healthz tells that the process lives, /readyz whether the database answers", async () => {
    const server = await serve();
    expect((await fetch(`${server.httpUrl}/readyz`)).status).toBe(200);
    server.database.healthy = false;
    await eventually(() => server.log.find(({ msg }) => msg.includes("not serving")));
    const notReady = await fetch(`${server.httpUrl}/readyz`);
    expect(notReady.status).toBe(503);
    expect(await notReady.json()).toEqual({ status: "not_ready", reason: "DATABASE_UNAVAILABLE" });
    const alive = await fetch(`${server.httpUrl}/healthz`);
    expect(alive.status).toBe(200);
    expect(await alive.json()).toEqual({ status: "ok" });
    server.database.healthy = true;
    await eventually(() => server.log.at(-1)?.msg.endsWith("; serving"));
    expect((await fetch(`${server.httpUrl}/readyz`)).status).toBe(200);
  });
});

describe("CORS", () => {
  const preflight = (origin: string) => ({
    method: "OPTIONS",
    headers: {
      origin,
      "access-control-request-method": "POST",
      "access-control-request-headers": "authorization",
    },
  });

  test("lets the configured origins call, and no others", async () => {
    const server = await serve({ get: () => ({}) }, { corsOrigins: ["https://bench.example"] });
    const allowed = await fetch(server.httpUrl + path, preflight("https://bench.example"));
    expect(allowed.status).toBe(204);
    expect(allowed.headers.get("access-control-allow-origin")).toBe("https://bench.example");
    expect(allowed.headers.get("access-control-allow-headers")?.toLowerCase()).toMatch(
      /content-type.*authorization/,
    );
    expect(allowed.headers.get("access-control-allow-methods")).toContain("POST");
    expect(allowed.headers.get("vary")).toBe("origin");
    const other = await fetch(server.httpUrl + path, preflight("https://evil.example"));
    expect(other.status).toBe(204);
    expect(other.headers.get("access-control-allow-origin")).toBeNull();
    const headers = { ...json, origin: "https://bench.example" };
    const call = await fetch(server.httpUrl + path, { method: "POST", headers, body: "{}" });
    expect(call.headers.get("access-control-allow-origin")).toBe("https://bench.example");
    expect(call.headers.get("access-control-expose-headers")?.toLowerCase()).toContain(
      "grpc-status-details-bin",
    );
    expect(call.headers.get("access-control-expose-headers")).toContain("x-request-id");
  });

  test("lets nobody without configuration and everybody with *", async () => {
    const closed = await fetch((await serve()).httpUrl + path, preflight("https://bench.example"));
    expect(closed.headers.get("access-control-allow-origin")).toBeNull();
    const open = await fetch(
      (await serve({}, { corsOrigins: ["*"] })).httpUrl + path,
      preflight("https://bench.example"),
    );
    expect(open.headers.get("access-control-allow-origin")).toBe("https://bench.example");
  });
});

describe("a listener of this machine only", () => {
  /** The status of a request with such headers, which `fetch` does not let one set. */
  const status = async (server: TestServer, target: string, headers: string[]) => {
    const lines = [
      `POST ${target} HTTP/1.1`,
      "connection: close",
      "content-type: application/json",
      ...headers,
    ];
    const answer = await raw(server, `${lines.join("\r\n")}\r\ncontent-length: 2\r\n\r\n{}`);
    return Number(answer.split(" ", 2)[1]);
  };

  test.each([path, "/metrics"])("refuses pages that come by another name: %s", async (target) => {
    const server = await serve({ get: () => ({}) }, { corsOrigins: ["https://bench.example"] });
    for (const host of [
      "evil.example",
      "evil.example:50053",
      "localhost.evil.example",
      "127.0.0.1.evil.example",
    ])
      expect(await status(server, target, [`host: ${host}`]), host).toBe(403);
    for (const origin of ["http://evil.example:50053", "null"])
      expect(await status(server, target, ["host: localhost", `origin: ${origin}`]), origin).toBe(403);
    for (const host of [
      "localhost:1",
      "a.localhost",
      "127.0.0.1:50053",
      "[::1]:50053",
      "bench.example",
      hostname(),
    ])
      expect(await status(server, target, [`host: ${host}`]), host).toBe(200);
    for (const origin of ["http://localhost:5173", "http://127.0.0.1:1", "https://bench.example"])
      expect(await status(server, target, ["host: localhost", `origin: ${origin}`]), origin).toBe(200);
  });

  test("takes probes by any name, and others by the names that it is given, in any script", async () => {
    const consoleHosts = loadConfig({
      env: { LTB_CONSOLE_HOSTS: "Bench.LAN, テスト.example." },
      cwd: import.meta.dirname,
    }).consoleHosts;
    expect(consoleHosts).toEqual(["bench.lan", "xn--zckzah.example"]);
    const server = await serve({ get: () => ({}) }, { consoleHosts });
    for (const probe of ["/healthz", "/readyz"])
      expect(await status(server, probe, ["host: evil.example"]), probe).toBe(200);
    for (const host of ["bench.lan", "BENCH.lan.:50053", "xn--zckzah.example", "localhost."])
      expect(await status(server, "/metrics", [`host: ${host}`]), host).toBe(200);
    for (const host of ["xn--zckzah.evil", "a.bench.lan"])
      expect(await status(server, "/metrics", [`host: ${host}`]), host).toBe(403);
  });

  test("takes any name where every page may call", async () => {
    const server = await serve({ get: () => ({}) }, { corsOrigins: ["*"] });
    expect(await status(server, path, ["host: evil.example", "origin: http://evil.example"])).toBe(200);
  });

  test("and others take any name, which only they know", async () => {
    const server = await serve({ get: () => ({}) }, { http: { host: "0.0.0.0", port: 0 } });
    expect(await status(server, path, ["host: bench.example"])).toBe(200);
  });

  test("but the console of each answers only to its own names", async () => {
    const http = { host: "0.0.0.0", port: 0 };
    const server = await serve({}, { http, corsOrigins: ["*"], console: true, consoleHosts: ["bench.lan"] });
    const config = (...headers: string[]) => status(server, "/console/config", headers);
    // The method is refused only after the name.
    for (const host of ["bench.lan:50053", "192.0.2.7", "[2001:db8::7]:1", "localhost", hostname()])
      expect(await config(`host: ${host}`), host).toBe(405);
    for (const host of ["evil.example", "bench.lan.evil.example", "a b", "テスト"])
      expect(await config(`host: ${host}`), host).toBe(403);
    expect(await config("host: bench.lan", "origin: http://evil.example")).toBe(403);
    expect(await status(server, "/console", ["host: evil.example"])).toBe(403);
    expect(await status(server, "/console/", ["host: evil.example"])).toBe(403);
  });
});

test("the log has no query of a refused request, which may be a whole message", async () => {
  const server = await serve({ get: () => ({}) });
  await fetch(`${server.httpUrl}${path}?message=secret`, { method: "PUT", headers: json, body: "{}" });
  await fetch(`${server.httpUrl}/nothing?message=secret`);
  await eventually(() => server.log.filter(({ msg }) => msg === "refused").length === 2);
  expect(server.log.filter(({ msg }) => msg === "refused")).toMatchObject([{ path }, { path: "/nothing" }]);
  expect(JSON.stringify(server.log)).not.toContain("secret");
});

test.each([
  [
    "no Host",
    `POST ${path} HTTP/1.0\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}`,
    "400",
  ],
  [
    "a Host that is none",
    `POST ${path} HTTP/1.1\r\nhost: a b%%\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}`,
    "400",
  ],
  [
    "a header over 16 KiB",
    `GET /healthz HTTP/1.1\r\nhost: x\r\nx-large: ${"x".repeat(20_000)}\r\n\r\n`,
    "431",
  ],
  ["no HTTP", "hello\r\n\r\n", "400"],
])("a request with %s is refused, and the server serves on", async (_, request, status) => {
  const server = await serve({ get: () => ({}) });
  expect(await raw(server, request)).toContain(` ${status} `);
  expect((await fetch(`${server.httpUrl}/healthz`)).status).toBe(200);
});
