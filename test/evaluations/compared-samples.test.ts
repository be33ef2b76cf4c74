import { Code } from "@connectrpc/connect";
import { beforeAll, describe, expect, test } from "vitest";
import type { ComparedSample, ComparedSamplesInput } from "../../src/evaluations/compare/samples.ts";
import type { NewEvaluation } from "../../src/evaluations/input.ts";
import { newId } from "../../src/ids.ts";
import { testDatabase } from "../harness/database.ts";
import { sample } from "../harness/examples.ts";

const { db } = await testDatabase();

/** One value a sample; of several, each is a repetition. Null: without a value. */
type Values = Record<string, number | null | readonly number[]>;

async function benchmarkOf(values: Values, more: Partial<NewEvaluation> = {}): Promise<string> {
  const { id: benchmarkId } = await db.benchmarks.create(sample);
  const rows = Object.entries(values).flatMap(([sampleId, value]) =>
    [value].flat().map((score, repetition) => ({
      ...{ benchmarkId, sampleId, repetition, score, input: sampleId, output: "o", ...more },
    })),
  );
  if (rows.length > 0) await db.evaluations.createMany(rows);
  return benchmarkId;
}

async function all(given: ComparedSamplesInput, limit = 1000): Promise<ComparedSample[]> {
  const samples: ComparedSample[] = [];
  let after: Awaited<ReturnType<typeof db.evaluations.listComparedSamples>>["next"];
  do {
    const page = await db.evaluations.listComparedSamples(given, { limit, after });
    expect(page.items.length).toBeLessThanOrEqual(limit);
    samples.push(...page.items);
    after = page.next;
  } while (after);
  return samples;
}

describe("of a baseline and two candidates", () => {
  const sides: readonly Values[] = [
    { a: 1, b: 0, c: 1, d: 0.8, e: 0.6, f: 0, g: null, h: 1, 日: 0 },
    { a: 0, b: 1, c: 1, d: 0.7, e: 0.5, f: 0, g: 1, 日: 0.25, i: 1 },
    { a: 0.5, b: 0, c: 1, d: 0.8, e: 0.6, f: 0.25, g: 1, h: 1, 日: 0 },
  ];
  let ids: string[];
  beforeAll(async () => {
    ids = [];
    for (const side of sides) ids.push(await benchmarkOf(side));
  });

  test.each([
    ["any", {}, ["a", "b", "c", "d", "e", "f", "g", "h", "i", "日"]],
    // 0.8 - 0.7 and 0.6 - 0.5 tie.
    ["regressed", {}, ["a", "d", "e"]],
    ["regressed", { tieTolerance: 0.1 }, ["a"]],
    ["regressed", { orderBy: "sample_id", tieTolerance: 0.09 }, ["a", "d", "e"]],
    ["regressed", { lowerIsBetter: true }, ["b", "f", "日"]],
    ["improved", {}, ["b", "f", "日"]],
    ["improved", { lowerIsBetter: true, tieTolerance: 0.1 }, ["a"]],
    ["unchanged", {}, ["c"]],
    ["unchanged", { tieTolerance: 0.1 }, ["c", "d", "e"]],
    ["both_wrong", {}, ["f", "日"]],
    ["both_wrong", { threshold: 0.25 }, []],
    ["both_wrong", { lowerIsBetter: true, threshold: 0.7 }, ["c"]],
    ["only_one", {}, ["b"]],
    ["only_one", { threshold: 0.75, orderBy: "difference_desc" }, ["a", "b"]],
    ["missing", {}, ["g", "h", "i"]],
  ] as const)("%s %j", async (state, how, expected) => {
    for (const limit of [1, 2, 1000]) {
      const found = await all({ benchmarkIds: ids, state, ...how }, limit);
      expect(found.map(({ sampleId }) => sampleId)).toEqual(expected);
      for (const { sampleId, values } of found)
        expect(values.map(({ value }) => value)).toEqual(sides.map((side) => side[sampleId] ?? null));
    }
  });

  test("each value has its evaluation, and the difference is that which the list goes by", async () => {
    const [a] = await all({ benchmarkIds: ids, state: "regressed" });
    expect(a?.difference).toBe(1);
    for (const [place, { evaluationId, count }] of (a?.values ?? []).entries()) {
      expect(count).toBe(1);
      expect(await db.evaluations.get(evaluationId ?? "")).toMatchObject({
        benchmarkId: ids[place],
        sampleId: "a",
      });
    }
    const [g] = await all({ benchmarkIds: ids, state: "missing" });
    expect(g?.values[0]).toEqual({ value: null, evaluationId: expect.any(String), count: 0 });
    const h = (await all({ benchmarkIds: ids, state: "missing" }))[1];
    expect(h?.values[1]).toEqual({ value: null, evaluationId: null, count: 0 });
  });

  test("regressions of two are those of their comparison", async () => {
    const [baselineId = "", candidate = ""] = ids;
    const { comparisons } = await db.evaluations.compare({ baselineId, candidateIds: [candidate] });
    const found = await all({ benchmarkIds: [baselineId, candidate], state: "regressed" });
    expect(found.map(({ sampleId, difference }) => [sampleId, -difference])).toEqual(
      comparisons[0]?.regressed.map(({ sampleId, difference }) => [sampleId, difference]),
    );
  });
});

test("repetitions become one value first", async () => {
  const ids = [
    await benchmarkOf({ a: [1, 0, 1], b: [0, 0], c: 1, d: [1] }),
    await benchmarkOf({ a: [0, 0, 1], b: [0, 0], c: 1 }),
  ];
  const [a, ...rest] = await all({ benchmarkIds: ids, state: "regressed" });
  expect(rest).toEqual([]);
  expect(a).toMatchObject({
    sampleId: "a",
    values: [
      { value: 2 / 3, count: 3 },
      { value: 1 / 3, count: 3 },
    ],
  });
  const how = { benchmarkIds: ids, reducer: "pass_at_k", k: 2 } as const;
  expect((await all({ ...how, state: "both_wrong" })).map(({ sampleId }) => sampleId)).toEqual(["b"]);
  expect((await all({ ...how, state: "missing" })).map(({ sampleId }) => sampleId)).toEqual(["c", "d"]);
});

test("samples that were asked otherwise are left out, unless they are allowed", async () => {
  const ids = [
    await benchmarkOf({ a: 1, b: 1 }, { expected: "x" }),
    await benchmarkOf({ a: 0, b: 0 }, { input: "a", expected: null }),
    await benchmarkOf({ a: 0, b: 0 }, { expected: "x" }),
  ];
  const names = async (more: object) =>
    (await all({ benchmarkIds: ids, state: "regressed", ...more })).map(({ sampleId }) => sampleId);
  expect(await names({})).toEqual(["a"]);
  expect(await names({ allowDifferentInputs: true })).toEqual(["a", "b"]);
});

test("benchmarks without samples have none to compare; wrong questions are refused", async () => {
  const ids = [await benchmarkOf({}), await benchmarkOf({})];
  expect(await all({ benchmarkIds: ids, metric: "own" })).toEqual([]);
  const given = { benchmarkIds: [ids[0] ?? "", newId()] };
  await expect(db.evaluations.listComparedSamples(given)).rejects.toMatchObject({ code: Code.NotFound });
  for (const [wrong, field] of [
    [{ benchmarkIds: ids.slice(1) }, "benchmark_ids"],
    [{ benchmarkIds: Array.from({ length: 21 }, newId) }, "benchmark_ids"],
    [{ benchmarkIds: [ids[0], ids[0]] }, "benchmark_ids[1]"],
    [{ tieTolerance: -1 }, "tie_tolerance"],
    [{ threshold: Number.NaN }, "threshold"],
    [{ reducer: "pass_at_k" }, "k"],
    [{ state: "worse" }, "state"],
  ] as const)
    await expect(
      db.evaluations.listComparedSamples({ benchmarkIds: ids, ...wrong } as ComparedSamplesInput),
    ).rejects.toMatchObject({ violations: [{ field }] });
});
