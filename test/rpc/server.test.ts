import { lookup } from "node:dns/promises";
import { once } from "node:events";
import { connect, createServer } from "node:net";
import { Code } from "@connectrpc/connect";
import { Server } from "@grpc/grpc-js";
import { describe, expect, onTestFinished, test } from "vitest";
import { createLogger } from "../../src/log.ts";
import { Connections } from "../../src/rpc/call/connections.ts";
import { listenGrpc } from "../../src/rpc/grpc/listen.ts";
import { startServer } from "../../src/server.ts";
import { eventually, within } from "../harness/waiting.ts";
import { benchmarks, failure, greeting, reasonOf, serve, wires } from "./support.ts";

const config = {
  corsOrigins: [],
  maxMessageBytes: 65_536,
  defaultDeadlineSeconds: 1,
  drainTimeoutSeconds: 1,
  grpc: { host: "127.0.0.1", port: 0 },
  http: { host: "127.0.0.1", port: 0 },
};
const access = { auth: "off" } as const;
const database = { healthCheck: async () => true };
const log = createLogger("silent");

describe("a port in use", () => {
  test.each([
    ["grpc", "LTB_GRPC_ADDRESS"],
    ["http", "LTB_HTTP_ADDRESS"],
  ])("fails the start and names address and variable: %s", async (key, variable) => {
    const blocker = createServer().listen(0, "127.0.0.1");
    await once(blocker, "listening");
    onTestFinished(() => void blocker.close());
    const address = blocker.address();
    const port = typeof address === "object" && address ? address.port : 0;
    const start = startServer({
      config: { ...config, [key]: { host: "127.0.0.1", port } },
      database,
      services: [],
      access,
      log,
    });
    await expect(start).rejects.toThrow(`127.0.0.1:${port} (set by ${variable})`);
    await expect(start).rejects.toThrow("another program uses that port");
  });

  test("leaves nothing open", async () => {
    const first = await startServer({ config, database, services: [], access, log });
    onTestFinished(() => first.stop());
    // The gRPC port is free, so it is bound before the HTTP port fails.
    const free = createServer().listen(0, "127.0.0.1");
    await once(free, "listening");
    const address = free.address();
    const port = typeof address === "object" && address ? address.port : 0;
    free.close();
    await once(free, "close");
    const grpcAddress = { host: "127.0.0.1", port };
    const failing = startServer({
      config: { ...config, grpc: grpcAddress, http: first.httpAddress },
      database,
      services: [],
      access,
      log,
    });
    await expect(failing).rejects.toThrow("LTB_HTTP_ADDRESS");
    const again = await startServer({
      config: { ...config, grpc: grpcAddress },
      database,
      services: [],
      access,
      log,
    });
    await again.stop();
  });
});

test("an address that cannot be resolved is named", async () => {
  const start = startServer({
    config: { ...config, http: { host: "no.such.host.invalid", port: 1 } },
    database,
    services: [],
    access,
    log,
  });
  await expect(start).rejects.toThrow("cannot listen on no.such.host.invalid:1 (set by LTB_HTTP_ADDRESS)");
});

test("IPv6 works where the machine has it", async () => {
  const host = "::1";
  const server = await startServer({
    config: { ...config, grpc: { host, port: 0 }, http: { host, port: 0 } },
    database,
    services: [],
    access,
    log,
  });
  onTestFinished(() => server.stop());
  const response = await fetch(`http://[::1]:${server.httpAddress.port}/healthz`);
  expect(response.status).toBe(200);
});

test("gRPC is served on all addresses of a name, as those of localhost", async () => {
  const grpcAddress = { host: "localhost", port: 0 };
  const server = await startServer({
    config: { ...config, grpc: grpcAddress },
    database,
    services: [],
    access,
    log,
  });
  onTestFinished(() => server.stop());
  const { port } = server.grpcAddress;
  const addresses = await lookup("localhost", { all: true });
  for (const { address } of addresses) {
    const socket = connect({ host: address, port });
    await once(socket, "connect");
    socket.destroy();
  }
  await server.stop();
  await expect(once(connect({ host: "127.0.0.1", port }), "connect")).rejects.toThrow("ECONNREFUSED");
});

test("a server without its database starts, and says that it is not ready", async () => {
  const broken = { healthCheck: () => Promise.reject(new Error("no database")) };
  const server = await startServer({ config, database: broken, services: [], access, log });
  onTestFinished(() => server.stop());
  const { port } = server.httpAddress;
  expect((await fetch(`http://127.0.0.1:${port}/readyz`)).status).toBe(503);
});

describe.each(Object.entries(wires))("stopping, over %s", (_, transportTo) => {
  test("lets running calls and streams end, and takes no more", async () => {
    const { promise: opened, resolve: open } = Promise.withResolvers<void>();
    let running = 0;
    const server = await serve({
      get: async (id) => {
        running++;
        await opened;
        return { benchmark: { id } };
      },
      async *export() {
        running++;
        yield { nextPageToken: "first" };
        await opened;
        yield { nextPageToken: "last" };
      },
      collect: async (requests) => {
        running++;
        let received = 0;
        for await (const _ of requests) received++;
        return { received };
      },
    });
    const client = benchmarks(transportTo(server));
    const calls = Array.from({ length: 20 }, (_, index) => client.getBenchmark({ id: `${index}` }));
    const pages = (async () => {
      const read: string[] = [];
      for await (const { nextPageToken } of client.exportEvaluations({})) read.push(nextPageToken);
      return read;
    })();
    async function* upload() {
      yield {};
      await opened;
      yield {};
    }
    const uploaded = client.streamEvaluations(upload());
    await eventually(() => running === 22);
    const stopped = server.stop();
    await new Promise((resolve) => setTimeout(resolve, 100));
    await expect(fetch(`${server.httpUrl}/healthz`)).rejects.toThrow();
    open();
    const answers = await Promise.all(calls);
    expect(answers.map(({ benchmark }) => benchmark?.id)).toEqual(
      Array.from({ length: 20 }, (_, index) => `${index}`),
    );
    expect(await pages).toEqual(["first", "last"]);
    expect((await uploaded).received).toBe(2);
    await stopped;
    await expect(client.getBenchmark({})).rejects.toThrow();
  });

  test("ends what does not end by itself with UNAVAILABLE", async () => {
    const reasons: unknown[] = [];
    const server = await serve(
      {
        get: (_, { signal }) =>
          new Promise((_resolve) => signal.addEventListener("abort", () => reasons.push(signal.reason))),
        async *export(_, { signal }) {
          signal.addEventListener("abort", () => reasons.push(signal.reason));
          yield {};
          await new Promise(() => undefined);
        },
      },
      { drainTimeoutSeconds: 0.7 },
    );
    const client = benchmarks(transportTo(server));
    const call = failure(client.getBenchmark({}));
    const { promise: streaming, resolve: started } = Promise.withResolvers<void>();
    const stream = failure(
      (async () => {
        for await (const _ of client.exportEvaluations({})) started();
      })(),
    );
    await streaming;
    await eventually(() => server.log.length > 0);
    await within(1_500, server.stop());
    for (const error of [await call, await stream]) {
      expect(error.code).toBe(Code.Unavailable);
      expect(reasonOf(error)).toBe("SHUTTING_DOWN");
    }
    expect(reasons).toMatchObject([{ reason: "SHUTTING_DOWN" }, { reason: "SHUTTING_DOWN" }]);
    expect(server.log).toContainEqual(expect.objectContaining({ level: "warn", calls: 2 }));
  });

  test("loses no accepted call while callers keep calling", async () => {
    const accepted = new Set<string>();
    const answered = new Set<string>();
    const server = await serve({
      get: async (id) => {
        accepted.add(id);
        await new Promise((resolve) => setTimeout(resolve, 5));
        return { benchmark: { id } };
      },
    });
    const client = benchmarks(transportTo(server));
    let calling = true;
    const callers = Array.from({ length: 8 }, async (_, caller) => {
      for (let index = 0; calling; index++) {
        const { benchmark } = await client.getBenchmark({ id: `${caller}-${index}` });
        answered.add(benchmark?.id ?? "");
      }
    });
    const ended = Promise.allSettled(callers);
    await eventually(() => accepted.size > 100);
    await server.stop();
    calling = false;
    await ended;
    expect([...accepted].filter((id) => !answered.has(id))).toEqual([]);
  });
});

// The client's machine is suspended, say: its kernel takes what comes, and nothing goes out any more.
describe.each([
  ["gRPC", "grpcAddress", greeting],
  ["HTTP", "httpAddress", "GET /healthz HTTP/1.1\r\nHost: a\r\n\r\nGET /healthz HTTP/1.1\r\n"],
] as const)("a frozen client of %s", (_, port, text) => {
  test("does not keep the server beyond its drain timeout", async () => {
    const server = await serve({}, { drainTimeoutSeconds: 0.5 });
    const client = connect({ port: server[port].port, host: "127.0.0.1", allowHalfOpen: true });
    onTestFinished(() => void client.destroy());
    client.on("error", () => undefined);
    client.write(text);
    await once(client, "readable");
    await within(3_000, server.stop());
  });
});

test("stop may be called again", async () => {
  const server = await serve();
  await Promise.all([server.stop(), server.stop()]);
  await server.stop();
});

test("a session that grpc-js never calls back for does not keep a listener from stopping", async () => {
  const server = new Server();
  // It forgets the callback of a session that was destroyed as it was to be closed.
  server.tryShutdown = () => undefined;
  const options = { tls: undefined, maxConnections: 1, connections: new Connections(), log };
  const listener = await listenGrpc(server, config.grpc, options, () => () => undefined);
  await within(3_000, listener.stop(0));
});
