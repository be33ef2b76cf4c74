import { Code } from "@connectrpc/connect";
import { describe, expect, test } from "vitest";
import { BenchmarkStatus } from "../../gen/ltb/v1/benchmark_pb.ts";
import type { WatchBenchmarksResponse } from "../../gen/ltb/v1/benchmark_service_pb.ts";
import { unknownId } from "../harness/examples.ts";
import { contract, expectFailure, sample, wires } from "./support.ts";

const service = contract();

describe.each(wires)("WatchBenchmarks over %s", (wire) => {
  /** The messages until one is as asked for. */
  async function take(
    stream: AsyncIterator<WatchBenchmarksResponse>,
    isLast: (message: WatchBenchmarksResponse) => boolean,
  ): Promise<WatchBenchmarksResponse> {
    for (;;) {
      const { value, done } = await stream.next();
      if (done) throw new Error("the watch ended");
      if (isLast(value)) return value;
    }
  }

  test("tells how benchmarks stand, of changes, counts, mean score and the end, and goes on from a cursor", async () => {
    const api = service.benchmarks(wire);
    const { benchmark } = await api.createBenchmark({ ...sample, description: "long", metadata: { a: 1 } });
    const id = benchmark?.id ?? "";
    const stop = new AbortController();
    const watch = api.watchBenchmarks({ ids: [id] }, { signal: stop.signal })[Symbol.asyncIterator]();
    const first = await take(watch, () => true);
    expect(first).toMatchObject({ deleted: false, cursor: expect.stringMatching(/^[\w-]+$/) });
    expect(first.benchmark).toBeUndefined();
    const standing = await take(watch, () => true);
    expect(standing.benchmark).toMatchObject({
      id,
      name: sample.name,
      description: "",
      completedIterations: 0,
    });
    expect(standing.benchmark?.metadata).toBeUndefined();
    expect(standing.meanScore).toBeUndefined();
    await api.updateBenchmark({ id, status: BenchmarkStatus.RUNNING });
    await take(watch, ({ benchmark }) => benchmark?.status === BenchmarkStatus.RUNNING);
    const scores = [1, 0.5].map((score) => ({ input: "i", output: "o", score }));
    await api.batchCreateEvaluations({ benchmarkId: id, evaluations: scores });
    const counted = await take(watch, ({ benchmark }) => benchmark?.completedIterations === 2);
    expect(counted.meanScore).toBe(0.75);
    await api.deleteBenchmark({ id });
    const deleted = await take(watch, (message) => message.deleted);
    expect(deleted.benchmark).toMatchObject({ id, name: "" });
    stop.abort();

    const again = new AbortController();
    const request = { ids: [id], afterCursor: standing.cursor };
    const resumed = api.watchBenchmarks(request, { signal: again.signal })[Symbol.asyncIterator]();
    expect((await take(resumed, (message) => message.benchmark !== undefined)).deleted).toBe(true);
    again.abort();
  });

  test("refuses what is no request of it before anything is watched", async () => {
    const api = service.benchmarks(wire);
    const invalid = { code: Code.InvalidArgument, reason: "INVALID_ARGUMENT" };
    const failing: [Parameters<typeof api.watchBenchmarks>[0], Parameters<typeof expectFailure>[1]][] = [
      [{ ids: ["x"] }, { ...invalid, fields: ["ids[0]"] }],
      [{ ids: Array.from({ length: 1_001 }, () => unknownId) }, { ...invalid, fields: ["ids"] }],
      [{ status: 99 as BenchmarkStatus }, { ...invalid, fields: ["status"] }],
      [{ provider: "p".repeat(101) }, { ...invalid, fields: ["provider"] }],
      [{ dataset: "d".repeat(256) }, { ...invalid, fields: ["dataset"] }],
      [
        { afterCursor: "x" },
        { code: Code.InvalidArgument, reason: "INVALID_CURSOR", fields: ["after_cursor"] },
      ],
      [
        { afterCursor: Buffer.from('["benchmark",1000000000000,1]').toString("base64url") },
        { code: Code.OutOfRange, reason: "CURSOR_EXPIRED" },
      ],
    ];
    for (const [request, failure] of failing)
      await expectFailure(Array.fromAsync(api.watchBenchmarks(request, { timeoutMs: 10_000 })), failure);
  });

  test("ends with the deadline of the caller", async () => {
    const api = service.benchmarks(wire);
    const watch = api.watchBenchmarks({ ids: [unknownId] }, { timeoutMs: 300 })[Symbol.asyncIterator]();
    await expect(take(watch, () => false)).rejects.toMatchObject({ code: Code.DeadlineExceeded });
  });
});
