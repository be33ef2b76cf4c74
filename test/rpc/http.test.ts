import { connect } from "node:net";
import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
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

  test("ignores fields of newer clients", async () => {
    const server = await serve({ get: () => ({}) });
    const response = await fetch(server.httpUrl + path, {
      method: "POST",
      headers: json,
      body: '{"later":1}',
    });
    expect(response.status).toBe(200);
  });

  test.each(["{", "[]", '{"id":5}'])("refuses the body %s, and logs it", async (body) => {
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
