import { Code } from "@connectrpc/connect";
import { expect, test } from "vitest";
import type { Executor } from "../../src/database/statement/executor.ts";
import { nameOf } from "../../src/database/statement/sql.ts";
import { exampleSides } from "../../src/evaluations/compare/statements.ts";
import type { NewEvaluation } from "../../src/evaluations/input.ts";
import { EvaluationRepository } from "../../src/evaluations/repository.ts";
import type { ReductionInput } from "../../src/evaluations/samples/reduce.ts";
import { pairSlices } from "../../src/evaluations/slices/pair-statements.ts";
import { summarizeSlices } from "../../src/evaluations/slices/statements.ts";
import { limits } from "../../src/limits.ts";
import { holm } from "../../src/statistics/holm.ts";
import { meanColumns } from "../../src/statistics/mean-interval.ts";
import { type JsonValue, jsonValueOf } from "../../src/validation.ts";
import { testDatabase } from "../harness/database.ts";
import { sample } from "../harness/examples.ts";
import { seededRandom } from "../harness/random.ts";
import { fill } from "./support.ts";

const { db, client } = await testDatabase();

type Row = Partial<NewEvaluation>;

async function benchmarkOf(rows: readonly Row[], given = {}): Promise<string> {
  const { id: benchmarkId } = await db.benchmarks.create({ ...sample, ...given });
  for (let at = 0; at < rows.length; at += 1000) {
    const batch = rows.slice(at, at + 1000);
    await db.evaluations.createMany(batch.map((row) => ({ benchmarkId, input: "i", output: "o", ...row })));
  }
  return benchmarkId;
}

async function slicesOf(rows: readonly Row[], key: string, given: ReductionInput = {}) {
  const [found] = await db.evaluations.summarizeSlices(await benchmarkOf(rows), key, [], given);
  if (!found) throw new Error("no metric was answered");
  return found;
}

/** The groups of rows whose `key` has these values, as [value, samples]. */
async function groupsOf(values: readonly (JsonValue | undefined)[], key = "key", name = key) {
  const rows = values.map((value) => ({ score: 1, metadata: value === undefined ? {} : { [name]: value } }));
  const { slices } = await slicesOf(rows, key);
  return slices.map(({ value, samples }) => [value, samples]);
}

const subject = (name: string, scores: readonly (number | undefined)[]) =>
  scores.map((score) => ({ score, metadata: { subject: name } }));

test("each group has the figures of its samples, and all the mean of their means", async () => {
  const groups: Record<string, number[]> = {
    anatomy: [1, 0, 1, 1, 0],
    astronomy: [0.25, 0.5, 0.125, 0.75],
    virology: [1, 1],
  };
  const rows = Object.entries(groups).flatMap(([name, scores]) => subject(name, scores));
  const found = await slicesOf([...rows, { score: 0.5, output: "o" }, { score: 0.25 }], "subject");
  expect(found.slices.map(({ value }) => value)).toEqual(["anatomy", "astronomy", "virology", null]);
  let [means, variance] = [0, 0];
  const kind = { areShares: true, range: { low: 0, high: 1 } };
  for (const [index, [value, scores]] of Object.entries(groups).entries()) {
    const n = scores.length;
    const mean = scores.reduce((sum, score) => sum + score, 0) / n;
    const m2 = scores.reduce((sum, score) => sum + (score - mean) ** 2, 0);
    const figures = meanColumns({ count: n, sum: n * mean, m2 }, kind);
    const slice = found.slices[index];
    expect(slice).toMatchObject({ value, tried: n, samples: n, intervalMethod: figures.intervalMethod });
    for (const figure of ["mean", "stddev", "stderr", "ci95Low", "ci95High"] as const)
      expect(slice?.[figure]).toBeCloseTo(figures[figure] ?? Number.NaN, 12);
    means += mean;
    variance += m2 / (n - 1) / n;
  }
  // Rows without the key are a group, but no subject.
  expect(found.slices.at(-1)).toMatchObject({ value: null, samples: 2, mean: 0.375 });
  expect(found).toMatchObject({ metric: "score", macroSlices: 3, slicesLeftOut: 0, leftOut: [] });
  expect(found.macroMean).toBeCloseTo(means / 3, 12);
  expect(found.macroStderr).toBeCloseTo(Math.sqrt(variance) / 3, 12);
});

test("a group tells how many of its samples have a value; one without any has no mean", async () => {
  const rows = [...subject("a", [1, undefined, 0]), ...subject("b", [undefined]), ...subject("c", [1])];
  const found = await slicesOf(rows, "subject");
  expect(found.slices).toMatchObject([
    { value: "a", tried: 3, samples: 2, mean: 0.5 },
    { value: "b", tried: 1, samples: 0, mean: null, stderr: null, ci95Low: null },
    { value: "c", tried: 1, samples: 1, mean: 1, stderr: null },
  ]);
  // The spread of a group of one is unknown, and so is that of the mean of the means.
  expect(found).toMatchObject({ macroMean: 0.75, macroStderr: null, macroSlices: 2 });
  const none = await slicesOf([], "subject");
  expect(none).toEqual({
    ...{ metric: "score", slices: [], slicesLeftOut: 0, leftOut: [] },
    ...{ macroMean: null, macroStderr: null, macroSlices: 0 },
  });
});

test("with repetitions the sample is what counts, and the reducer applies in each group", async () => {
  const repeat = (name: string, sampleId: string, scores: readonly number[]) =>
    scores.map((score, repetition) => ({ score, sampleId, repetition, metadata: { subject: name } }));
  const rows = [
    ...repeat("a", "1", [1, 0, 0, 0]),
    ...repeat("a", "2", [1, 1, 1, 1]),
    ...repeat("b", "3", [0, 0, 1]),
    ...repeat("b", "4", [0]),
  ];
  const byMean = await slicesOf(rows, "subject");
  expect(byMean.slices).toMatchObject([
    { value: "a", tried: 2, samples: 2, mean: 0.625 },
    { value: "b", tried: 2, samples: 2, mean: expect.closeTo(1 / 6, 12) },
  ]);
  const atTwo = await slicesOf(rows, "subject", { reducer: "pass_at_k", k: 2 });
  expect(atTwo.slices).toMatchObject([
    { value: "a", tried: 2, samples: 2, mean: expect.closeTo(0.75, 12) },
    { value: "b", tried: 2, samples: 1, mean: expect.closeTo(2 / 3, 12) },
  ]);
  for (const [reducer, mean] of [
    ["mode", 0.5],
    ["max", 1],
    ["median", 0.5],
  ] as const)
    expect((await slicesOf(rows, "subject", { reducer })).slices[0]).toMatchObject({ samples: 2, mean });
});

test('groups are by what people read: 1, 1.0 and "1" are one, null is no value', async () => {
  expect(await groupsOf([1, "1", 2, 10, true, "true", false, null, undefined])).toEqual([
    ["1", 2],
    ["2", 1],
    ["10", 1],
    ["false", 1],
    ["true", 2],
    [null, 2],
  ]);
  expect(await groupsOf([0.5, 1e21, -3, 1e-7])).toHaveLength(4);
  expect(await groupsOf([{ b: 1, a: [true] }, { a: [true], b: 1 }, ["x"], "", "a", "A", "é"])).toEqual(
    expect.arrayContaining([
      ["", 1],
      ["a", 1],
      ["A", 1],
      ["é", 1],
      ['["x"]', 1],
      ['{"a": [true], "b": 1}', 2],
    ]),
  );
});

test("numbers that other programs have stored with more digits are the same numbers", async () => {
  const benchmarkId = await benchmarkOf([]);
  const metadata = "jsonb_build_object('key', (array['1', '1.0', '1.50', '1.5', '100']::jsonb[])[i])";
  await fill(client, benchmarkId, 5, { metadata });
  const [found] = await db.evaluations.summarizeSlices(benchmarkId, "key");
  expect(found?.slices.map(({ value, samples }) => [value, samples])).toEqual([
    ["1", 2],
    ["1.5", 2],
    ["100", 1],
  ]);
});

test("groups are read among the reads of many rows, which take turns", async () => {
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
  const [baselineId = "", candidateId = ""] = [await benchmarkOf([]), await benchmarkOf([])];
  await repository.summarizeSlices(baselineId, "subject");
  await repository.compare({ baselineId, candidateIds: [candidateId], groupBy: "subject" });
  expect(names).toEqual(expect.arrayContaining(["evaluation_summarize_slices", "evaluation_pair_slices"]));
});

interface Plan {
  Alias?: string;
  "Actual Loops": number;
  "Actual Rows": number;
  Plans?: Plan[];
}

test("rows are read once, however many groups they make", async () => {
  const count = 3000;
  const sides: string[] = [];
  for (let side = 0; side < 2; side++) {
    const id = await benchmarkOf([]);
    await fill(client, id, count, { metadata: "jsonb_build_object('key', i)" });
    sides.push(id);
  }
  await client.query("vacuum analyze evaluations");
  const [baseline, candidate] = sides.map((id) => ({ ...exampleSides(false).baseline, id }));
  if (!baseline || !candidate) throw new Error("expected two benchmarks");
  const pairing = { baseline, candidate, metric: "score", reduction: { reducer: "mean", k: 0 } } as const;
  for (const [query, read] of [
    [summarizeSlices(baseline.id, "key", ["score", "latency_ms"], undefined), count],
    [pairSlices(pairing, "key", 0), 2 * count],
  ] as const) {
    const { rows } = await client.query(`explain (analyze, format json) ${query.sql}`, [...query.values]);
    const nodes = (plan: Plan): Plan[] => [plan, ...(plan.Plans ?? []).flatMap(nodes)];
    const found = nodes(rows[0]["QUERY PLAN"][0].Plan);
    // No part of the statement goes over the rows of both more than once, nor looks for a key again.
    const work = found.map((node) => node["Actual Loops"] * node["Actual Rows"]);
    expect(Math.max(...work)).toBeLessThanOrEqual(2 * count);
    const keys = found.filter(({ Alias = "" }) => /^k(_\d+)?$/.test(Alias));
    expect(keys.map((node) => node["Actual Loops"])).toEqual([read]);
  }
});

test("a long text is one group of its own, however it begins", async () => {
  const long = "長".repeat(10_000);
  const groups = await groupsOf([`${long}a`, `${long}b`, `${long}b`, "長".repeat(200)]);
  expect(groups.map(([, samples]) => samples).sort()).toEqual([1, 1, 2]);
  const names = groups.map(([value]) => String(value));
  expect(names).toContain("長".repeat(200));
  expect(names.filter((name) => /^長{200}… \(10001 characters, hash [0-9a-f]+\)$/.test(name))).toHaveLength(
    2,
  );
});

test("a key may be in any script, have dots, and lie within others", async () => {
  expect(await groupsOf(["x"], "科目")).toEqual([["x", 1]]);
  expect(await groupsOf(["x"], "inspect.task")).toEqual([["x", 1]]);
  expect(await groupsOf(["x"], "`a..b`", "a..b")).toEqual([["x", 1]]);
  expect(await groupsOf([{ subject: "x" }], "doc.subject", "doc")).toEqual([["x", 1]]);
  expect(await groupsOf([{ "a.b": { c: "x" } }], "doc.`a.b`.c", "doc")).toEqual([["x", 1]]);
  expect(await groupsOf([["x", "y"]], "tags.1", "tags")).toEqual([["y", 1]]);
  expect(await groupsOf(["x", "y"], "metadata.model", "model")).toEqual([
    ["x", 1],
    ["y", 1],
  ]);
  expect(await groupsOf(["x"], "metadata", "metadata")).toEqual([["x", 1]]);
  // A path that leads through a text leads nowhere.
  expect(await groupsOf(["x"], "doc.subject", "doc")).toEqual([[null, 1]]);
  // Samples of Inspect have metadata of their own within ours.
  for (const key of ["subject", "metadata.subject", "metadata.metadata.subject"])
    expect(await groupsOf([{ subject: "x" }], key, "metadata")).toEqual([["x", 1]]);
  // Those of lm-eval are what it calls a doc.
  for (const key of ["subject", "metadata.subject", "doc.subject"])
    expect(await groupsOf([{ subject: "x" }], key, "doc")).toEqual([["x", 1]]);
  expect(await groupsOf([{ doc: { "a.b": "x" } }], "doc.`a.b`", "metadata")).toEqual([["x", 1]]);
  const own = { score: 1, metadata: { subject: "own", metadata: { subject: "inner" } } };
  expect((await slicesOf([own], "subject")).slices.map(({ value }) => value)).toEqual(["own"]);
});

test("columns and labels of the benchmark are keys, too", async () => {
  const rows = [{ model: "a", score: 1 }, { model: "b", score: 0 }, { score: 1 }];
  const id = await benchmarkOf(rows, { model: "own", labels: { "git.branch": "main" } });
  const groups = async (key: string) => {
    const [found] = await db.evaluations.summarizeSlices(id, key);
    return found?.slices.map(({ value, samples }) => [value, samples]);
  };
  expect(await groups("model")).toEqual([
    ["a", 1],
    ["b", 1],
    ["own", 1],
  ]);
  expect(await groups("provider")).toEqual([[sample.provider, 3]]);
  expect(await groups("label.git.branch")).toEqual([["main", 3]]);
  expect(await groups("label.none")).toEqual([[null, 3]]);
});

test("the largest groups are told of, the others are counted and named", async () => {
  const rows = Array.from({ length: limits.groups + limits.groupsNamed + 10 }, (_, i) =>
    subject(`g${i}`, [1]),
  );
  const found = await slicesOf([...rows.flat(), ...subject("large", [0, 0]), { score: 1 }], "subject");
  expect(found.slices).toHaveLength(limits.groups);
  expect(found.slices.map(({ value }) => value)).toContain("large");
  expect(found.slicesLeftOut).toBe(limits.groupsNamed + 12);
  expect(found.leftOut).toHaveLength(limits.groupsNamed);
  // The mean of the means is that of all.
  expect(found.macroSlices).toBe(limits.groups + limits.groupsNamed + 11);
  expect(found.macroMean).toBeCloseTo(1 - 1 / found.macroSlices, 12);
});

test("several metrics have the same groups, each once", async () => {
  const id = await benchmarkOf([
    { score: 1, metrics: { f1: 0.5 }, metadata: { subject: "a" } },
    { score: 0, metrics: {}, metadata: { subject: "b" } },
  ]);
  const found = await db.evaluations.summarizeSlices(id, "subject", ["f1", "score", "f1", "none"]);
  expect(found.map(({ metric, slices }) => [metric, slices.map(({ mean }) => mean)])).toEqual([
    ["f1", [0.5, null]],
    ["score", [1, 0]],
    ["none", [null, null]],
  ]);
});

test("what cannot be a key is refused, with the field and the limit", async () => {
  const id = await benchmarkOf([]);
  for (const key of ["", "a".repeat(1001), "a\0", "metadata.", ".a", "a.", "a..b", "label.", "`a`.."])
    await expect(db.evaluations.summarizeSlices(id, key)).rejects.toMatchObject({
      code: Code.InvalidArgument,
      violations: [{ field: "group_by" }],
    });
  await expect(db.evaluations.summarize(id, [], { clusterBy: "metadata." })).rejects.toMatchObject({
    violations: [{ field: "cluster_by", description: expect.stringContaining("on each side of every dot") }],
  });
  const names = Array.from({ length: 21 }, (_, i) => `m${i}`);
  await expect(db.evaluations.summarizeSlices(id, "a", names)).rejects.toMatchObject({
    violations: [{ field: "metrics", description: "must have at most 20 items" }],
  });
  const stranger = "01890a5d-ac96-774b-bcce-b302099a8057";
  await expect(db.evaluations.summarizeSlices(stranger, "a")).rejects.toMatchObject({ code: Code.NotFound });
});

const subjects = ["anatomy", "astronomy", "virology", "large"];

/** Samples of several subjects, each with as many repetitions; scores are those that `score` draws. */
function samplesOf(score: () => number | undefined, repetitions = 1, left = 0): Row[] {
  return subjects.flatMap((name, index) =>
    Array.from({ length: name === "large" ? 130 : 6 + index - left }, (_, i) =>
      Array.from({ length: repetitions }, (_, repetition) => ({
        ...{ sampleId: `${name}/${i}`, repetition, score: score() },
        metadata: { subject: name },
      })),
    ).flat(),
  );
}

test.each([
  ["shares of 0 and 1", (random: () => number) => Number(random() < 0.6), 1, {}],
  ["values with ties", (random: () => number) => Math.round(10 * random()) / 10, 1, {}],
  ["some without a value", (random: () => number) => (random() < 0.3 ? undefined : random()), 1, {}],
  [
    "some without a value, as the worst",
    (random: () => number) => (random() < 0.3 ? undefined : random()),
    1,
    { missing: "as_worst" },
  ],
  ["repetitions", (random: () => number) => Number(random() < 0.5), 3, {}],
  ["pass@k", (random: () => number) => Number(random() < 0.5), 3, { reducer: "pass_at_k", k: 2 }],
] as const)(
  "a group of pairs is what comparing it alone gives: %s",
  async (_, make, repetitions, reduction) => {
    const random = seededRandom();
    const sides = [0, 1, 1].map((left) => samplesOf(() => make(random), repetitions, left));
    const [baselineId = "", ...candidateIds] = await Promise.all(sides.map((rows) => benchmarkOf(rows)));
    const given = { ...reduction, tieTolerance: 0.1, bootstrapSamples: 0 };
    const { comparisons } = await db.evaluations.compare({
      baselineId,
      candidateIds,
      groupBy: "subject",
      ...given,
    });
    const all = comparisons.flatMap(({ slices }) => slices?.slices ?? []);
    const inOrder = subjects.toSorted();
    expect(all.map(({ value }) => value)).toEqual([...inOrder, ...inOrder]);
    for (const name of subjects) {
      const alone = sides.map((rows) =>
        rows.filter(({ metadata }) => metadata && jsonValueOf(metadata).subject === name),
      );
      const [baseline = "", ...candidates] = await Promise.all(alone.map((rows) => benchmarkOf(rows)));
      const expected = await db.evaluations.compare({
        baselineId: baseline,
        candidateIds: candidates,
        ...given,
      });
      for (const [index, one] of expected.comparisons.entries()) {
        const slice = comparisons[index]?.slices?.slices.find(({ value }) => value === name);
        const { nPaired, test, wins, losses, ties } = one;
        // Without any common value nothing is compared alone, while a group has what the worst stands for.
        if (nPaired === 0 && "missing" in reduction) continue;
        expect(slice).toMatchObject({ nPaired, test, wins, losses, ties });
        expect(slice?.baselineTried).toBe(new Set(alone[0]?.map(({ sampleId }) => sampleId)).size);
        expect(slice?.candidateTried).toBe(new Set(alone[index + 1]?.map(({ sampleId }) => sampleId)).size);
        const figures = [
          "baselineMean",
          "candidateMean",
          "meanDifference",
          "stderr",
          "ci95Low",
          "ci95High",
        ] as const;
        for (const figure of [...figures, "pValue", "pairedTPValue"] as const) {
          if (one[figure] === null) expect([figure, slice?.[figure]]).toEqual([figure, null]);
          else expect(slice?.[figure], `${figure} of ${name}`).toBeCloseTo(one[figure], 10);
        }
      }
    }
    // All groups of all candidates are adjusted together.
    expect(all.map(({ adjustedPValue }) => adjustedPValue)).toEqual(
      holm(all.map(({ pValue }) => pValue ?? undefined)).map((p) => p ?? null),
    );
    for (const { slices } of comparisons) {
      const found = slices?.slices.filter(({ nPaired }) => nPaired > 0) ?? [];
      const mean = found.reduce((sum, { meanDifference }) => sum + (meanDifference ?? 0), 0) / found.length;
      const variance = found.reduce((sum, { stderr }) => sum + (stderr ?? Number.NaN) ** 2, 0);
      expect(slices).toMatchObject({ macroSlices: found.length, slicesLeftOut: 0, samplesMixed: 0 });
      expect(slices?.macroMean).toBeCloseTo(mean, 10);
      // Chance may leave a group one pair, whose error is unknown.
      if (Number.isNaN(variance)) expect(slices?.macroStderr).toBeNull();
      else expect(slices?.macroStderr).toBeCloseTo(Math.sqrt(variance) / found.length, 10);
    }
  },
);

test("a sample is in one group on both sides: that of the baseline, or else of the candidate", async () => {
  const side = (named: Record<string, string | undefined>) =>
    benchmarkOf(
      Object.entries(named).map(([sampleId, subject]) => ({
        ...{ sampleId, score: 1 },
        metadata: subject === undefined ? {} : { subject },
      })),
    );
  const baselineId = await side({ 1: "a", 2: "a", 3: undefined, 4: undefined, 5: "c" });
  const candidateId = await side({ 1: "a", 2: "b", 3: "b", 4: undefined, 6: "a" });
  const { comparisons } = await db.evaluations.compare({
    ...{ baselineId, candidateIds: [candidateId], groupBy: "subject" },
  });
  const [{ slices } = {}] = comparisons;
  expect(slices?.slices).toMatchObject([
    { value: "a", baselineTried: 2, candidateTried: 3, nPaired: 2, meanDifference: 0, pairedTPValue: null },
    { value: "b", baselineTried: 1, candidateTried: 1, nPaired: 1, stderr: null },
    { value: "c", baselineTried: 1, candidateTried: 0, nPaired: 0, meanDifference: null, pValue: null },
    { value: null, baselineTried: 1, candidateTried: 1, nPaired: 1 },
  ]);
  expect(slices).toMatchObject({ samplesMixed: 1, macroSlices: 2, macroMean: 0, macroStderr: null });
  const plain = await db.evaluations.compare({ baselineId, candidateIds: [candidateId] });
  expect(plain.comparisons[0]?.slices).toBeNull();
});
