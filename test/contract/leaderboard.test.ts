import { Code } from "@connectrpc/connect";
import { beforeAll, describe, expect, test } from "vitest";
import { BenchmarkStatus } from "../../gen/ltb/v1/benchmark_pb.ts";
import { contract, expectFailure, sample, wires } from "./support.ts";

const service = contract();

describe.each(wires)("over %s", (wire) => {
  const dataset = `board of ${wire}`;
  let api: ReturnType<typeof service.benchmarks>;
  let ids: string[];
  beforeAll(async () => {
    api = service.benchmarks(wire);
    ids = [];
    for (const [index, scores] of [[0.9, 0.8, 1], [0.5], [0.2, 0.1, 0.2]].entries()) {
      const labels = { team: `t${index}` };
      const { benchmark } = await api.createBenchmark({ ...sample, name: `n${index}`, dataset, labels });
      const benchmarkId = benchmark?.id ?? "";
      await api.batchCreateEvaluations({
        benchmarkId,
        evaluations: scores.map((score) => ({ input: "i", output: "o", score, latencyMs: score * 100 })),
      });
      ids.push(benchmarkId);
    }
  });

  test("benchmarks are ranked as soon as their evaluations are stored", async () => {
    const { entries, nextPageToken, totalCount, pendingCount } = await api.getLeaderboard({ dataset });
    expect([nextPageToken, totalCount, pendingCount]).toEqual(["", 3, 0]);
    expect(await api.getLeaderboard({ dataset, metric: "own" })).toMatchObject({ unscoredCount: 3 });
    expect(entries.map(({ benchmarkId }) => benchmarkId)).toEqual(ids);
    expect(entries).toMatchObject([
      { rank: 1, rankLow: 1, rankHigh: 2, band: 1, count: 3, mean: expect.closeTo(0.9, 12) },
      { rank: 2, rankLow: 1, rankHigh: 3, count: 1, mean: 0.5 },
      { rank: 3, rankLow: 2, rankHigh: 3, band: 2, count: 3, stddev: expect.closeTo(0.057735, 6) },
    ]);
    const [first, alone] = entries;
    const { name: benchmarkName, provider, model } = { ...sample, name: "n0" };
    expect(first).toMatchObject({ benchmarkName, provider, model, status: BenchmarkStatus.PENDING });
    expect(first?.createdAt?.seconds).toBeGreaterThan(0n);
    expect(first?.ci95Low).toBeCloseTo(0.9 - 4.302653 * (first?.stderr ?? 0), 6);
    for (const field of ["stddev", "stderr", "ci95Low", "ci95High", "band"] as const)
      expect(alone?.[field]).toBeUndefined();
  });

  test("by another metric, the lowest first, and filtered", async () => {
    const { entries, lowerIsBetter } = await api.getLeaderboard({
      dataset,
      metric: "latency_ms",
      minCount: 2,
      labels: { team: "t2" },
      status: BenchmarkStatus.PENDING,
      createdAfter: { seconds: 0n, nanos: 0 },
      provider: sample.provider,
    });
    expect(lowerIsBetter).toBe(true);
    expect(entries).toMatchObject([{ benchmarkId: ids[2], rank: 1, rankHigh: 1 }]);
    const latency = { dataset, metric: "latency_ms" };
    const idsOf = async (direction: { lowerIsBetter?: boolean }) =>
      (await api.getLeaderboard({ ...latency, ...direction })).entries.map(({ benchmarkId }) => benchmarkId);
    expect(await idsOf({})).toEqual(ids.toReversed());
    expect(await idsOf({ lowerIsBetter: false })).toEqual(ids);
    const before = { createdBefore: { seconds: 0n, nanos: 0 } };
    expect(await api.getLeaderboard({ dataset, ...before })).toMatchObject({ entries: [], totalCount: 0 });
  });

  test("pages go on where they ended, with the same filters only", async () => {
    const seen: string[] = [];
    let pageToken = "";
    do {
      const page = await api.getLeaderboard({ dataset, pageSize: 1, pageToken });
      expect(page.entries.map(({ rank }) => rank)).toEqual([seen.length + 1]);
      seen.push(...page.entries.map(({ benchmarkId }) => benchmarkId));
      pageToken = page.nextPageToken;
    } while (pageToken !== "");
    expect(seen).toEqual(ids);

    const first = await api.getLeaderboard({ dataset, pageSize: 2 });
    const next = { dataset, pageToken: first.nextPageToken };
    // "score" is the default, so it is the same list.
    expect((await api.getLeaderboard({ ...next, metric: "score" })).entries).toHaveLength(1);
    const others = [
      { dataset: "other" },
      { metric: "latency_ms" },
      { provider: "p" },
      { labels: { a: "b" } },
      { lowerIsBetter: true },
      { minCount: 1 },
      { status: BenchmarkStatus.RUNNING },
      { createdAfter: { seconds: 0n, nanos: 0 } },
      { pageToken: "bm9uc2Vuc2U" },
    ];
    for (const other of others)
      await expectFailure(api.getLeaderboard({ ...next, ...other }), {
        code: Code.InvalidArgument,
        reason: "INVALID_PAGE_TOKEN",
        fields: ["page_token"],
      });
  });

  test.each([
    [{ dataset: "" }, "dataset"],
    [{ minCount: -1 }, "min_count"],
    [{ pageSize: 1001 }, "page_size"],
    [{ status: 99 as BenchmarkStatus }, "status"],
    [{ createdAfter: { seconds: 1n << 60n, nanos: 0 } }, "created_after"],
  ])("%o is refused with its field", async (wrong, field) => {
    // JSON knows no such time: the client itself refuses it.
    if (wire === "Connect with JSON" && field === "created_after") return;
    await expectFailure(api.getLeaderboard({ dataset, ...wrong }), {
      code: Code.InvalidArgument,
      reason: "INVALID_ARGUMENT",
      fields: [field],
    });
  });

  test("a history has the runs in the order of their creation, and how they differ", async () => {
    const { runs, baseline, nextPageToken, pendingCount, lowerIsBetter } = await api.getMetricHistory({
      dataset,
    });
    expect([nextPageToken, pendingCount, lowerIsBetter]).toEqual(["", 0, false]);
    expect(runs.map(({ benchmarkId }) => benchmarkId)).toEqual(ids);
    const [first, single, last] = runs;
    expect(first).toMatchObject({ count: 3, mean: expect.closeTo(0.9, 12), status: BenchmarkStatus.PENDING });
    expect(first?.coverage).toMatchObject({ tried: 3, scored: 3, missing: 0 });
    expect([first?.sincePrevious, first?.sinceBaseline]).toEqual([undefined, undefined]);
    expect(single?.sincePrevious).toMatchObject({
      difference: expect.closeTo(-0.4, 12),
      firstSignificant: false,
    });
    expect(single?.sincePrevious?.pValue).toBeUndefined();
    expect(last?.sinceBaseline).toMatchObject({ firstSignificant: true, ci95High: expect.closeTo(-0.5, 0) });
    expect(baseline).toMatchObject({ benchmarkId: ids[0] });

    await api.setBaseline({ benchmarkId: ids[2] ?? "" });
    const pinned = await api.getMetricHistory({ dataset, metric: "latency_ms" });
    expect(pinned).toMatchObject({ lowerIsBetter: true, baseline: { benchmarkId: ids[2] } });
    await api.unsetBaseline({ dataset });
  });

  test("a page of a history goes on with the same request only", async () => {
    const first = await api.getMetricHistory({ dataset, pageSize: 2 });
    expect(first.runs.map(({ benchmarkId }) => benchmarkId)).toEqual(ids.slice(1));
    const next = { dataset, pageToken: first.nextPageToken };
    expect(await api.getMetricHistory(next)).toMatchObject({ runs: [{ benchmarkId: ids[0] }] });
    for (const other of [{ dataset: "other" }, { model: "m" }, { baselineId: ids[0] ?? "" }])
      await expectFailure(api.getMetricHistory({ ...next, ...other }), {
        code: Code.InvalidArgument,
        reason: "INVALID_PAGE_TOKEN",
        fields: ["page_token"],
      });
    for (const [wrong, field] of [
      [{ dataset: "" }, "dataset"],
      [{ baselineId: "x" }, "baseline_id"],
      [{ minCount: -1 }, "min_count"],
      [{ rangeHigh: 0.1 }, "range_high"],
    ] as const)
      await expectFailure(api.getMetricHistory({ dataset, ...wrong }), {
        code: Code.InvalidArgument,
        reason: "INVALID_ARGUMENT",
        fields: [field],
      });
  });
});
