import { once } from "node:events";
import { createServer } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { Code, createClient } from "@connectrpc/connect";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { ErrorInfoSchema, RequestInfoSchema } from "../../gen/google/rpc/error_details_pb.ts";
import { JobService } from "../../gen/ltb/v1/job_service_pb.ts";
import { transportLimits } from "../../src/limits.ts";
import { discardRest } from "../../src/rpc/http/server.ts";
import { closing, eventually } from "../harness/waiting.ts";
import { benchmarks, failure, reasonOf, serve, type TestServer, wires } from "./support.ts";

const max = 64 * 1024;
const tooLarge = {
  reason: "MESSAGE_TOO_LARGE",
  domain: "llm-test-bench",
  metadata: { limit_bytes: String(max) },
};
const calls = ({ log }: TestServer) => log.filter(({ msg }) => msg === "call");

describe.each(Object.entries(wires))("over %s", (_, transportTo) => {
  test.each([max, 20 * max])(
    "a request of over %i bytes is refused with its reason and logged",
    async (size) => {
      let entered = false;
      const server = await serve({
        get: () => {
          entered = true;
          return {};
        },
      });
      const client = benchmarks(transportTo(server));
      const error = await failure(
        client.getBenchmark({ id: "x".repeat(size) }, { headers: { "x-request-id": "r-7" } }),
      );
      expect(error.code).toBe(Code.ResourceExhausted);
      expect(error.rawMessage).toContain("65536");
      expect(error.rawMessage).toContain("LTB_MAX_MESSAGE_BYTES");
      expect(error.findDetails(ErrorInfoSchema)).toMatchObject([tooLarge]);
      expect(error.findDetails(RequestInfoSchema)).toMatchObject([{ requestId: "r-7" }]);
      expect(error.metadata.get("x-request-id")).toBe("r-7");
      await client.getBenchmark({});
      expect(entered).toBe(true);
      expect(calls(server)).toMatchObject([
        {
          level: "warn",
          code: "RESOURCE_EXHAUSTED",
          requestId: "r-7",
          error: error.rawMessage,
          method: "ltb.v1.BenchmarkService/GetBenchmark",
          peer: expect.stringMatching(/^127\.0\.0\.1:\d+$/),
        },
        { code: "OK" },
      ]);
      expect(server.log.filter(({ msg }) => msg === "refused")).toEqual([]);
    },
  );

  test("the request of a stream, too", async () => {
    const server = await serve({
      async *export() {
        yield {};
      },
    });
    const pages = benchmarks(transportTo(server)).exportEvaluations({ benchmarkId: "x".repeat(max) });
    const error = await failure(Array.fromAsync(pages));
    expect(error.findDetails(ErrorInfoSchema)).toMatchObject([tooLarge]);
    expect(calls(server)).toMatchObject([{ code: "RESOURCE_EXHAUSTED", sent: 0 }]);
  });

  test("a message that is too large ends its stream, with the same reason and one line", async () => {
    let handlerEnded = false;
    const server = await serve({
      collect: async (requests) => {
        try {
          let received = 0;
          for await (const _ of requests) received++;
          return { received };
        } finally {
          handlerEnded = true;
        }
      },
    });
    async function* messages() {
      yield { benchmarkId: "b" };
      await eventually(() => server.log.length > 0);
      yield { benchmarkId: "x".repeat(max) };
      yield { benchmarkId: "b" };
    }
    const error = await failure(benchmarks(transportTo(server)).streamEvaluations(messages()));
    expect(error.code).toBe(Code.ResourceExhausted);
    expect(error.findDetails(ErrorInfoSchema)).toMatchObject([tooLarge]);
    const line = await server.callLine("StreamEvaluations");
    expect(line).toMatchObject({ level: "warn", code: "RESOURCE_EXHAUSTED", received: 1 });
    expect(error.findDetails(RequestInfoSchema)).toMatchObject([{ requestId: line.requestId }]);
    await eventually(() => handlerEnded);
    expect(calls(server)).toHaveLength(1);
  });

  test("a response that is too large is refused, and logged", async () => {
    const server = await serve({ get: () => ({ benchmark: { description: "x".repeat(max) } }) });
    const error = await failure(benchmarks(transportTo(server)).getBenchmark({}));
    expect(error.code).toBe(Code.ResourceExhausted);
    expect(error.rawMessage).toMatch(/^the response has .*65536.*LTB_MAX_MESSAGE_BYTES/);
    expect(error.findDetails(ErrorInfoSchema)).toMatchObject([tooLarge]);
    const line = await server.callLine("GetBenchmark");
    expect(line).toMatchObject({ level: "warn", code: "RESOURCE_EXHAUSTED" });
    expect(error.findDetails(RequestInfoSchema)).toMatchObject([{ requestId: line.requestId }]);
  });

  test("a response that is too large in the middle of a stream, too", async () => {
    const server = await serve({
      async *export() {
        yield {};
        yield { nextPageToken: "x".repeat(max) };
      },
    });
    const error = await failure(Array.fromAsync(benchmarks(transportTo(server)).exportEvaluations({})));
    expect(error.findDetails(ErrorInfoSchema)).toMatchObject([tooLarge]);
    expect(await server.callLine("ExportEvaluations")).toMatchObject({ code: "RESOURCE_EXHAUSTED", sent: 1 });
  });

  test("a response counts as in the binary format, however long it is in JSON", async () => {
    const description = '"'.repeat(max - 100);
    const server = await serve({ get: () => ({ benchmark: { description } }) });
    const { benchmark } = await benchmarks(transportTo(server)).getBenchmark({});
    expect(benchmark?.description).toBe(description);
  });

  test("a method of a service that is not here is UNIMPLEMENTED, and logged", async () => {
    const server = await serve();
    const other = createClient(JobService, transportTo(server));
    const error = await failure(other.getJob({}, { headers: { "x-request-id": "r-8" } }));
    expect(error.code).toBe(Code.Unimplemented);
    expect(error.rawMessage).toContain("/ltb.v1.JobService/GetJob");
    expect(reasonOf(error)).toBe("UNIMPLEMENTED");
    expect(error.findDetails(RequestInfoSchema)).toMatchObject([{ requestId: "r-8" }]);
    expect(server.log.filter(({ msg }) => msg === "refused")).toMatchObject([
      { requestId: "r-8", code: "UNIMPLEMENTED", path: "/ltb.v1.JobService/GetJob" },
    ]);
  });
});

test.each(Object.entries(wires))(
  "a caller who goes in the middle of its answer is one line: %s",
  async (_, transportTo) => {
    let made = 0;
    const server = await serve({
      async *export() {
        for (; made < 10_000; made++) yield { nextPageToken: "x".repeat(max - 100) };
      },
    });
    const abort = new AbortController();
    const pages = benchmarks(transportTo(server)).exportEvaluations({}, { signal: abort.signal });
    for await (const _page of pages) if (made > 50) break;
    abort.abort();
    await server.callLine("ExportEvaluations");
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(calls(server)).toMatchObject([{ code: "CANCELLED" }]);
  },
);

test("of two servers each answers for its own unknown methods", async () => {
  const [one, other] = [await serve(), await serve()];
  const { gRPC } = wires;
  if (!gRPC) throw new Error("there is no gRPC");
  const error = await failure(createClient(JobService, gRPC(other)).getJob({}));
  expect(reasonOf(error)).toBe("UNIMPLEMENTED");
  expect(other.log.filter(({ msg }) => msg === "refused")).toHaveLength(1);
  expect(one.log.filter(({ msg }) => msg === "refused")).toEqual([]);
});

const head =
  "POST /ltb.v1.BenchmarkService/GetBenchmark HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n";

function open(port: number) {
  const socket = connect(port, "127.0.0.1");
  onTestFinished(() => void socket.destroy());
  let received = "";
  socket.on("data", (chunk) => {
    received += chunk;
  });
  const cut = closing(socket).then(() => {
    throw new Error("the connection was cut");
  });
  cut.catch(() => undefined);
  return {
    socket,
    /** Waits for so many, also while no time passes. */
    async answers(count: number) {
      while (received.split("HTTP/1.1 ").length <= count) await Promise.race([once(socket, "data"), cut]);
      return received;
    },
  };
}

/** Until the test ends, no time passes but the test's. */
function stopTime() {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  onTestFinished(() => void vi.useRealTimers());
}

describe("an HTTP connection whose request was refused before its end", () => {
  const chunk = `${max.toString(16)}\r\n${" ".repeat(max)}\r\n`;

  test.each([
    ["chunked", "transfer-encoding: chunked", chunk + chunk, `${chunk.repeat(40)}0\r\n\r\n`],
    ["of a known length", `content-length: ${42 * max}`, " ".repeat(2 * max), " ".repeat(40 * max)],
  ])("serves on after its rest: %s", async (_, header, first, rest) => {
    const server = await serve({ get: () => ({}) });
    const { socket, answers } = open(server.httpAddress.port);
    socket.write(`${head}${header}\r\n\r\n${first}`);
    expect(await answers(1)).toMatch(/^HTTP\/1\.1 429 /);
    socket.write(rest);
    socket.write(`${head}content-length: 2\r\n\r\n{}`);
    expect(await answers(2)).toMatch(/HTTP\/1\.1 200 /);
  });

  test("is not cut once its rest has come, though a reader has left in the middle of it", async () => {
    const own = createServer((request, response) => {
      discardRest(request, response);
      void request.iterator({ destroyOnReturn: false }).next();
      response.end();
    }).listen(0, "127.0.0.1");
    onTestFinished(() => void own.close());
    await once(own, "listening");
    stopTime();
    const { socket, answers } = open((own.address() as AddressInfo).port);
    socket.write(`${head}content-length: 2\r\n\r\n`);
    await answers(1);
    socket.write(`{}${head}content-length: 0\r\n\r\n`);
    await answers(2);
    await vi.advanceTimersByTimeAsync(transportLimits.httpUnreadMs);
    socket.write(`${head}content-length: 0\r\n\r\n`);
    await answers(3);
  });

  test("is cut if the rest does not come", async () => {
    const server = await serve({ get: () => ({}) });
    stopTime();
    const { socket } = open(server.httpAddress.port);
    socket.write(`${head}transfer-encoding: chunked\r\n\r\n${chunk}${chunk}`);
    await once(socket, "data");
    const closed = closing(socket);
    await vi.advanceTimersByTimeAsync(transportLimits.httpUnreadMs - 1);
    expect(socket.closed).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    await closed;
  });
});
