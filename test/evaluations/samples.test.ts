import { setTimeout as sleep } from "node:timers/promises";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { sessionSettings } from "../../src/database/connection/driver.ts";
import { sql } from "../../src/database/statement/sql.ts";
import type { NewEvaluation } from "../../src/evaluations/input.ts";
import { evaluationsOf, metricValues } from "../../src/evaluations/metric.ts";
import { computeRollups } from "../../src/evaluations/rollups/compute.ts";
import { foldRollups } from "../../src/evaluations/rollups/fold.ts";
import { rollupsOfRepeated } from "../../src/evaluations/rollups/read.ts";
import { foldSamples } from "../../src/evaluations/samples/fold.ts";
import {
  areSamplesKept,
  changedSamples,
  figuresOf,
  groupsNow,
  groupsOf,
  sampleOf,
} from "../../src/evaluations/samples/parts.ts";
import type { Reduction } from "../../src/evaluations/samples/reduce.ts";
import type { MetricSummary } from "../../src/evaluations/summary/summary.ts";
import { fillEvaluations } from "../bench/evaluations/fill.ts";
import { testDatabase } from "../harness/database.ts";
import { sample } from "../harness/examples.ts";
import reducers from "../statistics/fixtures/reducers.json" with { type: "json" };

const { db, client, connect } = await testDatabase();

/** SQL of another program, on a connection of its own where several run at once. */
const query = <Row extends z.ZodType>(row: Row, text: string, values: (string | null)[] = []) =>
  db.executor.any({ ...sql.type(row)``, sql: text, values });
const fold = () => foldSamples(db.executor);
async function compute() {
  await query(z.any(), "update stale_rollups set compute_after = '-infinity'");
  await computeRollups(db.executor);
}
const newBenchmark = async (repetitions = 0) => (await db.benchmarks.create({ ...sample, repetitions })).id;
const rowOf = (benchmarkId: string, row: Partial<NewEvaluation> = {}): NewEvaluation => ({
  benchmarkId,
  input: "i",
  output: "o",
  ...row,
});

const storedRow = z.object({
  id: z.string(),
  sampleId: z.string().nullable(),
  score: z.number().nullable(),
  error: z.string().nullable(),
  latencyMs: z.number().nullable(),
  metrics: z.record(z.string(), z.unknown()),
});
type Stored = z.output<typeof storedRow>;
const stored = (benchmarkId: string) =>
  query(storedRow, "select * from evaluations where benchmark_id = $1::uuid order by repetition", [
    benchmarkId,
  ]);

/** The values of each sample, by metric. */
function samplesOf(rows: readonly Stored[]): Map<string, Map<string, number[]>> {
  const metrics = new Map<string, Map<string, number[]>>();
  const add = (metric: string, row: Stored, value: unknown) => {
    if (typeof value !== "number") return;
    const samples = metrics.get(metric) ?? new Map<string, number[]>();
    metrics.set(metric, samples);
    const key = row.sampleId ?? `/${row.id}`;
    samples.set(key, [...(samples.get(key) ?? []), value]);
  };
  for (const row of rows) {
    add("score", row, row.score);
    add("latency_ms", row, row.latencyMs);
    for (const [name, value] of Object.entries(row.metrics)) add(name, row, value);
  }
  return metrics;
}

const choose = (n: number, k: number): number => (k === 0 ? 1 : (choose(n - 1, k - 1) * n) / k);

/** What a sample comes down to, by the definitions; undefined: to nothing. */
function reduce(values: readonly number[], { reducer, k }: Reduction): number | undefined {
  const sorted = values.toSorted((a, b) => a - b);
  const n = values.length;
  if (reducer === "mean") return values.reduce((a, b) => a + b, 0) / n;
  if (reducer === "max") return Math.max(...values);
  if (reducer === "median")
    return ((sorted[Math.floor((n - 1) / 2)] ?? 0) + (sorted[Math.ceil((n - 1) / 2)] ?? 0)) / 2;
  if (reducer === "mode") {
    const count = (value: number) => values.filter((other) => other === value).length;
    return values.reduce((best, value) => (count(value) > count(best) ? value : best));
  }
  if (values.some((value) => value < 0 || value > 1)) return undefined;
  const c = values.filter((value) => value === 1).length;
  if (n < k) return undefined;
  if (reducer === "at_least_k") return Number(c >= k);
  if (reducer === "pass_hat_k") return c < k ? 0 : choose(c, k) / choose(n, k);
  return n - c < k ? 1 : 1 - choose(n - c, k) / choose(n, k);
}

const close = (got: number | null, expected: number, what: string) =>
  expect(
    Math.abs((got ?? Number.NaN) - expected),
    `${what}: ${got}, expected ${expected}`,
  ).toBeLessThanOrEqual(1e-9 * Math.max(1, Math.abs(expected)));

function checkMetric(metric: MetricSummary, samples: ReadonlyMap<string, number[]>, how: Reduction): void {
  const name = `${metric.name} ${how.reducer}`;
  const reduced = [...samples.values()].map((values) => reduce(values, how));
  const values = reduced.filter((value) => value !== undefined);
  const n = values.length;
  expect([metric.samples, metric.samplesUnscored], name).toEqual([n, reduced.length - n]);
  if (n < 2) expect(metric.stderr, name).toBeNull();
  if (n === 0) expect(metric.mean, name).toBeNull();
  if (n === 0) return;
  const mean = values.reduce((a, b) => a + b, 0) / n;
  close(metric.mean, mean, `${name} mean`);
  if (n < 2) return;
  const m2 = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  close(metric.stderr, Math.sqrt(m2 / (n - 1) / n), `${name} stderr`);
}

/** Compares coverage with a count of samples, one by one. */
function checkCoverage(
  { name, coverage }: MetricSummary,
  samples: ReadonlyMap<string, number[]>,
  tried: ReadonlyMap<string, boolean>,
  how: Reduction,
): void {
  const count = (wanted: (isScored: boolean, hasError: boolean) => boolean) =>
    [...tried].filter(([key, hasError]) => {
      const values = samples.get(key);
      return wanted(values !== undefined && reduce(values, how) !== undefined, hasError);
    }).length;
  expect(coverage, `${name} ${how.reducer}`).toEqual({
    planned: null,
    tried: tried.size,
    scored: count((isScored) => isScored),
    failed: count((isScored, hasError) => !isScored && hasError),
    unscored: count((isScored, hasError) => !isScored && !hasError),
    scoredWithError: count((isScored, hasError) => isScored && hasError),
    missing: count((isScored) => !isScored),
  });
}

function checkRepetitions(
  metric: MetricSummary,
  samples: ReadonlyMap<string, number[]>,
  of: { all: number; wanted: number; samplesBeyond: number },
): void {
  const { all, wanted, samplesBeyond } = of;
  const tries = [...samples.values()].map(({ length }) => length);
  const repeated = [...samples.values()].filter(({ length }) => length > 1);
  const alike = repeated.filter((values) => values.every((value) => value === values[0]));
  expect(metric.repetitions, metric.name).toEqual({
    least: Math.min(...tries),
    most: Math.max(...tries),
    samplesLacking: all - tries.filter((n) => n >= wanted).length,
    samplesBeyond,
    agreement: repeated.length > 0 ? alike.length / repeated.length : null,
  });
}

const reductions: Reduction[] = [
  { reducer: "mean", k: 0 },
  { reducer: "pass_at_k", k: 2 },
  { reducer: "pass_hat_k", k: 2 },
  { reducer: "at_least_k", k: 2 },
  { reducer: "median", k: 0 },
  { reducer: "mode", k: 0 },
  { reducer: "max", k: 0 },
];

/**
 * Compares summaries with a recount.
 * @returns whether they came from what is kept
 */
async function check(benchmarkId: string, declared = 0): Promise<boolean> {
  const rows = await stored(benchmarkId);
  const metrics = samplesOf(rows);
  const tried = new Map<string, boolean>();
  for (const { sampleId, id, error } of rows) {
    const key = sampleId ?? `/${id}`;
    tried.set(key, error !== null || (tried.get(key) ?? false));
  }
  const all = tried.size;
  const perSample = Map.groupBy(rows, ({ sampleId, id }) => sampleId ?? `/${id}`);
  const tries = [...perSample.values()].map(({ length }) => length);
  const wanted = declared || Math.max(1, ...tries);
  const samplesBeyond = tries.filter((n) => n > (declared || Math.min(...tries))).length;
  let isKept = false;
  for (const how of reductions) {
    const summary = await db.evaluations.summarize(benchmarkId, [], { ...how, exact: false });
    isKept ||= !summary.isExact;
    expect(summary.evaluationCount).toBe(rows.length);
    expect(summary.sampleCount).toBe(all);
    expect(summary.metrics.map(({ name }) => name).sort()).toEqual([...metrics.keys()].sort());
    for (const metric of summary.metrics) {
      const samples = metrics.get(metric.name) ?? new Map();
      checkMetric(metric, samples, how);
      checkCoverage(metric, samples, tried, how);
      if (metric.repetitions) checkRepetitions(metric, samples, { all, wanted, samplesBeyond });
    }
  }
  return isKept;
}

/**
 * Compares the groups of samples with those of a recount, in one statement and so in one snapshot.
 * @returns whether there was anything kept to compare
 */
async function checkNow(benchmarkId: string): Promise<boolean> {
  const id = sql.fragment`${benchmarkId}::uuid`;
  const kept = sql.fragment`select id from kept`;
  const values = metricValues(evaluationsOf(benchmarkId), sql.fragment`, ${sampleOf("e")} as sample`);
  const { wrong, isKept } = await db.executor.one(sql.type(
    z.object({ wrong: z.number(), isKept: z.boolean() }),
  )`
    with kept as materialized (select ${id} as id where ${areSamplesKept(id)}), ${changedSamples(kept)}
    select
      exists (${kept}) as is_kept,
      case when exists (${kept}) then count(*) filter (where
        n.samples is distinct from r.samples or n.alike <> r.alike or n.fractional <> r.fractional
        or n.failed <> r.failed or abs(n.sum - r.sum) > 1e-10 or abs(n.squares - r.squares) > 1e-8
      ) else 0 end as wrong
    from (${groupsNow(sql.fragment`true`, kept)}) n
    full join (${groupsOf(figuresOf(values))}) r using (metric, tries, successes)`);
  expect(wrong, "groups that are not those of a recount").toBe(0);
  return isKept;
}

const value = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(0, 1) },
  { weight: 2, arbitrary: fc.constantFrom(0.5, 0.25, -1, 3, 1 / 3) },
);
const judged = {
  score: fc.option(value),
  metrics: fc.dictionary(fc.constantFrom("a", "b"), value, { maxKeys: 2 }),
};
const error = fc.option(fc.constant("e"), { freq: 5 });
const row = fc.record({
  ...judged,
  error,
  latencyMs: fc.option(fc.double({ min: 0, max: 1000, noNaN: true })),
  sample: fc.option(fc.constantFrom("s1", "s2", "s3", "s4", ""), { freq: 5 }),
  repetition: fc.nat({ max: 4 }),
});
const step = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant("insert" as const),
      rows: fc.array(row, { minLength: 1, maxLength: 8 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("change" as const),
      which: fc.nat(),
      changes: fc.record({ ...judged, error }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("remove" as const), which: fc.nat() }) },
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constantFrom("fold", "compute", "rollback", "cleanup", "sql") }),
  },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

async function run(benchmarkId: string, step: Step): Promise<void> {
  switch (step.kind) {
    case "fold":
      await foldRollups(db.executor);
      return fold();
    case "compute":
      return compute();
    case "cleanup":
      // Only what is older than the last statement.
      await db.evaluations.cleanup(0, benchmarkId);
      return;
    case "rollback":
      await db
        .transaction(async ({ evaluations }) => {
          await evaluations.create(rowOf(benchmarkId, { sampleId: "s1", repetition: 9, score: 1 }));
          throw new Error("undone");
        })
        .catch((error) => expect(error.message).toBe("undone"));
      return;
    case "sql":
      await query(
        z.any(),
        `insert into evaluations (id, benchmark_id, sample_id, repetition, provider, model, input, output, score)
        select md5(random()::text)::uuid, $1::uuid, 's1', coalesce(max(repetition), 0) + 1, 'p', 'm', 'i', 'o', 1
        from evaluations where benchmark_id = $1::uuid and sample_id = 's1'
        on conflict do nothing`,
        [benchmarkId],
      );
      return;
  }
  if (step.kind === "insert") {
    const rows = step.rows.map(({ sample, repetition, ...row }) =>
      rowOf(benchmarkId, {
        ...row,
        metrics: { ...row.metrics },
        ...(sample && { sampleId: sample, repetition }),
      }),
    );
    // Some transactions are open for a while, and have two marks.
    if (rows.length < 6) await db.evaluations.createMany(rows);
    else
      await db.transaction(async ({ evaluations }) => {
        await evaluations.createMany(rows.slice(3));
        await sleep(5);
        await evaluations.createMany(rows.slice(0, 3));
      });
    return;
  }
  if (step.kind !== "change" && step.kind !== "remove") return;
  const rows = await stored(benchmarkId);
  const id = rows[step.which % Math.max(rows.length, 1)]?.id;
  if (id === undefined) return;
  // Another may have been faster to delete it.
  const unlessGone = (error: unknown) => expect(error).toMatchObject({ reason: "NOT_FOUND" });
  if (step.kind === "remove") await db.evaluations.delete(id, benchmarkId).catch(unlessGone);
  else {
    const { metrics, score, error } = step.changes;
    const changes = { score, error, metrics: { ...metrics } };
    await db.evaluations.update(id, changes, benchmarkId).catch(unlessGone);
  }
}

describe("the figures of samples are those of a recount", () => {
  test("after any mix of inserts, retries, changes, deletions, undone transactions, rows by SQL and folds", async () => {
    let kept = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { minLength: 1, maxLength: 14 }),
        fc.constantFrom(0, 3),
        async (steps, declared) => {
          const benchmarkId = await newBenchmark(declared);
          for (const step of steps) {
            await run(benchmarkId, step);
            await checkNow(benchmarkId);
          }
          if (await check(benchmarkId, declared)) kept++;
          await compute();
          await foldRollups(db.executor);
          await fold();
          await check(benchmarkId, declared);
          if (declared > 0) expect(await checkNow(benchmarkId)).toBe(true);
        },
      ),
      { numRuns: 25, endOnFailure: true },
    );
    expect(kept).toBeGreaterThan(5);
  });

  test("while clients write the same samples, in transactions of their own, and three servers fold", async () => {
    const servers = [await connect(), await connect(), await connect()];
    const folds = servers.map((server) => () => foldSamples(server.executor));
    let [runs, kept] = [0, 0];
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(step, { minLength: 2, maxLength: 8 }), { minLength: 3, maxLength: 5 }),
        async (clients) => {
          const declared = runs++ % 2 === 0 ? 3 : 0;
          const benchmarkId = await newBenchmark(declared);
          // From here on there is something kept, where repetitions are declared.
          await compute();
          const checkKept = async () => {
            const isKept = await checkNow(benchmarkId);
            if (declared > 0) expect(isKept).toBe(true);
            if (isKept) kept++;
          };
          let writing = true;
          const meanwhile = async (work: () => Promise<unknown>) => {
            while (writing) await work();
          };
          const others = [...folds, checkKept].map(meanwhile);
          await Promise.all(
            clients.map(async (steps) => {
              for (const step of steps) await run(benchmarkId, step);
            }),
          ).finally(() => {
            writing = false;
          });
          await Promise.all(others);
          await checkKept();
          await check(benchmarkId, declared);
          await compute();
          await fold();
          await checkKept();
          await check(benchmarkId, declared);
        },
      ),
      { numRuns: 10, endOnFailure: true },
    );
    expect(kept).toBeGreaterThan(0);
  });
});

test("a summary of repetitions reads as much of 50,000 evaluations as of 5,000, by what is kept alone", async () => {
  // Pages and rows, and not time, which a busy machine would stretch.
  const workOf = async (benchmarkId: string) => {
    const { sql: text, values } = rollupsOfRepeated(benchmarkId, []);
    const answer = await client.query(
      `explain (analyze, buffers, format json) ${text.replaceAll(/\$slonik_(\d+)/g, "$$$1")}`,
      [...values],
    );
    const { Plan: plan } = answer.rows[0]["QUERY PLAN"][0];
    return { pages: plan["Shared Hit Blocks"] + plan["Shared Read Blocks"], rows: rowsOf(plan) };
  };
  // The plan is to be that of the service's own connections.
  await client.query(sessionSettings);
  const works: { pages: number; rows: number }[] = [];
  for (const rows of [5_000, 50_000]) {
    const benchmarkId = await fillEvaluations(client, { rows, shift: 0, repetitions: 5 });
    await compute();
    await fold();
    await client.query("vacuum analyze");
    for (const reducer of ["mean", "pass_at_k", "pass_hat_k"] as const) {
      const how = { reducer, k: reducer === "mean" ? 0 : 3, exact: false };
      const { sampleCount, isExact } = await db.evaluations.summarize(benchmarkId, [], how);
      expect({ sampleCount, isExact }).toEqual({ sampleCount: rows / 5, isExact: false });
    }
    works.push(await workOf(benchmarkId));
  }
  const [small = Number.NaN, large = Number.NaN] = works.map(({ pages }) => pages);
  expect(large / small).toBeLessThanOrEqual(1.5);
  const [few = Number.NaN, many = Number.NaN] = works.map(({ rows }) => rows);
  expect(many / few).toBeLessThanOrEqual(1.5);
});

interface PlanNode {
  "Actual Rows": number;
  "Actual Loops": number;
  Plans?: PlanNode[];
}

/** The rows that all parts of a plan have answered. */
function rowsOf(node: PlanNode): number {
  const within = (node.Plans ?? []).reduce((total, one) => total + rowsOf(one), 0);
  return within + node["Actual Rows"] * node["Actual Loops"];
}

describe("a benchmark that turns out to have repetitions", () => {
  test("waits for transactions that began before, and reads its evaluations until then", async () => {
    const benchmarkId = await newBenchmark();
    const isMissing = async () =>
      (
        await client.query("select is_missing from repeated_benchmarks where benchmark_id = $1", [
          benchmarkId,
        ])
      ).rows[0]?.is_missing;
    let end = () => {};
    const ended = new Promise<void>((resolve) => {
      end = resolve;
    });
    let begin = () => {};
    const begun = new Promise<void>((resolve) => {
      begin = resolve;
    });
    const open = db.transaction(async ({ evaluations }) => {
      await evaluations.create(rowOf(benchmarkId, { sampleId: "s1", score: 1 }));
      begin();
      await ended;
    });
    await begun;
    await db.evaluations.create(rowOf(benchmarkId, { sampleId: "s1", repetition: 1, score: 0 }));
    await fold();
    await fold();
    expect(await isMissing()).toBe(true);
    expect(await checkNow(benchmarkId)).toBe(true);
    expect(await check(benchmarkId)).toBe(true);
    end();
    await open;
    await fold();
    expect(await isMissing()).toBe(false);
    expect(await checkNow(benchmarkId)).toBe(true);
    expect(await check(benchmarkId)).toBe(true);
    const summary = await db.evaluations.summarize(benchmarkId, ["score"]);
    expect(summary.metrics).toMatchObject([{ samples: 1, mean: 0.5, repetitions: { least: 2, most: 2 } }]);
  });

  test.each(["repeatable read", "serializable"])(
    "takes in what another program stores in a %s transaction from before, which does not see that",
    async (isolation) => {
      const [benchmarkId, plain] = [await newBenchmark(), await newBenchmark()];
      await db.evaluations.create(rowOf(benchmarkId, { sampleId: "s1", score: 1 }));
      const insert = (id: string, sampleId: string | null) =>
        client.query(
          `insert into evaluations (id, benchmark_id, sample_id, provider, model, input, output, score)
          values (md5(random()::text)::uuid, $1, $2, 'p', 'm', 'i', 'o', 0)`,
          [id, sampleId],
        );
      await client.query(`begin isolation level ${isolation}`);
      await client.query("select from evaluations limit 1");
      await db.evaluations.create(rowOf(benchmarkId, { sampleId: "s1", repetition: 1, score: 0 }));
      await fold();
      expect(await checkNow(benchmarkId)).toBe(true);
      for (const sampleId of ["s2", null]) await insert(benchmarkId, sampleId);
      await insert(plain, "s1");
      await client.query("commit");
      await compute();
      expect(await checkNow(benchmarkId)).toBe(true);
      await fold();
      expect(await checkNow(benchmarkId)).toBe(true);
      expect(await check(benchmarkId)).toBe(true);
      const { rows } = await client.query("select from touched_samples where benchmark_id = any ($1)", [
        [benchmarkId, plain],
      ]);
      expect(rows).toEqual([]);
    },
  );

  test("or says so when it has evaluations already", async () => {
    const benchmarkId = await newBenchmark();
    await db.evaluations.create(rowOf(benchmarkId, { sampleId: "s1", score: 1 }));
    await db.benchmarks.update(benchmarkId, { repetitions: 5 });
    await fold();
    expect(await checkNow(benchmarkId)).toBe(true);
    const summary = await db.evaluations.summarize(benchmarkId, ["score"]);
    expect(summary).toMatchObject({ repetitions: 5, sampleCount: 1 });
    expect(summary.metrics[0]?.repetitions).toEqual({
      least: 1,
      most: 1,
      samplesLacking: 1,
      samplesBeyond: 0,
      agreement: null,
    });
  });
});

test("where more samples changed than a read may compute, all are computed from the evaluations", async () => {
  const benchmarkId = await newBenchmark(2);
  await db.evaluations.createMany(
    [0, 1].map((repetition) => rowOf(benchmarkId, { sampleId: "s", repetition, score: repetition })),
  );
  expect(await check(benchmarkId, 2)).toBe(true);
  await client.query(
    `insert into touched_samples (benchmark_id, samples)
    select $1, array_agg('s' || n) from generate_series(1, 20001) n`,
    [benchmarkId],
  );
  expect(await check(benchmarkId, 2)).toBe(false);
  await fold();
  expect(await check(benchmarkId, 2)).toBe(true);
});

test("what is kept of samples goes with their benchmark, and with the last of their evaluations", async () => {
  const benchmarkId = await newBenchmark(2);
  const left = async () => {
    const tables = ["repeated_benchmarks", "touched_samples", "sample_figures", "sample_rollups"];
    const counts = tables.map((name) => `(select count(*) from ${name} where benchmark_id = $1)::integer`);
    return (await client.query({ text: `select ${counts}`, values: [benchmarkId], rowMode: "array" }))
      .rows[0];
  };
  const write = () =>
    db.evaluations.createMany([
      ...[0, 1].map((repetition) => rowOf(benchmarkId, { sampleId: "s", repetition, score: 1 })),
      rowOf(benchmarkId, { score: 0 }),
    ]);
  await write();
  await fold();
  // Of the score and of the evaluations, one and two at a time.
  expect(await left()).toEqual([1, 0, 2, 4]);
  await db.evaluations.cleanup(0, benchmarkId);
  await fold();
  expect(await left()).toEqual([1, 0, 0, 0]);
  await write();
  await fold();
  await write();
  await db.benchmarks.delete(benchmarkId);
  expect(await left()).toEqual([0, 0, 0, 0]);
});

test("a reducer has its k, and no other has one", async () => {
  const benchmarkId = await newBenchmark();
  const summarize = (how: object) => db.evaluations.summarize(benchmarkId, [], how);
  await expect(summarize({ reducer: "pass_at_k" })).rejects.toThrow(
    "k: is required for the reducer pass_at_k",
  );
  await expect(summarize({ reducer: "median", k: 2 })).rejects.toThrow("k: is for the reducers at_least_k");
  await expect(summarize({ reducer: "best" })).rejects.toThrow("reducer: must be one of mean, median");
});

test("where each evaluation is a sample, its value is that of every reducer of one value", async () => {
  const benchmarkId = await newBenchmark();
  await db.evaluations.createMany([0, 1, 1, 0.5].map((score) => rowOf(benchmarkId, { score })));
  const meanBy = async (how: Reduction) => {
    const [metric] = (await db.evaluations.summarize(benchmarkId, ["score"], how)).metrics;
    expect(metric?.repetitions).toBeNull();
    return [metric?.mean, metric?.samples, metric?.samplesUnscored];
  };
  for (const reducer of ["mean", "median", "mode", "max"] as const)
    expect(await meanBy({ reducer, k: 0 })).toEqual([0.625, 4, 0]);
  expect(await meanBy({ reducer: "pass_at_k", k: 1 })).toEqual([0.5, 4, 0]);
  for (const reducer of ["at_least_k", "pass_at_k", "pass_hat_k"] as const)
    expect(await meanBy({ reducer, k: 2 })).toEqual([null, 0, 4]);
});

test("each reducer makes of a sample what Python's statistics make of it", async () => {
  for (const { values, ...expected } of reducers.samples) {
    const benchmarkId = await newBenchmark(6);
    await db.evaluations.createMany(
      values.map((score, repetition) => rowOf(benchmarkId, { sampleId: "s", repetition, score })),
    );
    for (const reducer of ["mean", "median", "mode", "max"] as const) {
      const [metric] = (await db.evaluations.summarize(benchmarkId, ["score"], { reducer })).metrics;
      expect(metric?.mean, `${reducer} of ${values}`).toBeCloseTo(expected[reducer], 12);
    }
  }
});
