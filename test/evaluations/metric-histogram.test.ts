import { Code } from "@connectrpc/connect";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { edgesOf, rebin } from "../../src/evaluations/histogram/scale.ts";
import { computeRollups } from "../../src/evaluations/rollups/compute.ts";
import { foldRollups } from "../../src/evaluations/rollups/fold.ts";
import { newId } from "../../src/ids.ts";
import { testDatabase } from "../harness/database.ts";
import { sample } from "../harness/examples.ts";
import { seededRandom } from "../harness/random.ts";

describe("edges", () => {
  test.each([
    [0, 1, 10, [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1]],
    [0.05, 0.95, 5, [0, 0.2, 0.4, 0.6, 0.8, 1]],
    [-3, 12, 4, [-5, 0, 5, 10, 15]],
    [0.5, 0.5, 30, [0, 1]],
    [0, 0, 2, [0, 1]],
    [-3, -3, 2, [-3, -2]],
  ])("from %d to %d in at most %d", (min, max, most, edges) => {
    expect(edgesOf(min, max, most)).toEqual(edges);
  });

  test("hold all values in no more bins than there may be, ascending, at every magnitude", () => {
    const value = fc.double({ min: -1e149, max: 1e149, noNaN: true });
    fc.assert(
      fc.property(value, value, fc.integer({ min: 2, max: 100 }), (one, other, most) => {
        const [min, max] = [Math.min(one, other), Math.max(one, other)];
        const edges = edgesOf(min, max, most);
        expect(edges.length - 1).toBeLessThanOrEqual(most);
        expect(edges.every((edge, index) => index === 0 || edge > (edges[index - 1] ?? edge))).toBe(true);
        expect(edges[0]).toBeLessThanOrEqual(min);
        expect(edges.at(-1)).toBeGreaterThanOrEqual(max);
      }),
      {
        examples: [
          [-5e-324, 5e-324, 2],
          [1e15, 1e15 + 1, 100],
          [-1, 1, 2],
        ],
      },
    );
  });
});

test("ranges on both sides of an edge are spread evenly, and no value is lost", () => {
  const ranges = { counts: [2, 11, 1], lows: [0.1, 1.75, 3], highs: [0.1, 2.25, 3] };
  expect(rebin(ranges, [0, 1, 2, 3])).toEqual({ counts: [2, 5, 7], isExact: false });
  const two = { counts: [2], lows: [0.99], highs: [1.01] };
  expect(rebin(two, [0, 1, 2])).toEqual({ counts: [1, 1], isExact: true });
});

const { db, client } = await testDatabase();

async function benchmarkWith(values: readonly number[], metric = "score"): Promise<string> {
  const { id } = await db.benchmarks.create(sample);
  for (let from = 0; from < values.length; from += 1000)
    await db.evaluations.createMany(
      values.slice(from, from + 1000).map((value) => ({
        ...{ benchmarkId: id, input: "i", output: "o" },
        ...(metric === "score" ? { score: value } : { metrics: { [metric]: value } }),
      })),
    );
  return id;
}

/** By the values themselves. */
function countsOf(values: readonly number[], edges: readonly number[]): number[] {
  return edges.slice(1).map((end, bin) => {
    const isLast = bin === edges.length - 2;
    return values.filter((v) => v >= (edges[bin] ?? 0) && (v < end || (isLast && v === end))).length;
  });
}

test("benchmarks share one scale; few values are told, and without aggregates the rows are read", async () => {
  const binary = [0, 1, 1, 1];
  const ids = [await benchmarkWith(binary), await benchmarkWith([0.5, 0.3]), await benchmarkWith([])];
  const expected = {
    metric: "score",
    edges: [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1],
    values: [0, 0.3, 0.5, 1],
    histograms: [
      { benchmarkId: ids[0], count: 4, counts: [1, 0, 0, 0, 0, 0, 0, 0, 0, 3], valueCounts: [1, 0, 0, 3] },
      { benchmarkId: ids[1], count: 2, counts: [0, 0, 0, 1, 0, 1, 0, 0, 0, 0], valueCounts: [0, 1, 1, 0] },
      { benchmarkId: ids[2], count: 0, counts: new Array(10).fill(0), valueCounts: [0, 0, 0, 0] },
    ],
    isExact: true,
  };
  const read = () => db.evaluations.histograms({ benchmarkIds: ids, bins: 10 });
  expect(await read()).toEqual(expected);
  await foldRollups(db.executor);
  expect(await read()).toEqual(expected);
  await client.query("delete from metric_rollups; delete from metric_deltas");
  await client.query(
    "insert into stale_rollups (benchmark_id, is_missing) select id, true from benchmarks on conflict (benchmark_id) do update set is_missing = true",
  );
  expect(await read()).toEqual(expected);
  await client.query("update stale_rollups set compute_after = '-infinity'");
  await computeRollups(db.executor);
  expect(await read()).toEqual(expected);
});

test("of thousands of different values counts are right to about a bin of 1 %, and sum up", async () => {
  const random = seededRandom();
  const values = Array.from({ length: 3000 }, () => 100 * random() ** 2);
  const id = await benchmarkWith(values, "größe %_");
  const { edges, histograms, ...rest } = await db.evaluations.histograms({
    benchmarkIds: [id],
    metric: "größe %_",
  });
  expect(rest).toMatchObject({ values: [], isExact: false });
  expect(edges).toHaveLength(21);
  const counts = histograms[0]?.counts ?? [];
  expect(counts.reduce((a, b) => a + b, 0)).toBe(3000);
  const right = countsOf(values, edges);
  for (const [bin, count] of counts.entries())
    expect(Math.abs(count - (right[bin] ?? 0))).toBeLessThanOrEqual(20);
});

test("of nothing there are no bins", async () => {
  const id = await benchmarkWith([]);
  expect(await db.evaluations.histograms({ benchmarkIds: [id], metric: "none" })).toEqual({
    ...{ metric: "none", edges: [], values: [], isExact: true },
    histograms: [{ benchmarkId: id, count: 0, counts: [], valueCounts: [] }],
  });
});

test("every benchmark has to be there, each once, 21 at most, with 100 bins at most", async () => {
  const id = await benchmarkWith([1]);
  const ids = (count: number) => Array.from({ length: count }, newId);
  const refused = (given: Parameters<typeof db.evaluations.histograms>[0], field: string) =>
    expect(db.evaluations.histograms(given)).rejects.toMatchObject({
      code: Code.InvalidArgument,
      violations: [{ field }],
    });
  for (const benchmarkIds of [[id, newId()], ids(21)])
    await expect(db.evaluations.histograms({ benchmarkIds })).rejects.toMatchObject({ reason: "NOT_FOUND" });
  await refused({ benchmarkIds: [] }, "benchmark_ids");
  await refused({ benchmarkIds: ids(22) }, "benchmark_ids");
  await refused({ benchmarkIds: [id, id.toUpperCase()] }, "benchmark_ids[1]");
  for (const bins of [1, 101]) await refused({ benchmarkIds: [id], bins }, "bins");
  await refused({ benchmarkIds: [id], metric: "" }, "metric");
});
