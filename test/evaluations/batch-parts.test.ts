import { expect, test } from "vitest";
import type { NewEvaluation } from "../../src/evaluations/input.ts";
import { testDatabase } from "../harness/database.ts";
import { sample } from "../harness/examples.ts";

const { db, client } = await testDatabase();

const newBenchmark = async () => (await db.benchmarks.create(sample)).id;

interface Delta {
  metric: string;
  count: string;
  sum: number;
  m2: number;
  [column: string]: unknown;
}

/** What the latest statement added to the rollups of a benchmark. */
async function lastDeltas(benchmarkId: string): Promise<Delta[]> {
  const { rows } = await client.query<Delta>(
    `select metric, count, failed, sum, m2, min, max, bins, bin_counts, bin_lows, bin_highs from metric_deltas
    where benchmark_id = $1 and xmin = (select xmin from metric_deltas where benchmark_id = $1 order by id desc limit 1)
    order by metric`,
    [benchmarkId],
  );
  return rows;
}

// A row that is stored already sends a batch the way on which the database aggregates.
test("the parts of a batch are those that the database makes of its rows", async () => {
  const magnitudes = [0, 1e-12, 9e-10, 1e-9, 0.5, 1, 1.01, 3, 12_345.678, 1e12, 1e13, 1e149];
  const values = [...magnitudes, ...magnitudes.map((value) => -value), 1e150, -1e200];
  const rows = (benchmarkId: string): NewEvaluation[] =>
    values.map((value, index) => ({
      benchmarkId,
      sampleId: `s${index}`,
      input: "i",
      ...(index % 5 === 0 ? { error: "timeout" } : { output: "o" }),
      score: value,
      ...(index % 2 === 0
        ? {}
        : { latencyMs: Math.abs(value), inputTokens: index, outputTokens: 7, costUsd: 0 }),
      metrics: {
        right: index % 3 === 0,
        f1: value / 3,
        score: index,
        "metrics.x": value,
        text: "no number",
        none: null,
        list: [1],
        "naïve ✓": 1,
      },
    }));
  const [here, there] = [await newBenchmark(), await newBenchmark()];
  await db.evaluations.createMany(rows(here));
  const first = { benchmarkId: there, sampleId: "first", input: "i", output: "o" };
  await db.evaluations.createMany([first]);
  await db.evaluations.createMany([first, ...rows(there)]);
  const [made, computed] = [await lastDeltas(here), await lastDeltas(there)];
  expect(made.map(({ metric }) => metric)).toEqual([
    "cost_usd",
    "f1",
    "input_tokens",
    "latency_ms",
    "metrics.failed",
    "metrics.metrics.x",
    "metrics.score",
    "naïve ✓",
    "output_tokens",
    "right",
    "score",
  ]);
  expect(made.map(({ sum: _sum, m2: _m2, ...rest }) => rest)).toEqual(
    computed.map(({ sum: _sum, m2: _m2, ...rest }) => rest),
  );
  for (const [index, { sum, m2 }] of made.entries()) {
    const other = computed[index];
    const size = Math.max(Math.abs(m2), 1e-300);
    expect(Math.abs(m2 - (other?.m2 ?? Number.NaN)) / size).toBeLessThan(1e-9);
    // Values of both signs cancel to what rounding left.
    expect(Math.abs(sum - (other?.sum ?? Number.NaN))).toBeLessThanOrEqual(1e-15 * Math.sqrt(size) * 100);
  }
});

test("a batch for several benchmarks adds to each its own", async () => {
  const [one, other] = [await newBenchmark(), await newBenchmark()];
  const row = (benchmarkId: string, score: number) => ({ benchmarkId, input: "i", output: "o", score });
  await db.evaluations.createMany([row(one, 1), row(other, 5), row(one, 3)]);
  const scores = async (id: string) => (await lastDeltas(id)).find(({ metric }) => metric === "score");
  expect(await scores(one)).toMatchObject({
    count: "2",
    sum: 4,
    m2: 2,
    bin_lows: [1, 3],
    bin_counts: ["1", "1"],
  });
  expect(await scores(other)).toMatchObject({ count: "1", sum: 5, m2: 0, bin_highs: [5] });
});
