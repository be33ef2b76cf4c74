import { create, type DescMethod, type DescService } from "@bufbuild/protobuf";
import { Code, createClient } from "@connectrpc/connect";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { running } from "../database/support.ts";
import { eventually } from "../harness/waiting.ts";
import { contract, expectFailure, maxMessageBytes, sample, wires } from "./support.ts";

const service = contract();

/** Statements of the service that run or wait, other than those of the test. */
const queries = () => running(service.database, "%from %");
/** Long before the ten seconds that the server gives a call by itself. */
const soonMs = 5_000;
const noneRuns = () => eventually(async () => (await queries()).length === 0, soonMs);

describe.each(wires)("over %s", (wire) => {
  let api: ReturnType<typeof service.benchmarks>;
  let benchmarkId: string;
  beforeEach(async () => {
    api = service.benchmarks(wire);
    benchmarkId = (await api.createBenchmark(sample)).benchmark?.id ?? "";
  });
  afterEach(async () => {
    await service.unlock();
  });

  test("SystemService tells what the service is and holds", async () => {
    const system = service.system(wire);
    const info = await system.getInfo({});
    expect(info).toMatchObject({ version: expect.stringMatching(/^\d+\.\d+\.\d+/), apiVersion: "ltb.v1" });
    expect(info.limits).toMatchObject({
      defaultPageSize: 50,
      maxPageSize: 1000,
      maxBatchSize: 1000,
      maxMessageBytes,
      maxJsonBytes: 1_048_576,
    });
    expect(info.limits?.requestIdRetention?.seconds).toBe(86_400n);
    const before = await system.getStats({});
    await api.createEvaluation({ benchmarkId, input: "i", output: "o" });
    const stats = await system.getStats({});
    expect(stats.evaluationCount).toBe(before.evaluationCount + 1n);
    expect(stats.databaseSizeMb).toBeCloseTo(Number(stats.databaseSizeBytes) / 1024 / 1024, 6);
    expect(stats.pool).toMatchObject({ size: 20, waiting: 0 });
    expect(stats.schemaVersion).toMatch(/^\d{14}_/);
    expect(stats.uptime).toBeDefined();
  });

  test("every method without an implementation says so", async () => {
    const missing = service.services.flatMap(({ service: described, implementation }) =>
      described.methods
        .filter(({ localName }) => !(localName in implementation))
        .map((method) => [described, method] as const),
    );
    for (const [described, method] of missing) {
      await expectFailure(callOf(described, method), { code: Code.Unimplemented, reason: "UNIMPLEMENTED" });
    }
    const implemented = service.services.flatMap(({ implementation }) => Object.keys(implementation));
    expect(implemented).toEqual(
      expect.arrayContaining(["createBenchmark", "exportEvaluations", "getStats", "getInfo"]),
    );
  });

  async function callOf(described: DescService, method: DescMethod): Promise<unknown> {
    const client = createClient(described, service.transport(wire)) as Record<
      string,
      (request: unknown) => unknown
    >;
    const message = create(method.input);
    async function* once() {
      yield message;
    }
    const streams = method.methodKind === "client_streaming" || method.methodKind === "bidi_streaming";
    const answer = client[method.localName]?.(streams ? once() : message);
    return method.methodKind.endsWith("server_streaming")
      ? Array.fromAsync(answer as AsyncIterable<unknown>)
      : answer;
  }

  test("a request beyond the largest message is refused, and the next one served", async () => {
    const metadata = { a: "x".repeat(maxMessageBytes) };
    const error = await api.createBenchmark({ ...sample, metadata }).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: Code.ResourceExhausted });
    await api.getBenchmark({ id: benchmarkId });
  });

  describe("a call that is blocked in the database", () => {
    test("ends at its deadline, and leaves no query running", async () => {
      await service.lock("benchmarks");
      const started = performance.now();
      const late = { code: Code.DeadlineExceeded };
      await expect(api.getBenchmark({ id: benchmarkId }, { timeoutMs: 50 })).rejects.toMatchObject(late);
      await expect(
        api.updateBenchmark({ id: benchmarkId, name: "x" }, { timeoutMs: 50 }),
      ).rejects.toMatchObject(late);
      await expect(
        api.createBenchmark({ ...sample, requestId: "r" }, { timeoutMs: 50 }),
      ).rejects.toMatchObject(late);
      expect(performance.now() - started).toBeLessThan(soonMs);
      await noneRuns();
      await service.unlock();
      expect((await api.getBenchmark({ id: benchmarkId })).benchmark).toMatchObject({
        name: sample.name,
        version: 1,
      });
    });

    test("ends when its caller goes, and leaves no query running", async () => {
      await service.lock("evaluations");
      const abort = new AbortController();
      const { signal } = abort;
      async function* messages() {
        yield { evaluations: [{ benchmarkId, input: "i", output: "o" }] };
      }
      const calls = [
        api.getBenchmarkSummary({ benchmarkId, exact: true }, { signal }),
        api.listEvaluations({ benchmarkId }, { signal }),
        api.batchCreateEvaluations({ evaluations: [{ benchmarkId, input: "i", output: "o" }] }, { signal }),
        api.streamEvaluations(messages(), { signal }),
      ];
      const ended = Promise.allSettled(calls);
      await eventually(async () => (await queries()).length >= calls.length);
      abort.abort();
      for (const outcome of await ended) expect(outcome).toMatchObject({ reason: { code: Code.Canceled } });
      await noneRuns();
      await service.unlock();
      expect((await api.listEvaluations({ benchmarkId })).evaluations).toEqual([]);
      expect((await api.getBenchmark({ id: benchmarkId })).benchmark).toMatchObject({
        completedIterations: 0,
      });
    });
  });

  describe("an export that is left mid-way", () => {
    beforeEach(async () => {
      const evaluations = Array.from({ length: 40 }, () => ({
        benchmarkId,
        input: "x".repeat(90_000),
        output: "o",
      }));
      for (let i = 0; i < 4; i++) await api.batchCreateEvaluations({ evaluations });
    });

    test("by its reader ends it in the database", async () => {
      for await (const { evaluations } of api.exportEvaluations({ benchmarkId })) {
        expect(evaluations.length).toBeGreaterThan(0);
        break;
      }
      await noneRuns();
    });

    test("by cancellation while the database is blocked leaves no query running", async () => {
      const abort = new AbortController();
      const stream = api.exportEvaluations({ benchmarkId }, { signal: abort.signal })[Symbol.asyncIterator]();
      await service.lock("evaluations");
      const reading = (async () => {
        while (!(await stream.next()).done);
      })();
      const failed = expect(reading).rejects.toMatchObject({ code: Code.Canceled });
      await eventually(async () => (await queries()).length > 0);
      abort.abort();
      await failed;
      await noneRuns();
    });
  });
});
