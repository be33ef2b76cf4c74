import { createClient } from "@connectrpc/connect";
import { createConnectTransport, createGrpcWebTransport } from "@connectrpc/connect-node";
import { test } from "vitest";
import { BenchmarkService } from "../../gen/ltb/v1/benchmark_service_pb.ts";
import { createLogger } from "../../src/log.ts";
import { provide } from "../../src/rpc/methods.ts";
import { startServer } from "../../src/server.ts";

test("x", async () => {
  let line = "";
  const server = await startServer({
    config: {
      grpcAddress: { host: "127.0.0.1", port: 0 },
      httpAddress: { host: "127.0.0.1", port: 0 },
      corsOrigins: [],
      maxMessageBytes: 4194304,
      defaultDeadlineMs: 5000,
      drainTimeoutMs: 100,
    },
    database: { healthCheck: async () => true },
    services: [
      provide(BenchmarkService, {
        getBenchmark: ({ id }) => ({ benchmark: { id } }),
        createBenchmark: () => ({}),
      }),
    ],
    log: createLogger("debug", {
      write: (l) => {
        line += l;
      },
    }),
  });
  const baseUrl = `http://127.0.0.1:${server.httpAddress.port}`;
  for (const [name, transport] of [
    ["web", createGrpcWebTransport({ baseUrl, httpVersion: "1.1" })],
    ["connect", createConnectTransport({ baseUrl, httpVersion: "1.1", useBinaryFormat: true })],
  ] as const) {
    const api = createClient(BenchmarkService, transport);
    const tally: Record<string, number> = {};
    for (let i = 0; i < 20; i++) {
      const first = await api.createBenchmark({ description: "x".repeat(4194304) }).then(
        () => "ok",
        (e) => String(e).slice(0, 60),
      );
      line = "";
      const second = await Promise.race([
        api.getBenchmark({ id: "a" }).then(
          () => "ok",
          (e) => String(e).slice(0, 90),
        ),
        new Promise<string>((r) => setTimeout(r, 1500, "HANG; server saw: " + (line || "nothing"))),
      ]);
      const key = `${name}: ${first} / ${second}`;
      tally[key] = (tally[key] ?? 0) + 1;
    }
    console.log(JSON.stringify(tally, null, 1));
  }
  await server.stop();
}, 120000);
