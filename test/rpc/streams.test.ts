import { randomBytes } from "node:crypto";
import { Code, type HandlerContext } from "@connectrpc/connect";
import { describe, expect, onTestFinished, test } from "vitest";
import type { StreamEvaluationsRequest } from "../../gen/ltb/v1/benchmark_service_pb.ts";
import { notFound } from "../../src/errors.ts";
import { eventually } from "../harness/waiting.ts";
import { benchmarks, deadlineOfService, failure, reasonOf, serve, untilAborted, wires } from "./support.ts";

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Does not get smaller by compression. */
const noise = randomBytes(25_000).toString("hex");

async function* messages(count: number, onSent: (index: number) => void = () => undefined) {
  for (let index = 0; index < count; index++) {
    onSent(index);
    yield { benchmarkId: `${index}`, evaluations: [{ input: "x".repeat(1000) }] };
  }
}

async function count(requests: AsyncIterable<StreamEvaluationsRequest>) {
  let received = 0;
  for await (const { benchmarkId } of requests) {
    if (benchmarkId !== `${received}`) throw new Error(`got ${benchmarkId} as number ${received}`);
    received++;
  }
  return { received };
}

async function all<T>(stream: AsyncIterable<T>): Promise<T[]> {
  const read: T[] = [];
  for await (const message of stream) read.push(message);
  return read;
}

describe.each(Object.entries(wires))("client streams over %s", (_, transportTo) => {
  test("arrive whole and in order", async () => {
    const server = await serve({ collect: count });
    const { received } = await benchmarks(transportTo(server)).streamEvaluations(messages(2_000));
    expect(received).toBe(2_000);
    expect(await server.callLine("StreamEvaluations")).toMatchObject({ code: "OK", received: 2_000 });
  });

  test("may be empty", async () => {
    const server = await serve({ collect: count });
    expect((await benchmarks(transportTo(server)).streamEvaluations(messages(0))).received).toBe(0);
  });

  test("may be left by the handler, which is answered", async () => {
    const server = await serve({
      collect: async (requests) => {
        for await (const _ of requests) break;
        return { received: 1 };
      },
    });
    const client = benchmarks(transportTo(server));
    expect((await client.streamEvaluations(messages(3))).received).toBe(1);
    expect((await client.streamEvaluations(messages(3))).received).toBe(1);
  });

  test("fail in the middle with details", async () => {
    const server = await serve({
      collect: async (requests) => {
        for await (const { benchmarkId } of requests)
          if (benchmarkId === "5") throw notFound("benchmark", benchmarkId);
        return { received: 0 };
      },
    });
    const error = await failure(benchmarks(transportTo(server)).streamEvaluations(messages(10)));
    expect(error).toMatchObject({ code: Code.NotFound, rawMessage: "benchmark 5 does not exist" });
    expect(reasonOf(error)).toBe("NOT_FOUND");
  });

  test("have no default deadline", async () => {
    const server = await serve(
      {
        collect: async (requests, { timeoutMs }) => {
          await sleep(150);
          expect(timeoutMs()).toBeUndefined();
          return count(requests);
        },
      },
      { defaultDeadlineSeconds: 0.05 },
    );
    expect((await benchmarks(transportTo(server)).streamEvaluations(messages(3))).received).toBe(3);
  });

  test("stop at the caller's deadline while the handler waits for more", async () => {
    let aborted = false;
    const server = await serve({
      collect: async (requests, context) => {
        context.signal.addEventListener("abort", () => {
          aborted = true;
        });
        return count(requests);
      },
    });
    async function* endless() {
      yield { benchmarkId: "0" };
      await sleep(3_000);
    }
    const error = await failure(
      benchmarks(transportTo(server)).streamEvaluations(endless(), deadlineOfService),
    );
    expect(error.code).toBe(Code.DeadlineExceeded);
    await eventually(() => aborted);
    expect(await server.callLine("StreamEvaluations")).toMatchObject({
      code: "DEADLINE_EXCEEDED",
      received: 1,
    });
  });

  test("are not read faster than the handler takes them", async () => {
    let taken = 0;
    let sent = 0;
    let ahead = 0;
    const server = await serve({
      collect: async (requests) => {
        for await (const _ of requests) {
          taken++;
          if (taken <= 40) await sleep(5);
          if (taken === 40) ahead = sent - taken;
        }
        return { received: taken };
      },
    });
    async function* requests() {
      for (let index = 0; index < 2_000; index++) {
        sent = index;
        yield { benchmarkId: "b", evaluations: [{ input: noise }] };
      }
    }
    const { received } = await benchmarks(transportTo(server)).streamEvaluations(requests());
    expect(received).toBe(2_000);
    // 100 MB in all; what is under way are the buffers of sockets, flow control and 16 messages.
    expect(ahead).toBeLessThan(400);
  });
});

describe.each(Object.entries(wires))("server streams over %s", (_, transportTo) => {
  test("arrive whole and in order, after their header", async () => {
    const server = await serve({
      async *export(_, context) {
        context.responseHeader.set("x-first", "yes");
        for (let index = 0; index < 2_000; index++) yield { nextPageToken: `${index}` };
        context.responseTrailer.set("x-last", "yes");
      },
    });
    let header: string | null = null;
    let trailer: string | null = null;
    const tokens: string[] = [];
    const stream = benchmarks(transportTo(server)).exportEvaluations(
      {},
      {
        onHeader: (headers) => {
          header = headers.get("x-first");
        },
        onTrailer: (trailers) => {
          trailer = trailers.get("x-last");
        },
      },
    );
    for await (const { nextPageToken } of stream) tokens.push(nextPageToken);
    expect(tokens).toEqual(Array.from({ length: 2_000 }, (_, index) => `${index}`));
    expect({ header, trailer }).toEqual({ header: "yes", trailer: "yes" });
    expect(await server.callLine("ExportEvaluations")).toMatchObject({ code: "OK", sent: 2_000 });
  });

  test("may be empty", async () => {
    const server = await serve({ async *export() {} });
    const client = benchmarks(transportTo(server));
    expect(await all(client.exportEvaluations({}))).toEqual([]);
  });

  test.each([0, 3])("fail with details after %i messages", async (before) => {
    const server = await serve({
      async *export(id) {
        for (let index = 0; index < before; index++) yield {};
        throw notFound("benchmark", id);
      },
    });
    let received = 0;
    const reading = (async () => {
      for await (const _ of benchmarks(transportTo(server)).exportEvaluations({ benchmarkId: "b9" }))
        received++;
    })();
    const error = await failure(reading);
    expect(error).toMatchObject({ code: Code.NotFound, rawMessage: "benchmark b9 does not exist" });
    expect(reasonOf(error)).toBe("NOT_FOUND");
    expect(received).toBe(before);
    expect(await server.callLine("ExportEvaluations")).toMatchObject({ code: "NOT_FOUND", sent: before });
  });

  test("end for the handler when the caller cancels while it does not read", async () => {
    let ended = false;
    const server = await serve({
      async *export() {
        try {
          for (;;) yield { nextPageToken: noise };
        } finally {
          ended = true;
        }
      },
    });
    const abort = new AbortController();
    const stream = benchmarks(transportTo(server)).exportEvaluations({}, { signal: abort.signal });
    for await (const _ of stream) break;
    await sleep(200);
    expect(ended).toBe(false);
    abort.abort();
    await eventually(() => ended);
    expect(await server.callLine("ExportEvaluations")).toMatchObject({ code: "CANCELLED" });
  });

  test("stop while the handler waits, when the caller cancels", async () => {
    let context: HandlerContext | undefined;
    const server = await serve({
      async *export(_, given) {
        context = given;
        yield {};
        await untilAborted(given);
      },
    });
    const abort = new AbortController();
    const reading = (async () => {
      for await (const _ of benchmarks(transportTo(server)).exportEvaluations({}, { signal: abort.signal }))
        abort.abort();
    })();
    expect((await failure(reading)).code).toBe(Code.Canceled);
    await eventually(() => context?.signal.aborted);
    expect(context?.signal.reason).toMatchObject({ reason: "CANCELLED" });
    expect(await server.callLine("ExportEvaluations")).toMatchObject({ code: "CANCELLED", sent: 1 });
  });

  test("stop at the deadline, even if the handler hangs", async () => {
    const server = await serve({
      async *export() {
        yield {};
        await new Promise(() => undefined);
      },
    });
    const reading = all(benchmarks(transportTo(server)).exportEvaluations({}, deadlineOfService));
    expect((await failure(reading)).code).toBe(Code.DeadlineExceeded);
    expect(await server.callLine("ExportEvaluations")).toMatchObject({ code: "DEADLINE_EXCEEDED", sent: 1 });
  });

  test("wait for a slow reader", async () => {
    let made = 0;
    const server = await serve({
      async *export() {
        for (; made < 4_000; made++) yield { nextPageToken: noise };
      },
    });
    let read = 0;
    const abort = new AbortController();
    onTestFinished(() => abort.abort());
    for await (const _ of benchmarks(transportTo(server)).exportEvaluations({}, { signal: abort.signal })) {
      read++;
      if (read > 20) break;
      await sleep(10);
    }
    // 200 MB in all; what is under way are the buffers of both sides.
    expect(made).toBeLessThan(400);
  });
});
