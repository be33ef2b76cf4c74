import { create } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { BenchmarkComparisonSchema } from "../../gen/ltb/v1/benchmark_pb.ts";
import type { ComparisonInput } from "../../src/evaluations/compare/comparison.ts";
import { comparisonMessage } from "../../src/evaluations/messages.ts";
import { verdictOf } from "../../src/statistics/verdict.ts";
import { testDatabase } from "../harness/database.ts";
import { sample } from "../harness/examples.ts";
import { randomOf } from "../harness/random.ts";

// What crashed early looks good where lower is better, and more so where other samples are missing.

const { db } = await testDatabase();
const random = randomOf(44);
const count = 200;
const noise = () => 0.01 * (random() - 0.5);
const baseline = Array.from({ length: count }, () => 0.3 + noise());

async function store(evaluations: Parameters<typeof db.evaluations.createMany>[0]): Promise<void> {
  const results = await db.evaluations.createMany(evaluations);
  expect(results.filter(({ outcome }) => outcome !== "created")).toEqual([]);
}

/** A run of one dataset, whose errors at a rate have one value or none. */
async function run(
  dataset: string,
  of: (index: number) => { wer?: number; error?: string },
): Promise<string> {
  const { id } = await db.benchmarks.create({ ...sample, dataset, plannedSamples: count });
  const evaluations = Array.from({ length: count }, (_, index) => {
    const { wer, error } = of(index);
    if (wer === undefined && error === undefined) return [];
    const values = { ...(wer !== undefined && { metrics: { wer } }), ...(error && { error }) };
    return [{ benchmarkId: id, sampleId: `s${index}`, input: `i${index}`, output: "o", ...values }];
  });
  await store(evaluations.flat());
  return id;
}

const wer = (index: number) => baseline[index] ?? 0;
const whole = (index: number) => ({ wer: wer(index) });
/** Of 200 samples 60 crash at once, 10 are never tried, and the others are a little better. */
const crashed = (index: number) => {
  if (index < 60) return { wer: 0, error: "cut off" };
  return index < 70 ? {} : { wer: wer(index) - 0.004 + noise() / 10 };
};

const metric = { metric: "wer", lowerIsBetter: true };

test("a comparison does not call it better, whatever becomes of what is missing", async () => {
  const [before, after] = [await run("compared", whole), await run("compared", crashed)];
  const compare = async (more: Partial<ComparisonInput>) => {
    const asked = { ...metric, baselineId: before, candidateIds: [after], margin: 0.02, ...more };
    const [found] = (await db.evaluations.compare(asked)).comparisons;
    if (!found) throw new Error("nothing was compared");
    const message = create(BenchmarkComparisonSchema, comparisonMessage(found));
    return { found, verdict: verdictOf(message, { alpha: 0.05, lowerIsBetter: true }) };
  };
  // Where only what both have counts, the others are better by themselves.
  const plain = await compare({});
  expect(plain.found.withoutFailed).toMatchObject({ nPaired: 130 });
  expect(plain.verdict).toBe("better");
  const worst = await compare({ missing: "as_worst" });
  expect(worst.found.withoutFailed).toMatchObject({ nPaired: 140, candidateFilled: 10 });
  expect(worst.found.meanDifferenceWithoutError).toBeCloseTo(
    worst.found.withoutFailed?.meanDifference ?? Number.NaN,
    12,
  );
  expect(worst.found.withoutFailed?.meanDifference).toBeGreaterThan(0.04);
  expect(worst.found.meanDifference).toBeLessThan(0);
  expect(worst.verdict).not.toBe("better");
  expect(worst.found.withoutFailed?.noWorsePValue).toBeGreaterThan(0.05);
  const bounded = await compare({ missing: "bounds" });
  expect(bounded.found.withoutFailed?.bounds?.high).toBeGreaterThan(0.04);
  expect(bounded.verdict).not.toBe("better");
});

test("bounds count what failed neither as missing nor as never tried", async () => {
  // Each side lacks other samples, of all that were planned.
  const before = await run("bounded", (index) => (index < 20 ? {} : whole(index)));
  const fails = (index: number) => (index < 100 ? {} : { error: "cut off" });
  const after = await run("bounded", (index) => {
    if (index >= 20 && index < 40) return {};
    return { wer: wer(index) - 0.2, ...(index < 120 && fails(index)) };
  });
  const asked = { ...metric, baselineId: before, candidateIds: [after], missing: "bounds" as const };
  const [found] = (await db.evaluations.compare(asked)).comparisons;
  const others = Array.from({ length: count }, (_, index) => index).filter((n) => n < 100 || n >= 120);
  const mean = (missing: number) => {
    const differences = others.map((n) => {
      const [base, mine] = [wer(n), wer(n) - 0.2];
      if (n < 20) return mine - (1 - missing);
      return n < 40 ? missing - base : mine - base;
    });
    return differences.reduce((sum, one) => sum + one, 0) / others.length;
  };
  expect(found?.withoutFailed?.bounds?.low).toBeCloseTo(mean(0), 12);
  expect(found?.withoutFailed?.bounds?.high).toBeCloseTo(mean(1), 12);
});

test("of latency, whose greatest value nobody knows, it is no bad request where nothing is missing", async () => {
  const times = (quick: boolean) => async (dataset: string) => {
    const { id } = await db.benchmarks.create({ ...sample, dataset });
    const result = (index: number) =>
      quick && index < 5 ? { latencyMs: 1, error: "x" } : { latencyMs: 10 + index };
    const rows = Array.from({ length: 30 }, (_, index) => ({
      ...{ benchmarkId: id, sampleId: `s${index}`, input: "i", output: "o" },
      ...result(index),
    }));
    await store(rows);
    return id;
  };
  const [before, after] = [await times(false)("times"), await times(true)("times")];
  for (const missing of ["as_worst", "bounds"] as const) {
    const asked = { metric: "latency_ms", baselineId: before, candidateIds: [after], missing };
    const [found] = (await db.evaluations.compare(asked)).comparisons;
    expect(found).toMatchObject({ nPaired: 30, withoutFailed: { nPaired: 25, meanDifference: 0 } });
  }
});

test.each(["exclude", "as_worst", "bounds"] as const)(
  "a leaderboard has it behind a complete one that its others may not surpass: missing %s",
  async (missing) => {
    const dataset = `board ${missing}`;
    const [before, after] = [await run(dataset, whole), await run(dataset, crashed)];
    const { entries } = await db.evaluations.leaderboard({ ...metric, dataset, missing });
    expect(entries.map(({ benchmarkId }) => benchmarkId)).toEqual([before, after]);
    // The 130 others and 10 of the worst value.
    const others = (await db.evaluations.summarize(after, ["wer"])).metrics[0];
    const greatest = ((others?.mean ?? 0) * 190 + 10) / 140;
    expect(entries[1]?.rankedHigh).toBeCloseTo(greatest, 9);
    // What stands for the missing ones is in the mean that the entry is placed by.
    const { mean = 0, rankedLow, ci95Low } = entries[1] ?? {};
    if (missing === "as_worst") expect(rankedLow).toBe(ci95Low);
    else expect(rankedLow).toBeLessThan(mean);
  },
);

test("a history does not mark it as better, nor the run after it as worse", async () => {
  const dataset = "runs";
  const always = () => ({ wer: 0, error: "cut off" });
  const slower = (index: number) => ({ wer: wer(index) + 0.1 + noise() });
  const ids: string[] = [];
  for (const of of [whole, crashed, whole, always, whole, slower]) ids.push(await run(dataset, of));
  const { runs } = await db.evaluations.history({ ...metric, dataset });
  expect(runs.map(({ benchmarkId }) => benchmarkId)).toEqual(ids);
  const marked = (mark: "firstSignificant" | "firstUnsettled") =>
    runs.flatMap(({ sincePrevious }, index) => (sincePrevious?.[mark] ? [index] : []));
  expect([marked("firstUnsettled"), marked("firstSignificant")]).toEqual([[1], [5]]);
});
