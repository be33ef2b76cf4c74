import { describe, expect, test } from "vitest";
import type { Executor } from "../../src/database/statement/executor.ts";
import { nameOf } from "../../src/database/statement/sql.ts";
import type { Comparison, ComparisonInput } from "../../src/evaluations/compare/comparison.ts";
import type { NewEvaluation } from "../../src/evaluations/input.ts";
import { EvaluationRepository } from "../../src/evaluations/repository.ts";
import type { SummaryInput } from "../../src/evaluations/summary/summarize.ts";
import { gaffkeP } from "../../src/statistics/gaffke.ts";
import { testDatabase } from "../harness/database.ts";
import { sample } from "../harness/examples.ts";
import statsmodels from "../statistics/fixtures/clusters.json" with { type: "json" };

const { db } = await testDatabase();

type Row = Partial<NewEvaluation>;

async function benchmarkOf(rows: readonly Row[]): Promise<string> {
  const { id } = await db.benchmarks.create(sample);
  for (let from = 0; from < rows.length; from += 1000)
    await db.evaluations.createMany(
      rows.slice(from, from + 1000).map((row) => ({ benchmarkId: id, input: "i", output: "o", ...row })),
    );
  return id;
}

const inCluster = (cluster: unknown) =>
  cluster === null ? {} : { metadata: { document: cluster } as object };

/** Rows of samples with one score each: pairs of cluster and score. */
const scored = (rows: readonly (readonly [unknown, number])[]): Row[] =>
  rows.map(([cluster, score], i) => ({ sampleId: `s${i}`, score, ...inCluster(cluster) }) as Row);

async function summarize(
  rows: readonly Row[],
  { by = "document", ...more }: SummaryInput & { by?: string } = {},
) {
  const summary = await db.evaluations.summarize(await benchmarkOf(rows), ["score"], {
    clusterBy: by,
    ...more,
  });
  expect(summary).toMatchObject({ clusterBy: by, isExact: true });
  const [metric] = summary.metrics;
  if (!metric) throw new Error("there is no metric");
  return metric;
}

async function compare(
  baseline: readonly Row[],
  candidate: readonly Row[],
  more: Partial<ComparisonInput> = {},
) {
  const [baselineId, candidateId] = [await benchmarkOf(baseline), await benchmarkOf(candidate)];
  const { comparisons } = await db.evaluations.compare({
    ...{ baselineId, candidateIds: [candidateId], clusterBy: "document" },
    ...more,
  });
  return comparisons[0] as Comparison;
}

/** Holds that two numbers have 12 digits in common, or are as near to each other for their `size`. */
const expectNear = (found: number | null | undefined, wanted: number, size = Math.abs(wanted)) =>
  expect(Math.abs((found ?? Number.NaN) - wanted) / size, `${found} is not ${wanted}`).toBeLessThan(1e-12);

describe("statsmodels' figures with cov_type=cluster", () => {
  test.each(statsmodels.means)(
    "$name: a mean",
    async ({ clusters, values, count, mean, stderr, low, high }) => {
      const found = await summarize(scored(clusters.map((cluster, i) => [cluster, values[i] as number])));
      expect(found.clusters).toMatchObject({
        count,
        samplesUnnamed: clusters.filter((cluster) => cluster === null).length,
        samplesMixed: 0,
      });
      expectNear(found.mean, mean);
      expectNear(found.stderr, stderr);
      expect(found.intervalMethod).toBe("cluster_t");
      for (const [end, wanted] of [
        [found.ci95Low, low],
        [found.ci95High, high],
      ] as const)
        expectNear(end, wanted, Math.max(Math.abs(wanted), stderr));
    },
  );

  test.each(statsmodels.pairs.map((one) => ({ n: one.samples.length, ...one })))(
    "$n pairs with unequal repetitions on both sides",
    async ({ samples, t_p, ci, wilcoxon_p, ...wanted }) => {
      const rows = (side: "baseline" | "candidate") =>
        samples.flatMap(({ cluster, [side]: scores }, i) =>
          scores.map(
            (score, repetition) => ({ sampleId: `s${i}`, score, repetition, ...inCluster(cluster) }) as Row,
          ),
        );
      const [baselineId, candidateId] = [
        await benchmarkOf(rows("baseline")),
        await benchmarkOf(rows("candidate")),
      ];
      const of = async (clusterBy?: string) =>
        (await db.evaluations.compare({ baselineId, candidateIds: [candidateId], clusterBy }))
          .comparisons[0] as Comparison;
      const plain = await of();
      expectNear(plain.pairedTPValue, t_p, t_p * 1e3);
      expectNear(plain.wilcoxonPValue, wilcoxon_p, wilcoxon_p * 1e3);
      expectNear(plain.ci95Low, ci[0] as number, 1);
      expectNear(plain.ci95High, ci[1] as number, 1);
      const { clustered, clustered_baseline: baseline, clustered_candidate: candidate } = wanted;
      const found = await of("document");
      expect(found).toMatchObject({ test: "cluster_t", mcnemarPValue: null, wilcoxonPValue: null });
      expect(found.clusters).toMatchObject({ count: clustered.count });
      expectNear(found.clusters?.independentStderr, plain.stderr as number);
      expectNear(found.meanDifference, clustered.mean);
      expectNear(found.stderr, clustered.stderr);
      expectNear(found.ci95Low, clustered.low, 1);
      expectNear(found.ci95High, clustered.high, 1);
      expectNear(found.pValue, clustered.p, clustered.p * 1e3);
      expect(found.pairedTPValue).toBe(found.pValue);
      for (const [end, one] of [
        [found.baselineCi95Low, baseline.low],
        [found.baselineCi95High, baseline.high],
        [found.candidateCi95Low, candidate.low],
        [found.candidateCi95High, candidate.high],
      ] as const)
        expectNear(end, one);
      // It draws whole clusters, so that its interval is about as wide.
      const width =
        (clustered.high - clustered.low) / ((found.bootstrapCi95High ?? 0) - (found.bootstrapCi95Low ?? 0));
      expect(Math.abs(Math.log(width))).toBeLessThan(0.3);
    },
  );
});

/** CR1 by its definition: of each cluster the values of its samples. */
function cr1(clusters: readonly (readonly number[])[]): number {
  const values = clusters.flat();
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  const sums = clusters.map((cluster) => cluster.reduce((total, value) => total + value - mean, 0));
  const squares = sums.reduce((total, sum) => total + sum ** 2, 0);
  return Math.sqrt((clusters.length / (clusters.length - 1)) * squares) / values.length;
}

const repeated = (sampleId: string, cluster: unknown, scores: readonly number[]) =>
  scores.map((score, repetition) => ({ sampleId, repetition, score, ...inCluster(cluster) }) as Row);

test("samples are reduced first, then clustered, by every reducer", async () => {
  const rows = [
    ...repeated("a", "x", [0, 1, 1]),
    ...repeated("b", "x", [1]),
    ...repeated("c", "y", [0, 0, 1, 0]),
    ...repeated("d", "y", [1, 1]),
    ...repeated("e", null, [0, 0, 0]),
  ];
  const stderrBy = async (by: SummaryInput) => (await summarize(rows, by)).stderr as number;
  expectNear(await stderrBy({}), cr1([[2 / 3, 1], [1 / 4, 1], [0]]));
  expectNear(await stderrBy({ reducer: "max" }), cr1([[1, 1], [1, 1], [0]]));
  expectNear(await stderrBy({ reducer: "mode" }), cr1([[1, 1], [0, 1], [0]]));
  expectNear(await stderrBy({ reducer: "median" }), cr1([[1, 1], [0, 1], [0]]));
  // With fewer than two repetitions b has no value, and counts in no cluster.
  const passed = await summarize(rows, { reducer: "pass_at_k", k: 2 });
  expectNear(passed.stderr, cr1([[1], [1 / 2, 1], [0]]));
  expect(passed).toMatchObject({ samples: 4, samplesUnscored: 1, clusters: { count: 3, largest: 2 } });
});

test("every evaluation without a sample_id is a sample", async () => {
  const rows = [
    ["x", 0.1],
    ["x", 0.4],
    ["y", 0.9],
    [null, 0.3],
    [null, 0.3],
  ] as const;
  const found = await summarize(rows.map(([cluster, score]) => ({ score, ...inCluster(cluster) }) as Row));
  expectNear(found.stderr, cr1([[0.1, 0.4], [0.9], [0.3], [0.3]]));
  expect(found.clusters).toMatchObject({ count: 4, largest: 2, samplesUnnamed: 2 });
});

test("a key is looked up as it is, then as a path, and what it holds is compared as text", async () => {
  const rows = [
    { source: { id: 7 } },
    { source: { id: "7" } },
    { "source.id": "7", source: { id: "other" } },
    { source: { id: "文書" } },
    { source: { id: "文書", page: 2 } },
    // These name nothing.
    { source: { id: null } },
    { source: { id: "" } },
    { source: "7" },
    { id: "7" },
    undefined,
  ].map((metadata, i) => ({ score: i, metadata }) as Row);
  const { clusters } = await summarize(rows, { by: "source.id" });
  expect(clusters).toMatchObject({ count: 7, largest: 3, samplesUnnamed: 5 });
  const wrong = db.evaluations.summarize(await benchmarkOf([]), [], { clusterBy: "k".repeat(1001) });
  await expect(wrong).rejects.toThrow(/cluster_by: must have 1 to 1000 characters/);
});

test("of what names several clusters the first repetition counts, and the baseline", async () => {
  const one = [...repeated("a", "x", [0, 1]), ...repeated("b", "y", [1, 1]), ...repeated("c", null, [0.5])];
  const other = one.map((row) =>
    row.sampleId === "a" && row.repetition === 1 ? { ...row, metadata: { document: "y" } } : row,
  );
  const mixed = await summarize(other);
  expect(mixed.clusters).toMatchObject({ count: 3, samplesMixed: 1, samplesUnnamed: 1 });
  expectNear(mixed.stderr, (await summarize(one)).stderr as number);
  const swapped = [...repeated("a", "x", [1]), ...repeated("b", "x", [0]), ...repeated("c", "z", [1])];
  const { clusters } = await compare(one, swapped);
  expect(clusters).toMatchObject({ count: 3, largest: 1, samplesMixed: 1, samplesUnnamed: 0 });
  expect((await compare(swapped, one)).clusters).toMatchObject({ count: 2, largest: 2, samplesMixed: 1 });
});

test("one cluster has a mean, and neither error nor interval nor test", async () => {
  const found = await summarize(
    scored([
      ["x", 0.1],
      ["x", 0.5],
      ["x", 0.9],
    ]),
  );
  expect(found.clusters).toMatchObject({ count: 1, largest: 3 });
  expect(found.clusters?.independentStderr).toBeGreaterThan(0);
  expect(found).toMatchObject({ samples: 3, stderr: null, ci95Low: null, intervalMethod: null });
  expect(found.mean).toBeCloseTo(0.5, 12);
  const rows = (shift: number) => scored([0.1, 0.5, 0.9].map((score, i) => ["x", score + shift * i]));
  const compared = await compare(rows(0), rows(0.1), { margin: 0.5, detect: 0.1 });
  expect(compared).toMatchObject({
    ...{ nPaired: 3, test: "cluster_t", pValue: null, adjustedPValue: null, pairedTPValue: null },
    ...{ stderr: null, ci95Low: null, ci90Low: null, bootstrapCi95Low: null, baselineCi95Low: null },
    ...{ noWorsePValue: null, equivalencePValue: null, detectableDifference: null, pairsNeeded: null },
  });
});

test("clusters with equal means have no error, and are tested by their signs", async () => {
  const halves = ["x", "y", "z"].flatMap(
    (cluster) =>
      [
        [cluster, 0.1],
        [cluster, 0.2],
      ] as const,
  );
  expect(await summarize(scored(halves))).toMatchObject({ stderr: 0, ci95Low: null });
  const ones = await summarize(
    scored([
      ["x", 1],
      ["x", 1],
      ["y", 1],
    ]),
  );
  expect(ones).toMatchObject({ mean: 1, stderr: 0, ci95Low: null, intervalMethod: null });
  const all = (score: number) => scored(Array.from({ length: 12 }, (_, i) => [`c${i % 6}`, score]));
  expect((await compare(all(1), all(0))).pValue).toBe(1 / 32);
  const same = await compare(all(1), all(1), { margin: 0.3 });
  expect(same.pValue).toBe(1);
  // As many pieces of evidence as there are clusters.
  expect(same.noWorsePValue).toBeCloseTo(0.7 ** 6, 10);
  expect(same).toMatchObject({ marginTest: "gaffke", marginRangeLow: 0, marginRangeHigh: 1 });
  // Sums over clusters of three pairs and of one; the largest may lose all, which is 3 · (0.2 − 1).
  const uneven = (second: number) =>
    scored([
      ["x", 0.5],
      ["x", 0.5],
      ["x", second],
      ["y", 0.5],
      ["z", 0.25],
    ]);
  for (const lowerIsBetter of [false, true]) {
    const found = await compare(uneven(0.5), uneven(0.25), { margin: 0.2, lowerIsBetter });
    const sign = lowerIsBetter ? -1 : 1;
    const draws = [0.6 - sign * 0.25, 0.2, 0.2].map((value) => ({ value, count: 1 }));
    expect(found.noWorsePValue).toBeCloseTo(gaffkeP(draws, -2.4), 9);
  }
});

test("shares stay between 0 and 1, values may be of any size", async () => {
  const shares = await summarize(
    scored([
      ["x", 1],
      ["x", 1],
      ["y", 1],
      ["z", 0],
    ]),
  );
  expect(shares).toMatchObject({ intervalMethod: "cluster_t", ci95Low: 0, ci95High: 1 });
  for (const size of [1e149, 1e-140, 1e-200, 1e-320]) {
    const found = await summarize(scored([1, 2, 3, 5, 8].map((value, i) => [`c${i % 3}`, value * size])));
    const wanted = cr1([[1, 5], [2, 8], [3]]);
    if (size > 1e-150) expectNear((found.stderr ?? 0) / size, wanted);
    else expect(found.mean).toBeGreaterThan(0);
  }
});

test("as many independent clusters as pairs give the figures of the paired t-test", async () => {
  const [before, after] = [
    [3, 5, 4, 8, 6, 2, 7],
    [4, 5, 6, 7, 9, 3, 9],
  ];
  const rows = (scores: readonly number[]) => scored(scores.map((score, i) => [`c${i}`, score]));
  const more = { margin: 0.5, detect: 0.2 };
  const plain = await compare(rows(before), rows(after), { ...more, clusterBy: undefined });
  const found = await compare(rows(before), rows(after), more);
  for (const name of ["stderr", "ci95Low", "ci90High", "noWorsePValue", "equivalencePValue"] as const)
    expectNear(found[name], plain[name] as number);
  for (const name of ["pairedTPValue", "detectableDifference"] as const)
    expectNear(found[name], plain[name] as number, 1e3);
  expect(found.pairsNeeded).toBe(plain.pairsNeeded);
  // Of pairs that are alike by twos, twice as many are needed.
  const doubled = (scores: readonly number[]) =>
    scored(
      scores.flatMap(
        (score, i) =>
          [
            [`c${i}`, score],
            [`c${i}`, score],
          ] as const,
      ),
    );
  const twice = await compare(doubled(before), doubled(after), more);
  expectNear(twice.stderr, plain.stderr as number);
  expect(twice.pairsNeeded).toBe(2 * (plain.pairsNeeded as number));
});

test.each(["as_worst", "bounds"] as const)(
  "samples without a value are in no cluster: %s",
  async (missing) => {
    const { id } = await db.benchmarks.create(sample);
    await expect(db.evaluations.summarize(id, [], { clusterBy: "title", missing })).rejects.toMatchObject({
      violations: [{ field: "cluster_by" }],
    });
  },
);

test("clusters are read among the reads of many rows, which take turns", async () => {
  const names: string[] = [];
  const heavy: Executor = Object.create(db.executor, {
    any: {
      value: (query: Parameters<Executor["any"]>[0]) => {
        names.push(nameOf(query));
        return db.executor.any(query);
      },
    },
  });
  const repository = new EvaluationRepository(db.executor, undefined, heavy);
  const id = await benchmarkOf(scored([["x", 1]]));
  await repository.summarize(id, ["score"], { clusterBy: "document" });
  expect(names).toEqual(["evaluation_summarize_samples"]);
});
