import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { sql } from "../../src/database/statement/sql.ts";
import type { NewEvaluation } from "../../src/evaluations/input.ts";
import { computeRollups } from "../../src/evaluations/rollups/compute.ts";
import { foldRollups } from "../../src/evaluations/rollups/fold.ts";
import type { MetricSummary } from "../../src/evaluations/summary/summary.ts";
import { testDatabase } from "../harness/database.ts";
import { sample } from "../harness/examples.ts";
import { seededRandom } from "../harness/random.ts";

const { db, client } = await testDatabase();

const newBenchmark = async () => (await db.benchmarks.create(sample)).id;
const rowOf = (benchmarkId: string, row: Partial<NewEvaluation> = {}): NewEvaluation => ({
  benchmarkId,
  input: "i",
  output: "o",
  ...row,
});
const fold = () => foldRollups(db.executor);
/** As if the last time had been long ago. */
async function compute() {
  await client.query("update stale_rollups set compute_after = '-infinity'");
  await computeRollups(db.executor);
}
const count = async (table: string, benchmarkId: string) =>
  Number(
    (await client.query(`select count(*) from ${table} where benchmark_id = $1`, [benchmarkId])).rows[0]
      .count,
  );

interface Stored {
  id: string;
  error: string | null;
  metrics: Record<string, unknown>;
  [column: string]: unknown;
}
const columns = ["score", "latency_ms", "input_tokens", "output_tokens", "cost_usd"];
const stored = async (benchmarkId: string) =>
  (await client.query<Stored>("select * from evaluations where benchmark_id = $1", [benchmarkId])).rows;

/** Values by metric, by the rules of the contract. */
function valuesOf(rows: readonly Stored[]): Map<string, number[]> {
  const values = new Map<string, number[]>();
  const add = (name: string, value: unknown) => {
    const number = typeof value === "boolean" ? Number(value) : value;
    if (typeof number !== "number" || Math.abs(number) >= 1e150) return;
    values.set(name, [...(values.get(name) ?? []), number]);
  };
  for (const row of rows) {
    for (const name of columns) add(name, row[name]);
    for (const [key, value] of Object.entries(row.metrics)) {
      add(columns.includes(key) || key.startsWith("metrics.") ? `metrics.${key}` : key, value);
    }
  }
  return values;
}

const close = (got: number | null, expected: number, tolerance: number, what: string) =>
  expect(
    Math.abs((got ?? Number.NaN) - expected),
    `${what}: ${got}, expected ${expected}`,
  ).toBeLessThanOrEqual(tolerance);

function checkMetric(metric: MetricSummary, values: readonly number[], isFresh: boolean): void {
  const { name } = metric;
  const n = values.length;
  expect(metric.count, `${name} count`).toBe(n);
  const sum = values.reduce((a, b) => a + b, 0);
  const mean = sum / n;
  const most = Math.max(...values.map(Math.abs));
  close(metric.sum, sum, 1e-9 * Math.max(Math.abs(sum), most), `${name} sum`);
  close(metric.mean, mean, 1e-9 * Math.max(Math.abs(mean), most / n), `${name} mean`);
  if (n < 2) expect(metric.stddev).toBeNull();
  else {
    // Two passes, scaled: squares of numbers near 1e150 would overflow.
    const scaled = values.map((value) => (most === 0 ? 0 : (value - mean) / most));
    const stddev = most * Math.sqrt(scaled.reduce((a, x) => a + x * x, 0) / (n - 1));
    // Smaller deviations have squares below the least double.
    close(metric.stddev, stddev, 1e-9 * Math.max(stddev, 1e-3 * most) + 1e-150, `${name} stddev`);
  }
  const sorted = values.toSorted((a, b) => a - b);
  const at = (place: number) => sorted[place] ?? Number.NaN;
  // By the contract (`percentile_error`). A value is told as another one of its bin, and the bin of a value
  // that was taken away stays as wide as it was until the base is computed again.
  const areFew = new Set(values).size <= 100;
  const isExact =
    isFresh && (areFew || values.every((value) => Number.isInteger(value) && Math.abs(value) < 50));
  const errorOf = (value: number) => {
    const magnitude = Math.abs(value);
    if (isExact) return 0;
    // All values nearer to zero share the bin of zero.
    if (magnitude < 1e-9) return 2e-9;
    // All values beyond share a bin, which begins up to 1 % below.
    if (magnitude > 0.99e12) return 2 * most;
    return (0.01 + 1e-9) * magnitude;
  };
  for (const [figure, p] of [
    ["p50", 0.5],
    ["p90", 0.9],
    ["p95", 0.95],
    ["p99", 0.99],
  ] as const) {
    const place = p * (n - 1);
    const [low, high] = [at(Math.floor(place)), at(Math.ceil(place))];
    const exact = low + (place - Math.floor(place)) * (high - low);
    close(
      metric[figure],
      exact,
      Math.max(errorOf(low), errorOf(high), 1e-12 * Math.abs(exact)),
      `${name} ${figure}`,
    );
  }
  close(metric.min, at(0), isFresh ? 0 : errorOf(at(0)), `${name} min`);
  close(metric.max, at(n - 1), isFresh ? 0 : errorOf(at(n - 1)), `${name} max`);
}

/** The summary as the aggregates tell it, however few rows there are. */
const kept = (benchmarkId: string, names: string[] = []) =>
  db.evaluations.summarize(benchmarkId, names, { exact: false });

/** @param isFresh nothing was taken away since the base was computed */
async function check(benchmarkId: string, isFresh = false): Promise<boolean> {
  const rows = await stored(benchmarkId);
  const summary = await kept(benchmarkId);
  const values = valuesOf(rows);
  expect(summary.metrics.map(({ name }) => name).sort()).toEqual([...values.keys()].sort());
  for (const metric of summary.metrics) checkMetric(metric, values.get(metric.name) ?? [], isFresh);
  const failed = rows.filter(({ error }) => error !== null);
  const ofFailed = valuesOf(failed);
  for (const { name, count: scored, coverage } of summary.metrics) {
    const scoredWithError = ofFailed.get(name)?.length ?? 0;
    expect(coverage, name).toEqual({
      planned: null,
      tried: rows.length,
      scored,
      failed: failed.length - scoredWithError,
      unscored: rows.length - scored - (failed.length - scoredWithError),
      scoredWithError,
      missing: rows.length - scored,
    });
  }
  const sum = (name: string) => values.get(name)?.reduce((a, b) => a + b, 0) ?? null;
  expect(summary).toMatchObject({
    evaluationCount: rows.length,
    failedCount: rows.filter(({ error }) => error !== null).length,
    inputTokens: sum("input_tokens"),
    outputTokens: sum("output_tokens"),
  });
  return summary.isExact;
}

const finite = fc.double({ noNaN: true, noDefaultInfinity: true });
const value = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(0, 1) },
  { weight: 6, arbitrary: fc.double({ min: 0.001, max: 1000, noNaN: true }) },
  { weight: 3, arbitrary: fc.integer({ min: -40, max: 40 }) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      -0,
      1e-9,
      -1e-9,
      5e-324,
      1e-200,
      1e12,
      -1e12,
      1.01e12,
      9.9e149,
      -9.9e149,
      1e150,
      1e308,
    ),
  },
  { weight: 1, arbitrary: finite },
);
const positive = fc.oneof(fc.integer({ min: 0, max: 50 }), fc.double({ min: 0, max: 1e5, noNaN: true }));
const judged = {
  score: fc.option(value),
  error: fc.option(fc.constant("e"), { freq: 3 }),
  metrics: fc.dictionary(
    fc.constantFrom("a", "b", "score", "metrics.a", "__proto__x", "ü"),
    fc.oneof(
      { weight: 5, arbitrary: value },
      { weight: 1, arbitrary: fc.boolean() },
      fc.constant("text"),
      fc.constant(null),
    ),
    { maxKeys: 4 },
  ),
};
const row = fc.record({
  ...judged,
  // Few, so that many are sent twice, with equal content or another.
  sampleId: fc.option(fc.constantFrom("s1", "s2", "s3", "s4", "s5"), { freq: 2 }),
  latencyMs: fc.option(positive),
  inputTokens: fc.option(fc.integer({ min: 0, max: 2_000_000_000 })),
  costUsd: fc.option(positive),
});
const insert = fc.record({
  kind: fc.constant("insert" as const),
  rows: fc.array(row, { minLength: 1, maxLength: 12 }),
});
const change = fc.record({
  kind: fc.constant("change" as const),
  which: fc.nat(),
  changes: fc.record(judged, { requiredKeys: [] }),
});
const remove = fc.record({ kind: fc.constant("remove" as const), which: fc.nat() });
const other = fc.constantFrom(
  { kind: "fold" as const },
  { kind: "compute" as const },
  { kind: "rollback" as const },
);
const step = fc.oneof({ weight: 4, arbitrary: insert }, { weight: 2, arbitrary: change }, remove, {
  weight: 3,
  arbitrary: other,
});
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

async function run(benchmarkId: string, step: Step): Promise<void> {
  if (step.kind === "fold") return fold();
  if (step.kind === "compute") return compute();
  if (step.kind === "rollback") {
    await db
      .transaction(async ({ evaluations }) => {
        await evaluations.createMany([
          rowOf(benchmarkId, { score: 7 }),
          rowOf(benchmarkId, { metrics: { gone: 1 } }),
        ]);
        throw new Error("undone");
      })
      .catch((error) => expect(error.message).toBe("undone"));
    return;
  }
  if (step.kind === "insert") {
    await db.evaluations.createMany(
      step.rows.map((row) => rowOf(benchmarkId, { ...row, metrics: { ...row.metrics } })),
    );
    return;
  }
  const rows = await stored(benchmarkId);
  const id = rows[step.which % Math.max(rows.length, 1)]?.id;
  if (id === undefined) return;
  // Another may have been faster to delete it.
  const unlessGone = (error: unknown) => expect(error).toMatchObject({ reason: "NOT_FOUND" });
  if (step.kind === "remove") await db.evaluations.delete(id, benchmarkId).catch(unlessGone);
  else {
    const { metrics, ...changes } = step.changes;
    await db.evaluations
      .update(id, { ...changes, ...(metrics && { metrics: { ...metrics } }) } as never, benchmarkId)
      .catch(unlessGone);
  }
}

describe("what is read from the rollups is what the rows come to", () => {
  test("after any mix of inserts, retries, conflicts, changes, deletions, undone transactions, folds and recomputations", async () => {
    let fromRollups = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 12 }), async (steps) => {
        const benchmarkId = await newBenchmark();
        let isFresh = true;
        for (const step of steps) {
          await run(benchmarkId, step);
          if (step.kind === "compute") isFresh = true;
          if (step.kind === "change" || step.kind === "remove") isFresh = false;
          if (!(await check(benchmarkId, isFresh))) fromRollups++;
        }
        await fold();
        await compute();
        expect(await check(benchmarkId, true)).toBe(false);
        expect(await count("metric_deltas", benchmarkId)).toBe(0);
      }),
      { numRuns: 12, endOnFailure: true },
    );
    expect(fromRollups).toBeGreaterThan(20);
  });

  test("after the same on several connections at once", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(step, { minLength: 1, maxLength: 6 }), { minLength: 2, maxLength: 4 }),
        async (clients) => {
          const benchmarkId = await newBenchmark();
          await Promise.all(
            clients.map(async (steps) => {
              for (const step of steps) await run(benchmarkId, step);
            }),
          );
          await check(benchmarkId);
          await fold();
          await compute();
          expect(await check(benchmarkId, true)).toBe(false);
        },
      ),
      { numRuns: 6, endOnFailure: true },
    );
  });

  test("a value that is far smaller than one that was taken away is not lost with it", async () => {
    const benchmarkId = await newBenchmark();
    const [gone] = await db.evaluations.createMany([
      rowOf(benchmarkId, { score: 1e-160 }),
      rowOf(benchmarkId, { score: 4e-200 }),
    ]);
    if (gone && "id" in gone) await db.evaluations.delete(gone.id, benchmarkId);
    await check(benchmarkId);
  });

  test("a value that was taken away is away at once, while there are few", async () => {
    const benchmarkId = await newBenchmark();
    const rows = [-2.9e-240, -0.999e-9, 0.995, 0, 0.999, 0.999].map((score) => rowOf(benchmarkId, { score }));
    for (const result of (await db.evaluations.createMany(rows)).slice(0, 3))
      if ("id" in result) await db.evaluations.delete(result.id, benchmarkId);
    const [score] = (await kept(benchmarkId, ["score"])).metrics;
    expect(score).toMatchObject({ count: 3, min: 0, p50: 0.999, max: 0.999 });
  });

  test("percentiles that are said to be exact are, whatever comes and goes, and so are those of few values", async () => {
    const random = seededRandom();
    for (const size of [30, 80, 100, 110, 160]) {
      const benchmarkId = await newBenchmark();
      // Several in each range of 1 %, of either sign.
      const pool = Array.from({ length: size }, (_, i) => (i % 3 === 0 ? -1 : 1) * (1000 + i / 4));
      const ids: string[] = [];
      for (let step = 0; step < 25; step++) {
        const draw = random();
        if (draw < 0.5 || ids.length < 9) {
          const rows = Array.from({ length: 1 + random.below(80) }, () =>
            rowOf(benchmarkId, { score: random.pick(pool) }),
          );
          for (const result of await db.evaluations.createMany(rows)) if ("id" in result) ids.push(result.id);
        } else if (draw < 0.6) await db.evaluations.update(random.pick(ids), { score: random.pick(pool) });
        else if (draw < 0.7) await db.evaluations.delete(ids.splice(random.below(ids.length), 1)[0] ?? "");
        else await (draw < 0.95 ? fold() : compute());
        const found = await kept(benchmarkId, ["score"]);
        if (size <= 100) expect(found.percentileError).toBe(0);
        if (found.percentileError > 0) continue;
        const [exact] = (await db.evaluations.summarize(benchmarkId, ["score"], { exact: true })).metrics;
        for (const name of ["p50", "p90", "p95", "p99"] as const)
          close(found.metrics[0]?.[name] ?? null, exact?.[name] ?? Number.NaN, 1e-9, `${size} ${name}`);
      }
    }
  });

  test("one of many leaves its bin as wide as it was, until the base is computed anew", async () => {
    const benchmarkId = await newBenchmark();
    const gone = [-200.5, 0.995];
    const others = Array.from({ length: 60 }, (_, i) => [10 + i, -10 - i]).flat();
    const rows = [...gone, -200, 200, 0, 0.999, 0.999, ...others].map((score) =>
      rowOf(benchmarkId, { score }),
    );
    const results = await db.evaluations.createMany(rows);
    for (const result of results.slice(0, gone.length)) {
      if ("id" in result) await db.evaluations.delete(result.id, benchmarkId);
    }
    expect(await check(benchmarkId)).toBe(false);
    const [before] = (await kept(benchmarkId, ["score"])).metrics;
    expect(before).toMatchObject({ count: 125, min: -200.5, p50: 0.995, max: 200 });
    await compute();
    expect(await check(benchmarkId, true)).toBe(false);
    const [after] = (await kept(benchmarkId, ["score"])).metrics;
    expect(after).toMatchObject({ min: -200, p50: 0.999, max: 200 });
  });
});

describe("while others write", () => {
  test("eight writers, one who deletes and scores again, two who fold and one who computes anew lose nothing", async () => {
    const benchmarkId = await newBenchmark();
    let writing = true;
    const writer = async (seed: number) => {
      for (let batch = 0; batch < 6; batch++) {
        const values = Array.from({ length: 20 }, (_, i) => ((seed * 31 + batch * 7 + i) % 97) / 7);
        await db.evaluations.createMany(
          values.map((score, i) =>
            rowOf(benchmarkId, { score, latencyMs: score * 100, metrics: { [`m${i % 4}`]: score } }),
          ),
        );
      }
    };
    const editor = async () => {
      for (let i = 0; i < 10; i++) {
        const { id } = await db.evaluations.create(rowOf(benchmarkId, { score: i, metrics: { m0: 1 } }));
        await db.evaluations.update(id, { score: i + 50, metrics: { m0: 2, m9: i } }, benchmarkId);
        if (i % 2 === 0) await db.evaluations.delete(id, benchmarkId);
      }
    };
    const meanwhile = async (work: () => Promise<unknown>) => {
      while (writing) await work();
    };
    const maintainers = [meanwhile(fold), meanwhile(fold), meanwhile(compute)];
    await Promise.all([...Array.from({ length: 8 }, (_, seed) => writer(seed)), editor()]);
    writing = false;
    await Promise.all(maintainers);
    await check(benchmarkId);
    await fold();
    await check(benchmarkId);
    await compute();
    expect(await check(benchmarkId, true)).toBe(false);
    expect(await count("metric_deltas", benchmarkId)).toBe(0);
  });

  test("a writer waits for no computation, and what it stores meanwhile counts once", async () => {
    const benchmarkId = await newBenchmark();
    await db.evaluations.createMany([rowOf(benchmarkId, { score: 1 }), rowOf(benchmarkId, { score: 3 })]);
    await client.query("insert into stale_rollups (benchmark_id, is_missing) values ($1, true)", [
      benchmarkId,
    ]);
    // Holds the computation where it is about to write: its snapshot is from before.
    await client.query("begin");
    await client.query("lock table metric_rollups in share mode");
    const computing = computeRollups(db.executor);
    await expect
      .poll(async () => {
        const waiting = await client.query(
          "select from pg_locks where relation = 'metric_rollups'::regclass and not granted",
        );
        return waiting.rowCount;
      })
      .toBe(1);
    const { id } = await db.evaluations.create(rowOf(benchmarkId, { score: 8 }));
    await db.evaluations.update(id, { score: 5 }, benchmarkId);
    // Somebody finds the base stale once more.
    await db.executor.any(sql.type(z.object({}))`
      insert into stale_rollups (benchmark_id, is_missing) values (${benchmarkId}, true)
      on conflict (benchmark_id) do update set is_missing = true`);
    await client.query("rollback");
    await computing;
    expect(await check(benchmarkId)).toBe(true);
    await compute();
    expect(await check(benchmarkId, true)).toBe(false);
  });

  test("a benchmark that is gone leaves nothing behind, and keeps nobody from being folded", async () => {
    const [gone, held, free] = [await newBenchmark(), await newBenchmark(), await newBenchmark()];
    for (const id of [gone, held, free]) await db.evaluations.createMany([rowOf(id, { score: 1 })]);
    await client.query("delete from benchmarks where id = $1", [gone]);
    await client.query("begin");
    await client.query("select from benchmarks where id = $1 for update", [held]);
    await fold();
    expect([
      await count("metric_deltas", gone),
      await count("metric_deltas", held),
      await count("metric_deltas", free),
    ]).toEqual([0, 2, 0]);
    await client.query("rollback");
    await fold();
    expect(await count("metric_deltas", held)).toBe(0);
    await check(held, true);
  });

  test("one whose sums overflow keeps nobody else from being folded", async () => {
    const ids = [await newBenchmark(), await newBenchmark(), await newBenchmark()];
    for (const id of [...ids, ...ids]) await db.evaluations.createMany([rowOf(id, { score: 1 })]);
    const [first = "", poison = "", last = ""] = ids;
    await client.query("update metric_deltas set m2 = 1.7e308 where benchmark_id = $1", [poison]);
    await expect(fold()).rejects.toMatchObject({ reason: "INVALID_ARGUMENT" });
    expect(await count("metric_deltas", poison)).toBe(4);
    for (const id of [first, last]) {
      expect(await count("metric_deltas", id)).toBe(0);
      await check(id, true);
    }
    await client.query("delete from benchmarks where id = $1", [poison]);
    await fold();
    expect(await count("metric_deltas", poison)).toBe(0);
  });

  test("much that is taken away becomes one part a metric", async () => {
    const benchmarkId = await newBenchmark();
    const rows = Array.from({ length: 130 }, (_, i) =>
      rowOf(benchmarkId, { score: i, sampleId: `s${i}`, ...(i % 3 === 0 && { error: "e" }) }),
    );
    await db.evaluations.createMany(rows);
    const all = await stored(benchmarkId);
    for (const { id } of all.slice(0, 120)) await db.evaluations.delete(id, benchmarkId);
    await fold();
    expect(await count("metric_deltas", benchmarkId)).toBe(2);
    await check(benchmarkId);
  });
});

describe("a benchmark with more metrics than are kept", () => {
  const named = (from: number, to: number) =>
    Object.fromEntries(
      Array.from({ length: to - from }, (_, i) => [`name${String(from + i).padStart(5, "0")}`, i]),
    );
  const rollupsOf = async (benchmarkId: string) => await count("metric_rollups", benchmarkId);

  /** The rollups hold so many names of the benchmark's own, all of them right. */
  async function checkKept(benchmarkId: string, names: number): Promise<void> {
    const summary = await kept(benchmarkId);
    expect(summary.isExact).toBe(false);
    const values = valuesOf(await stored(benchmarkId));
    for (const metric of summary.metrics) checkMetric(metric, values.get(metric.name) ?? [], true);
    const own = summary.metrics.filter(({ name }) => name !== "score");
    expect(own.length).toBe(names);
    expect(summary.metricsLeftOut).toBeGreaterThan(0);
    expect(own.length + summary.metricsLeftOut).toBeLessThanOrEqual(values.size - 1);
    const exact = await db.evaluations.summarize(benchmarkId, [], { exact: true });
    expect(exact.metrics.length).toBe(values.size);
    expect(exact.metricsLeftOut).toBe(0);
    const missing = exact.metrics.find(
      ({ name }) => name.length < 256 && !summary.metrics.some((one) => one.name === name),
    );
    if (!missing) return;
    expect(await db.evaluations.summarize(benchmarkId, [missing.name])).toMatchObject({
      isExact: true,
      metrics: [missing],
    });
  }

  test("over time: the first are kept, whatever comes and is folded later", async () => {
    const benchmarkId = await newBenchmark();
    await db.evaluations.createMany([rowOf(benchmarkId, { score: 1, metrics: named(100, 300) })]);
    await fold();
    await db.evaluations.createMany([rowOf(benchmarkId, { score: 2, metrics: named(0, 150) })]);
    // Nothing is left out yet.
    expect(await kept(benchmarkId)).toMatchObject({ metricsLeftOut: 0, isExact: false });
    await check(benchmarkId, true);
    await fold();
    expect(await rollupsOf(benchmarkId)).toBe(256 + 2);
    await checkKept(benchmarkId, 256);
    await db.evaluations.createMany([rowOf(benchmarkId, { score: 3, metrics: named(0, 400) })]);
    await checkKept(benchmarkId, 256);
    await fold();
    await checkKept(benchmarkId, 256);
    await client.query("update stale_rollups set is_missing = true where benchmark_id = $1", [benchmarkId]);
    await compute();
    await checkKept(benchmarkId, 256);
    expect(await rollupsOf(benchmarkId)).toBe(256 + 2);
  });

  test("in one batch: none is kept in part, and the deltas stay few", async () => {
    const benchmarkId = await newBenchmark();
    await db.evaluations.createMany([rowOf(benchmarkId, { score: 1, metrics: { rare: 1, name02999: 7 } })]);
    await db.evaluations.createMany(
      Array.from({ length: 20 }, (_, i) =>
        rowOf(benchmarkId, { score: i, metrics: named(i * 150, i * 150 + 200) }),
      ),
    );
    expect(await count("metric_deltas", benchmarkId)).toBeLessThan(300);
    // Read from the rows until it is settled which names are kept.
    expect(await check(benchmarkId)).toBe(true);
    await fold();
    expect(await check(benchmarkId)).toBe(true);
    await compute();
    expect(await rollupsOf(benchmarkId)).toBe(256 + 2);
    await checkKept(benchmarkId, 256);
    await db.evaluations.createMany([rowOf(benchmarkId, { score: 1, metrics: named(0, 3000) })]);
    await checkKept(benchmarkId, 256);
  });

  test("by several batches at once", async () => {
    const benchmarkId = await newBenchmark();
    await Promise.all(
      Array.from({ length: 6 }, async (_, i) => {
        await db.evaluations.createMany([
          rowOf(benchmarkId, { score: i, metrics: named(i * 60, i * 60 + 100 + 50 * i) }),
        ]);
        await fold();
      }),
    );
    await fold();
    await compute();
    await checkKept(benchmarkId, 256);
  });

  test("a name that is too long is left out", async () => {
    const benchmarkId = await newBenchmark();
    await db.evaluations.createMany([
      rowOf(benchmarkId, { score: 1, metrics: { ["ü".repeat(255)]: 1, ["x".repeat(256)]: 2 } }),
    ]);
    expect(await check(benchmarkId)).toBe(true);
    await compute();
    await checkKept(benchmarkId, 1);
  });
});

test("evaluations without rollups are summarized from the rows until maintenance has computed them", async () => {
  const benchmarkId = await newBenchmark();
  await db.evaluations.createMany(
    [1, 2, 4].map((score) => rowOf(benchmarkId, { score, metrics: { own: -score } })),
  );
  await client.query("truncate metric_rollups, metric_deltas, stale_rollups");
  await client.query("insert into stale_rollups (benchmark_id, is_missing) values ($1, true)", [benchmarkId]);
  expect(await check(benchmarkId)).toBe(true);
  await db.evaluations.create(rowOf(benchmarkId, { score: 8 }));
  await fold();
  expect(await check(benchmarkId)).toBe(true);
  await computeRollups(db.executor);
  expect(await check(benchmarkId, true)).toBe(false);
});
