import { Code } from "@connectrpc/connect";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import {
  BadRequestSchema,
  ErrorInfoSchema,
  RequestInfoSchema,
  RetryInfoSchema,
} from "../../gen/google/rpc/error_details_pb.ts";
import { ServiceError } from "../../src/errors.ts";
import { callOf } from "../../src/rpc/call/call.ts";
import { eventually } from "../harness/waiting.ts";
import { benchmarks, deadlineOfService, failure, reasonOf, serve, untilAborted, wires } from "./support.ts";

describe.each(Object.entries(wires))("unary calls over %s", (wire, transportTo) => {
  const protocol = wire.split(",")[0]?.toLowerCase();

  test("answer, and log one line", async () => {
    const server = await serve({ get: async (id) => ({ benchmark: { id, name: "mmlu" } }) });
    const { benchmark } = await benchmarks(transportTo(server)).getBenchmark({ id: "b1" });
    expect(benchmark).toMatchObject({ id: "b1", name: "mmlu" });
    const line = await server.callLine("GetBenchmark");
    expect(line).toMatchObject({
      level: "info",
      code: "OK",
      method: "ltb.v1.BenchmarkService/GetBenchmark",
      protocol,
    });
    expect(line.peer).toMatch(/^127\.0\.0\.1:\d+$/);
    expect(line.durationMs).toBeGreaterThanOrEqual(0);
    expect(server.log.filter(({ msg }) => msg === "call")).toHaveLength(1);
  });

  test("keep the caller's request id", async () => {
    let seen: string | undefined;
    const server = await serve({
      get: (_, context) => {
        seen = callOf(context).requestId;
        return {};
      },
    });
    let header: string | null = null;
    await benchmarks(transportTo(server)).getBenchmark(
      {},
      {
        headers: { "x-request-id": "job-7:try.2" },
        onHeader: (headers) => {
          header = headers.get("x-request-id");
        },
      },
    );
    expect(header).toBe("job-7:try.2");
    expect(seen).toBe("job-7:try.2");
    expect((await server.callLine("GetBenchmark")).requestId).toBe("job-7:try.2");
  });

  test.each(["", "with space", "x".repeat(129), 'quote"'])(
    "replace the unusable request id %j",
    async (given) => {
      const server = await serve({ get: () => ({}) });
      let header: string | null = null;
      await benchmarks(transportTo(server)).getBenchmark(
        {},
        {
          headers: { "x-request-id": given },
          onHeader: (headers) => {
            header = headers.get("x-request-id");
          },
        },
      );
      expect(header).toMatch(/^[0-9a-f-]{36}$/);
    },
  );

  test("carry metadata both ways", async () => {
    const server = await serve({
      get: (_, context) => {
        context.responseHeader.set("x-answer", `${context.requestHeader.get("x-question")}!`);
        context.responseTrailer.set("x-after", "done");
        const { method, userAgent } = callOf(context);
        return { benchmark: { name: method, description: userAgent ?? "" } };
      },
    });
    let header: string | null = null;
    let trailer: string | null = null;
    const { benchmark } = await benchmarks(transportTo(server)).getBenchmark(
      {},
      {
        headers: { "x-question": "why" },
        onHeader: (headers) => {
          header = headers.get("x-answer");
        },
        onTrailer: (trailers) => {
          trailer = trailers.get("x-after");
        },
      },
    );
    expect(header).toBe("why!");
    expect(trailer).toBe("done");
    expect(benchmark?.name).toBe("ltb.v1.BenchmarkService/GetBenchmark");
    expect(benchmark?.description).toMatch(/connect-es/);
  });

  test("survive metadata that belongs to the protocol or is not ASCII", async () => {
    const server = await serve({
      get: (_, context) => {
        for (const name of [
          "grpc-status",
          "connection",
          "content-type",
          "content-length",
          "transfer-encoding",
          "te",
        ]) {
          context.responseHeader.set(name, "13");
          context.responseTrailer.set(name, "13");
        }
        context.responseHeader.set("x-city", "Zürich");
        context.responseHeader.set("bad!name", "x");
        return { benchmark: { name: "fine" } };
      },
    });
    const client = benchmarks(transportTo(server));
    let city: string | null = null;
    const { benchmark } = await client.getBenchmark(
      {},
      {
        onHeader: (headers) => {
          city = headers.get("x-city");
        },
      },
    );
    expect(benchmark?.name).toBe("fine");
    expect(decodeURI(city ?? "")).toBe("Zürich");
  });

  test("fail with all that a ServiceError says", async () => {
    const server = await serve({
      get: () => {
        throw new ServiceError(Code.ResourceExhausted, "OVERLOADED", "too much at once", {
          metadata: { limit: "32" },
          violations: [{ field: "evaluations[3].sample_id", description: "must be set" }],
          retryAfterMs: 1_500,
        });
      },
    });
    const error = await failure(benchmarks(transportTo(server)).getBenchmark({}));
    expect(error).toMatchObject({ code: Code.ResourceExhausted, rawMessage: "too much at once" });
    expect(error.findDetails(ErrorInfoSchema)).toMatchObject([
      { reason: "OVERLOADED", domain: "llm-test-bench", metadata: { limit: "32" } },
    ]);
    expect(error.findDetails(BadRequestSchema)[0]?.fieldViolations).toMatchObject([
      { field: "evaluations[3].sample_id", description: "must be set" },
    ]);
    expect(error.findDetails(RetryInfoSchema)[0]?.retryDelay).toMatchObject({
      seconds: 1n,
      nanos: 500_000_000,
    });
    const line = await server.callLine("GetBenchmark");
    expect(error.findDetails(RequestInfoSchema)[0]?.requestId).toBe(line.requestId);
    expect(error.metadata.get("x-request-id")).toBe(line.requestId);
    expect(line).toMatchObject({ level: "warn", code: "RESOURCE_EXHAUSTED" });
  });

  test("name the fields of a ZodError as the proto does", async () => {
    const schema = z.object({ totalIterations: z.int() });
    const server = await serve({
      get: () => {
        schema.parse({ totalIterations: "many" });
        return {};
      },
    });
    const error = await failure(benchmarks(transportTo(server)).getBenchmark({}));
    expect(error.code).toBe(Code.InvalidArgument);
    expect(reasonOf(error)).toBe("INVALID_ARGUMENT");
    expect(error.findDetails(BadRequestSchema)[0]?.fieldViolations[0]?.field).toBe("total_iterations");
  });

  test.each([
    ["an Error", new Error("password=hunter2 at /etc/secret")],
    ["undefined", undefined],
    ["a string", "hunter2"],
    ["an object without prototype", Object.create(null)],
  ])("mask %s as INTERNAL and log it", async (_, thrown) => {
    const server = await serve({
      get: () => {
        throw thrown;
      },
    });
    const client = benchmarks(transportTo(server));
    const error = await failure(client.getBenchmark({}));
    expect(error.code).toBe(Code.Internal);
    expect(reasonOf(error)).toBe("INTERNAL");
    expect(JSON.stringify([error.rawMessage, error.details])).not.toContain("hunter2");
    const line = await server.callLine("GetBenchmark");
    expect(error.rawMessage).toContain(line.requestId);
    expect(line).toMatchObject({ level: "error", code: "INTERNAL" });
    const logged = server.log.find(({ msg }) => msg === "internal error");
    expect(logged?.requestId).toBe(line.requestId);
    expect(JSON.stringify(logged?.err)).toContain("stack");
    expect((await failure(client.getBenchmark({}))).code).toBe(Code.Internal);
  });

  test("deliver an error with lone surrogates and a long message", async () => {
    const lone = "\ud800";
    const server = await serve({
      get: (id) => {
        throw new ServiceError(
          Code.NotFound,
          "NOT_FOUND",
          id === "long" ? "é".repeat(100_000) : `no ${lone} here`,
          {
            metadata: { [lone]: lone },
            violations: Array.from({ length: 1000 }, (_, index) => ({
              field: `f${index}${lone}`,
              description: "x".repeat(90),
            })),
          },
        );
      },
    });
    const client = benchmarks(transportTo(server));
    const error = await failure(client.getBenchmark({}));
    expect(error).toMatchObject({ code: Code.NotFound, rawMessage: "no \ufffd here" });
    expect(error.findDetails(BadRequestSchema)[0]?.fieldViolations.length).toBeGreaterThan(10);
    const long = await failure(client.getBenchmark({ id: "long" }));
    expect(long.code).toBe(Code.NotFound);
    // The limit is one of bytes, as that of headers.
    expect(Buffer.byteLength(long.rawMessage)).toBeGreaterThan(1_000);
    expect(Buffer.byteLength(long.rawMessage)).toBeLessThanOrEqual(1_024 + "…".length * 3);
  });

  test("answer a response with lone surrogates", async () => {
    const server = await serve({ get: () => ({ benchmark: { name: "\udfff" } }) });
    const outcome = await benchmarks(transportTo(server))
      .getBenchmark({})
      .catch((error: unknown) => error);
    expect(outcome).toBeDefined();
    expect((await fetch(`${server.httpUrl}/healthz`)).status).toBe(200);
  });

  test("say UNIMPLEMENTED for a method without implementation", async () => {
    const server = await serve();
    const error = await failure(benchmarks(transportTo(server)).getLeaderboard({}));
    expect(error.code).toBe(Code.Unimplemented);
    expect(reasonOf(error)).toBe("UNIMPLEMENTED");
    expect(error.rawMessage).toContain("ltb.v1.BenchmarkService/GetLeaderboard");
    expect(await server.callLine("GetLeaderboard")).toMatchObject({ code: "UNIMPLEMENTED" });
  });

  test("stop at the caller's deadline", async () => {
    let reason: unknown;
    const server = await serve({
      get: (_, context) =>
        untilAborted(context).catch((error: unknown) => {
          reason = error;
          throw error;
        }),
    });
    const error = await failure(benchmarks(transportTo(server)).getBenchmark({}, deadlineOfService));
    expect(error.code).toBe(Code.DeadlineExceeded);
    await eventually(() => reason);
    expect(reason).toMatchObject({ reason: "DEADLINE_EXCEEDED" });
    expect(await server.callLine("GetBenchmark")).toMatchObject({ code: "DEADLINE_EXCEEDED" });
  });

  test("stop at the default deadline, even if the handler does not care", async () => {
    const server = await serve({ get: () => new Promise(() => undefined) }, { defaultDeadlineSeconds: 0.1 });
    const error = await failure(benchmarks(transportTo(server)).getBenchmark({}));
    expect(error.code).toBe(Code.DeadlineExceeded);
    expect(reasonOf(error)).toBe("DEADLINE_EXCEEDED");
  });

  test("have 24 hours at most", async () => {
    let left: number | undefined;
    const server = await serve({
      get: (_, context) => {
        left = context.timeoutMs();
        return {};
      },
    });
    await benchmarks(transportTo(server)).getBenchmark({}, { timeoutMs: 24 * 24 * 3_600_000 });
    expect(left).toBeGreaterThan(23 * 3_600_000);
    expect(left).toBeLessThanOrEqual(24 * 3_600_000);
  });

  test("stop when the caller cancels", async () => {
    let reason: unknown;
    let entered = false;
    const server = await serve({
      get: (_, context) => {
        entered = true;
        return untilAborted(context).catch((error: unknown) => {
          reason = error;
          throw error;
        });
      },
    });
    const abort = new AbortController();
    const call = benchmarks(transportTo(server)).getBenchmark({}, { signal: abort.signal });
    await Promise.race([call, eventually(() => entered)]);
    abort.abort();
    expect((await failure(call)).code).toBe(Code.Canceled);
    await eventually(() => reason);
    expect(reason).toMatchObject({ reason: "CANCELLED" });
    expect(await server.callLine("GetBenchmark")).toMatchObject({ code: "CANCELLED", level: "info" });
  });
});
