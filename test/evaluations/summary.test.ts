import { Code } from "@connectrpc/connect";
import { describe, expect, test } from "vitest";
import type { Executor } from "../../src/database/statement/executor.ts";
import type { NewEvaluation } from "../../src/evaluations/input.ts";
import { EvaluationRepository } from "../../src/evaluations/repository.ts";
import { computeRollups } from "../../src/evaluations/rollups/compute.ts";
import { foldRollups } from "../../src/evaluations/rollups/fold.ts";
import type { BenchmarkSummary } from "../../src/evaluations/summary/summary.ts";
import { newId } from "../../src/ids.ts";
import { testDatabase } from "../harness/database.ts";
import { sample } from "../harness/examples.ts";

const { db, client } = await testDatabase();

const newBenchmark = async () => (await db.benchmarks.create(sample)).id;

async function summaryOf(rows: Partial<NewEvaluation>[], names?: string[]): Promise<BenchmarkSummary> {
  const benchmarkId = await newBenchmark();
  if (rows.length > 0)
    await db.evaluations.createMany(rows.map((row) => ({ benchmarkId, input: "i", output: "o", ...row })));
  return db.evaluations.summarize(benchmarkId, names);
}
const metricOf = (summary: BenchmarkSummary, name: string) =>
  summary.metrics.find((metric) => metric.name === name);
const namesOf = ({ metrics }: BenchmarkSummary) => metrics.map(({ name }) => name);

/** t(0.975, df), from printed tables. */
const t975: Record<number, number> = {
  1: 12.706204736432095,
  4: 2.7764451051977987,
  9: 2.2621571627409915,
  99: 1.9842169515086827,
};

/** Figures by the textbook's formulas, in two passes. */
function figures(values: readonly number[]) {
  const n = values.length;
  const sum = values.reduce((a, b) => a + b, 0);
  const mean = sum / n;
  const stddev = Math.sqrt(values.reduce((a, x) => a + (x - mean) ** 2, 0) / (n - 1));
  const stderr = stddev / Math.sqrt(n);
  const sorted = values.toSorted((a, b) => a - b);
  const percentile = (p: number) => {
    const place = p * (n - 1);
    const [low = 0, high = 0] = [sorted[Math.floor(place)], sorted[Math.ceil(place)]];
    return low + (place - Math.floor(place)) * (high - low);
  };
  const margin = (t975[n - 1] ?? Number.NaN) * stderr;
  // Values from 0 to 1 are taken to be shares, and their mean to lie between these.
  const [least, most] = values.every((value) => value >= 0 && value <= 1) ? [0, 1] : [-Infinity, Infinity];
  const [p50, p90, p95, p99] = [0.5, 0.9, 0.95, 0.99].map(percentile);
  const [min, max] = [percentile(0), percentile(1)];
  return {
    count: n,
    sum,
    mean,
    stddev,
    stderr,
    ci95Low: Math.max(least, mean - margin),
    ci95High: Math.min(most, mean + margin),
    min,
    p50,
    p90,
    p95,
    p99,
    max,
  };
}

describe("figures of a metric are those of the textbook", () => {
  const samples: [string, number[]][] = [
    ["two values", [0.25, 0.75]],
    ["five values", [2, 4, 4, 5, 9]],
    ["values far from zero that hardly differ", [1e9 + 4, 1e9 + 7, 1e9 + 13, 1e9 + 16, 1e9 + 10]],
    ["negative ones and zero", [-1.5, 0, -3, 2.5, -0.125]],
    ["a hundred", Array.from({ length: 100 }, (_, i) => Math.sin(i * 12.9898) * 43758.5453)],
  ];
  test.each(samples)("%s", async (_, values) => {
    const { benchmarkId } = await summaryOf(
      values.map((value) => ({ score: value, metrics: { own: value } })),
    );
    const summary = await db.evaluations.summarize(benchmarkId, [], { exact: true });
    expect(summary).toMatchObject({ isExact: true, percentileError: 0, metricsLeftOut: 0 });
    const expected = figures(values);
    for (const name of ["score", "own"]) {
      const metric = metricOf(summary, name);
      expect(metric?.count).toBe(values.length);
      for (const [figure, value = Number.NaN] of Object.entries(expected)) {
        const got = metric?.[figure as keyof typeof expected] ?? Number.NaN;
        const scale = Math.max(Math.abs(value), 1e-6 * Math.max(...values.map(Math.abs)));
        expect(Math.abs(got - value) / scale, `${name} ${figure}: ${got}, expected ${value}`).toBeLessThan(
          1e-9,
        );
      }
    }
  });

  test("a single value has no spread", async () => {
    const none = { stddev: null, stderr: null, ci95Low: null, ci95High: null, intervalMethod: null };
    const counts = {
      planned: null,
      tried: 1,
      scored: 1,
      failed: 0,
      unscored: 0,
      scoredWithError: 0,
      missing: 0,
    };
    const untreated = { coverage: counts, missing: "exclude", filledWith: null, bounds: null };
    const alone = { ...untreated, samples: 1, samplesUnscored: 0, repetitions: null, clusters: null };
    const all = { min: 0.5, p50: 0.5, p90: 0.5, p95: 0.5, p99: 0.5, max: 0.5 };
    expect((await summaryOf([{ score: 0.5 }])).metrics).toEqual([
      { name: "score", count: 1, sum: 0.5, mean: 0.5, ...none, ...all, ...alone },
    ]);
  });
});

describe("means and intervals", () => {
  /** From the aggregates, of batches that are not folded and of one base, and from the rows. */
  async function summaries(values: readonly number[], batch: number) {
    const benchmarkId = await newBenchmark();
    for (let from = 0; from < values.length; from += batch) {
      const rows = values.slice(from, from + batch);
      await db.evaluations.createMany(rows.map((score) => ({ benchmarkId, input: "i", output: "o", score })));
    }
    const found = [await db.evaluations.summarize(benchmarkId, ["score"], { exact: false })];
    await db.maintain();
    found.push(await db.evaluations.summarize(benchmarkId, ["score"], { exact: false }));
    found.push(await db.evaluations.summarize(benchmarkId, ["score"], { exact: true }));
    const { entries } = await db.evaluations.leaderboard({ dataset: sample.dataset });
    const ranked = entries.find((entry) => entry.benchmarkId === benchmarkId);
    return { metrics: found.map(({ metrics }) => metrics[0]), ranked };
  }

  test.each([
    [0.1, 100, 7],
    [0.1, 3, 1],
    [0.7, 49, 10],
    [1 / 3, 11, 4],
    [-123.456, 1000, 300],
    [1e-200, 10, 3],
  ])("of equal values (%d, %i times) are that value, with no interval", async (value, count, batch) => {
    const { metrics, ranked } = await summaries(Array(count).fill(value), batch);
    for (const metric of [...metrics, ranked])
      expect(metric).toMatchObject({
        count,
        mean: value,
        stddev: 0,
        stderr: 0,
        ci95Low: null,
        ci95High: null,
      });
    for (const metric of metrics)
      expect(metric).toMatchObject({ sum: value * count, min: value, max: value });
  });

  test("add up without what rounding would take", async () => {
    // Added up plainly they are off by more than a hundred times as much.
    const values = Array.from({ length: 3_000 }, (_, i) => [0.1, 0.7, 10.3][i % 3] ?? 0);
    const { metrics } = await summaries(values, 500);
    expect(metrics.map((metric) => Math.abs((metric?.sum ?? 0) - 11_100) <= 2 ** -39)).toEqual([
      true,
      true,
      true,
    ]);
  });

  test("of 0 and 1 are Wilson's, within 0 and 1, wherever they are told", async () => {
    // statsmodels.stats.proportion.proportion_confint(1, 2, method="wilson"), and of 3 of 3.
    for (const [values, low, high] of [
      [[0, 1], 0.09453120573423074, 0.9054687942657693],
      [[1, 1, 1], 0.43850296824495455, 1],
    ] as const) {
      const { metrics, ranked } = await summaries(values, 2);
      for (const metric of [...metrics, ranked])
        expect(metric).toMatchObject({
          intervalMethod: "wilson",
          ci95Low: expect.closeTo(low, 12),
          ci95High: expect.closeTo(high, 12),
        });
    }
    // Milliseconds are no share.
    const milliseconds = await summaryOf([{ latencyMs: 0 }, { latencyMs: 1 }]);
    expect(metricOf(milliseconds, "latency_ms")).toMatchObject({ intervalMethod: "student_t" });
  });
});

describe("percentiles", () => {
  const values = (count: number) =>
    Array.from({ length: count }, (_, i) => (i % 10 < 2 ? 1 : 0.99 + ((i * 7919) % 997) / 100_000));

  test("of few evaluations are exact", async () => {
    const summary = await summaryOf([0.991, 0.995, 1, 0.993, 0.999].map((score) => ({ score })));
    expect(summary).toMatchObject({ percentileError: 0 });
    expect(metricOf(summary, "score")).toMatchObject({ p50: 0.995, p90: 0.9996 });
  });

  test("of a hundred different values are exact, however many evaluations have them", async () => {
    const benchmarkId = await newBenchmark();
    // All within ranges of 1 %, and of either sign.
    const value = (i: number) => (i % 2 === 0 ? 1000 + ((i * 37) % 50) / 10 : -1000 - ((i * 41) % 49) / 10);
    const rows = Array.from({ length: 3_000 }, (_, i) => ({
      ...{ benchmarkId, input: "i", output: "o", sampleId: `s${i}`, score: value(i) },
      latencyMs: 900 + (i % 101) / 10,
    }));
    for (let from = 0; from < rows.length; from += 1_000)
      await db.evaluations.createMany(rows.slice(from, from + 1_000));
    const check = async () => {
      const kept = await db.evaluations.summarize(benchmarkId, ["score"], { exact: false });
      expect(kept).toMatchObject({ isExact: false, percentileError: 0 });
      const exact = await db.evaluations.summarize(benchmarkId, ["score"], { exact: true });
      for (const name of ["min", "p50", "p90", "p95", "p99", "max"] as const)
        expect(metricOf(kept, "score")?.[name], name).toBeCloseTo(metricOf(exact, "score")?.[name] ?? 0, 9);
    };
    await check();
    // One more value than a hundred are many.
    const many = await db.evaluations.summarize(benchmarkId, ["latency_ms"], { exact: false });
    expect(many).toMatchObject({ percentileError: 0.01 });
    await foldRollups(db.executor);
    await check();
    const page = await db.evaluations.list({ benchmarkId, orderBy: "highest-score" }, { limit: 200 });
    for (const [index, { id }] of page.items.entries())
      await (index % 2 === 0
        ? db.evaluations.delete(id)
        : db.evaluations.update(id, { score: value(2 * index) }));
    await check();
    await foldRollups(db.executor);
    await check();
    await client.query("update stale_rollups set compute_after = '-infinity'");
    await computeRollups(db.executor);
    await check();
  });

  test("are exact at 1, where scores end, also of many evaluations", async () => {
    const benchmarkId = await newBenchmark();
    const all = values(2_000);
    for (let from = 0; from < all.length; from += 1_000)
      await db.evaluations.createMany(
        all.slice(from, from + 1_000).map((score) => ({ benchmarkId, input: "i", output: "o", score })),
      );
    const summary = await db.evaluations.summarize(benchmarkId);
    expect(summary).toMatchObject({ isExact: false, percentileError: 0.01 });
    // A fifth of the values is 1, and shared a range of 1 % with all others.
    expect(metricOf(summary, "score")).toMatchObject({ p90: 1, p95: 1, p99: 1 });
  });
});

describe("metrics", () => {
  test("booleans count as 0 and 1, other kinds of values not at all", async () => {
    const summary = await summaryOf([
      { metrics: { exact: true, note: "text", list: [1], object: { a: 1 }, nothing: null } },
      { metrics: { exact: false, mixed: 1 } },
      { metrics: { exact: true, mixed: "1" } },
      { metrics: { exact: true, mixed: true } },
    ]);
    expect(namesOf(summary)).toEqual(["exact", "mixed"]);
    expect(metricOf(summary, "exact")).toMatchObject({ count: 4, mean: 0.75, min: 0, max: 1, stddev: 0.5 });
    expect(metricOf(summary, "mixed")).toMatchObject({ count: 2, mean: 1 });
  });

  test("the built-in ones come first, in their own order, and a key that equals one is set apart", async () => {
    const summary = await summaryOf([
      {
        score: 1,
        latencyMs: 10,
        inputTokens: 3,
        outputTokens: 4,
        costUsd: 0.5,
        metrics: { score: 9, cost_usd: 8, b: 1, a: 2, Z: 3, ü: 4 },
      },
    ]);
    expect(namesOf(summary)).toEqual([
      ...["score", "latency_ms", "input_tokens", "output_tokens", "cost_usd"],
      ...["Z", "a", "b", "metrics.cost_usd", "metrics.score", "ü"],
    ]);
    expect(metricOf(summary, "score")).toMatchObject({ mean: 1 });
    expect(metricOf(summary, "metrics.score")).toMatchObject({ mean: 9 });
  });

  test("a key that is named as another is set apart is not counted in with it", async () => {
    const summary = await summaryOf([{ metrics: { score: 1, "metrics.score": 3 } }]);
    expect(metricOf(summary, "metrics.score")?.count).toBe(1);
  });

  test("those asked for come in the order asked for, with nothing where there is no value", async () => {
    const summary = await summaryOf([{ score: 1, metrics: { a: 2 } }], ["missing", "a", "score"]);
    expect(namesOf(summary)).toEqual(["missing", "a", "score"]);
    const nothing = {
      mean: null,
      stddev: null,
      stderr: null,
      ci95Low: null,
      min: null,
      p50: null,
      max: null,
    };
    expect(metricOf(summary, "missing")).toMatchObject({ count: 0, sum: 0, ...nothing });
  });

  test("numbers beyond what can be added up do not keep the others from being summarized", async () => {
    const summary = await summaryOf([
      { score: 0.5, metrics: { huge: 1e308 } },
      { score: 1, metrics: { huge: -1e308 } },
      { score: 1, metrics: { huge: 1e308 } },
    ]);
    expect(metricOf(summary, "score")).toMatchObject({ count: 3 });
  });
});

describe("totals", () => {
  test("are over all evaluations, the failed ones too", async () => {
    const summary = await summaryOf([
      { inputTokens: 2_000_000_000, outputTokens: 1, costUsd: 0.1 },
      { inputTokens: 2_000_000_000, costUsd: 0.2, error: "late" },
      { output: null, error: "timeout" },
    ]);
    expect(summary).toMatchObject({
      evaluationCount: 3,
      failedCount: 2,
      inputTokens: 4_000_000_000,
      outputTokens: 1,
    });
    expect(summary.costUsd).toBeCloseTo(0.3, 12);
  });

  test("that no evaluation tells are unknown, not zero; zeros that are told are", async () => {
    const unknown = { inputTokens: null, outputTokens: null, costUsd: null };
    expect(await summaryOf([{ score: 1 }])).toMatchObject(unknown);
    const free = await summaryOf([{ inputTokens: 0, costUsd: 0 }, {}]);
    expect(free).toMatchObject({ ...unknown, inputTokens: 0, costUsd: 0 });
    expect(await db.evaluations.summarize(free.benchmarkId, [], { exact: true })).toMatchObject({
      ...unknown,
      inputTokens: 0,
      costUsd: 0,
    });
  });

  test("of no evaluations count none", async () => {
    const totals = { evaluationCount: 0, failedCount: 0, inputTokens: null, costUsd: null };
    expect(await summaryOf([])).toMatchObject({ ...totals, metrics: [] });
    expect((await summaryOf([], ["score"])).metrics).toMatchObject([{ name: "score", count: 0, mean: null }]);
  });
});

test("in a transaction it sees what the transaction wrote", async () => {
  const summary = await db.transaction(async ({ benchmarks, evaluations }) => {
    const { id: benchmarkId } = await benchmarks.create({
      name: "n",
      provider: "p",
      model: "m",
      dataset: "d",
    });
    await evaluations.create({ benchmarkId, input: "i", output: "o", score: 1 });
    return evaluations.summarize(benchmarkId);
  });
  expect(summary).toMatchObject({ evaluationCount: 1, metrics: [{ name: "score", mean: 1 }] });
});

test.each([
  [newId(), [], Code.NotFound, undefined],
  ["7", [], Code.InvalidArgument, "benchmark_id"],
  [newId(), [""], Code.InvalidArgument, "metrics[0]"],
  [newId(), Array.from({ length: 101 }, () => "a"), Code.InvalidArgument, "metrics"],
] as const)("a summary of %s %# fails with its reason", async (id, names, code, field) => {
  await expect(db.evaluations.summarize(id, names)).rejects.toMatchObject({
    code,
    ...(field && { violations: [{ field }] }),
  });
});

describe("categories", () => {
  const categoriesOf = async (rows: object[], names?: string[]) => {
    const benchmarkId = await newBenchmark();
    const given = rows.map((metrics) => ({ benchmarkId, input: "i", output: "o", metrics }) as NewEvaluation);
    if (given.length > 0) await db.evaluations.createMany(given);
    return db.evaluations.countCategories(benchmarkId, names);
  };

  test("are the texts of each metric, the most frequent first", async () => {
    const verdicts = ["safe", "refused", "säfe", "safe", "", "x".repeat(101), 1, null, ["safe"]];
    const rows = verdicts.map((verdict) => ({ verdict, score: "high" }));
    const verdict = {
      ...{ name: "verdict", count: 5 },
      values: [
        { value: "safe", count: 2 },
        { value: "refused", count: 1 },
        { value: "säfe", count: 1 },
      ],
    };
    const score = { name: "metrics.score", count: 9, values: [{ value: "high", count: 9 }] };
    expect(await categoriesOf(rows)).toEqual({ metrics: [score, verdict], metricsLeftOut: 0 });
    expect((await categoriesOf(rows, ["verdict", "none"])).metrics).toEqual([verdict]);
    expect(await categoriesOf([{ a: 1 }])).toEqual({ metrics: [], metricsLeftOut: 0 });
    expect(await categoriesOf([])).toEqual({ metrics: [], metricsLeftOut: 0 });
  });

  test("of few evaluations wait for nobody who reads many", async () => {
    const benchmarkId = await newBenchmark();
    await db.evaluations.create({ benchmarkId, input: "i", output: "o", metrics: { verdict: "safe" } });
    const heavy: Executor = Object.assign(Object.create(db.executor), {
      any: () => Promise.reject(new Error("a turn was taken")),
    });
    const evaluations = new EvaluationRepository(db.executor, undefined, heavy);
    expect((await evaluations.countCategories(benchmarkId, [], 1_000)).metrics).toMatchObject([{ count: 1 }]);
    for (const count of [1_001, undefined])
      await expect(evaluations.countCategories(benchmarkId, [], count)).rejects.toThrow("a turn was taken");
  });

  test("are bounded: 50 of a metric, 50 metrics, texts of 100 characters", async () => {
    const answers = Array.from({ length: 60 }, (_, n) => ({ answer: `answer ${n}` }));
    const [answer] = (await categoriesOf([...answers, { answer: "answer 59" }])).metrics;
    expect(answer).toMatchObject({ count: 61 });
    expect(answer?.values[0]).toEqual({ value: "answer 59", count: 2 });
    expect(answer?.values).toHaveLength(50);
    const wide = Object.fromEntries(Array.from({ length: 60 }, (_, n) => [`m${n}`, "c"]));
    const { metrics, metricsLeftOut } = await categoriesOf([{ ...wide, ["k".repeat(256)]: "c" }]);
    expect([metrics.length, metricsLeftOut]).toEqual([50, 10]);
    const long = await categoriesOf([{ a: "😀".repeat(100), b: "😀".repeat(101) }]);
    expect(long.metrics.map(({ values }) => values.length)).toEqual([1, 0]);
  });
});
