import { Code } from "@connectrpc/connect";
import { beforeAll, describe, expect, test } from "vitest";
import type { HistoryInput, HistoryPage } from "../../src/evaluations/history/history.ts";
import { newId } from "../../src/ids.ts";
import { testDatabase } from "../harness/database.ts";
import { unknownId } from "../harness/examples.ts";
import { rollups, scored } from "./support.ts";

let stored: ReturnType<typeof rollups>;
const { db, client } = await testDatabase();
beforeAll(() => {
  stored = rollups(client);
});

const shares = (ones: number, count: number) => Array.from({ length: count }, (_, n) => (n < ones ? 1 : 0));
const ids = ({ runs }: HistoryPage) => runs.map(({ benchmarkId }) => benchmarkId);
const history = (dataset: string, input: Partial<HistoryInput> = {}) =>
  db.evaluations.history({ dataset, ...input });
const firsts = ({ runs }: HistoryPage, kind: "sincePrevious" | "sinceBaseline") =>
  runs.filter((run) => run[kind]?.firstSignificant).map(({ benchmarkId }) => benchmarkId);

const left = { pending: 0, unscored: 0 };

/** Benchmarks with so many right answers of a hundred each, oldest first. */
async function runsOf(dataset: string, ...ones: number[]): Promise<string[]> {
  const made: string[] = [];
  for (const right of ones) made.push(await scored(db, dataset, shares(right, 100)));
  return made;
}

test("no run, or none with a value, is an empty history", async () => {
  const by = { lowerIsBetter: false, reducer: "mean", k: 0 };
  const about = { inputsReferenceId: null, rangeLow: 0, rangeHigh: 1, ...left, ...by, next: undefined };
  const nothing = { runs: [], baseline: null, ...about };
  expect(await history("nobody")).toEqual(nothing);
  const id = await scored(db, "empty", []);
  await db.benchmarks.setBaseline(id);
  expect(await history("empty")).toEqual({ ...nothing, unscored: 1 });
  expect(await history("nobody", { metric: "latency_ms" })).toMatchObject({ lowerIsBetter: true });
});

test("one run has its figures, and no change", async () => {
  const [id = ""] = await runsOf("one", 60);
  const [score] = (await db.evaluations.summarize(id, ["score"])).metrics;
  const run = {
    benchmarkId: id,
    benchmarkName: "n",
    provider: "p",
    model: "m",
    status: "pending",
    createdAt: (await db.benchmarks.get(id)).createdAt,
    count: 100,
    samplesUnscored: 0,
    repetitions: null,
    mean: 0.6,
    stddev: expect.closeTo(score?.stddev ?? 0, 12),
    stderr: expect.closeTo(score?.stderr ?? 0, 12),
    ci95Low: expect.closeTo(score?.ci95Low ?? 0, 12),
    ci95High: expect.closeTo(score?.ci95High ?? 0, 12),
    intervalMethod: "wilson",
    coverage: score?.coverage,
    ...{ leastMean: null, greatestMean: null },
    inputsCompared: null,
    differentInputs: null,
    sincePrevious: null,
    sinceBaseline: null,
  };
  const page = await history("one");
  const by = { lowerIsBetter: false, reducer: "mean", k: 0 };
  const about = { inputsReferenceId: null, rangeLow: 0, rangeHigh: 1, ...left, ...by, next: undefined };
  expect(page).toEqual({ runs: [run], baseline: run, ...about });
  await db.maintain();
  expect(await history("one")).toEqual(page);
});

test("the interval of a change ends where changes do", async () => {
  await scored(db, "wide", [0, 1]);
  await scored(db, "wide", [1, 0]);
  expect((await history("wide")).runs[1]?.sincePrevious).toMatchObject({ ci95Low: -1, ci95High: 1 });
  const { runs } = await history("wide", { rangeHigh: 3 });
  expect(runs[1]?.sincePrevious).toMatchObject({ ci95Low: -3, ci95High: 3 });
});

test("a slow decline is significant since the baseline, though no step is; a fall since the run before", async () => {
  const slow = await runsOf("slow", 80, 76, 72, 68, 60, 56);
  const page = await history("slow");
  expect(ids(page)).toEqual(slow);
  expect(firsts(page, "sincePrevious")).toEqual([]);
  expect(firsts(page, "sinceBaseline")).toEqual([slow[4]]);
  expect(page.runs[0]?.sinceBaseline).toBeNull();
  expect(page.runs[5]?.sinceBaseline).toMatchObject({
    difference: expect.closeTo(-0.24, 12),
    firstSignificant: false,
  });
  const fall = await runsOf("fall", 80, 79, 50, 51, 20);
  expect(firsts(await history("fall"), "sincePrevious")).toEqual([fall[2]]);
});

test("p-values are adjusted for the runs of the answer", async () => {
  // A difference that is just significant by itself.
  await runsOf("adjusted", 80, 67);
  const [, two] = (await history("adjusted")).runs;
  expect(two?.sinceBaseline).toMatchObject({ firstSignificant: true });
  expect(two?.sinceBaseline?.adjustedPValue).toBe(two?.sinceBaseline?.pValue);
  const more = await runsOf("adjusted", 80, 80);
  const page = await history("adjusted");
  expect(page.runs[1]?.sinceBaseline).toMatchObject({ pValue: two?.sinceBaseline?.pValue });
  expect(page.runs[1]?.sinceBaseline?.adjustedPValue).toBeCloseTo(3 * (two?.sinceBaseline?.pValue ?? 0), 12);
  expect(firsts(page, "sinceBaseline")).toEqual([]);
  expect(ids(page).slice(2)).toEqual(more);
});

test("a fall from all right to all wrong is seen, and equal runs are none", async () => {
  const [, , fallen] = await runsOf("constant", 100, 100, 0, 0);
  const page = await history("constant");
  expect(firsts(page, "sincePrevious")).toEqual([fallen]);
  expect(page.runs[1]?.sincePrevious).toEqual({
    difference: 0,
    ci95Low: null,
    ci95High: null,
    pValue: 1,
    adjustedPValue: 1,
    firstSignificant: false,
    firstUnsettled: false,
  });
});

test("pages go back in time, and the oldest run of each is compared with the one before it", async () => {
  const made = await runsOf("pages", 90, 30, 90, 30, 90);
  const first = await db.evaluations.history({ dataset: "pages" }, { limit: 2 });
  expect(ids(first)).toEqual(made.slice(3));
  expect(first.runs[0]?.sincePrevious?.difference).toBeCloseTo(-0.6, 12);
  const second = await db.evaluations.history({ dataset: "pages" }, { limit: 2, after: first.next });
  expect(ids(second)).toEqual(made.slice(1, 3));
  const third = await db.evaluations.history({ dataset: "pages" }, { limit: 2, after: second.next });
  expect([ids(third), third.next, third.runs[0]?.sincePrevious]).toEqual([[made[0]], undefined, null]);
});

test("runs of one moment stand in the order of their ids, on whatever page", async () => {
  const made = Array.from({ length: 5 }, () => newId());
  // In none of the orders in which they may happen to be stored.
  for (const index of [3, 0, 4, 2, 1]) await scored(db, "ties", [1, 0], { id: made[index] });
  await client.query("update benchmarks set created_at = '2026-01-01T00:00:00Z' where dataset = 'ties'");
  expect(ids(await history("ties"))).toEqual(made.toSorted());
  const found: string[] = [];
  for (let after: HistoryPage["next"], more = true; more; more = after !== undefined) {
    const page = await db.evaluations.history({ dataset: "ties" }, { limit: 2, after });
    found.unshift(...ids(page));
    after = page.next;
  }
  expect(found).toEqual(made.toSorted());
});

test("the baseline is the one asked for, else the pinned one, else the oldest run", async () => {
  const [oldest, pinned = "", asked = "", newest] = await runsOf("baseline", 20, 90, 50, 50);
  const differences = ({ runs }: HistoryPage) =>
    runs.map(({ sinceBaseline }) => sinceBaseline && Number(sinceBaseline.difference.toFixed(9)));
  expect(differences(await history("baseline"))).toEqual([null, 0.7, 0.3, 0.3]);
  await db.benchmarks.setBaseline(pinned);
  const page = await history("baseline");
  expect(differences(page)).toEqual([-0.7, null, -0.4, -0.4]);
  // The run from before the baseline was no change of it.
  expect(firsts(page, "sinceBaseline")).toEqual([asked]);
  expect(differences(await history("baseline", { baselineId: asked }))).toEqual([-0.3, 0.4, null, 0]);
  // It need not match the filters.
  const after = (await db.benchmarks.get(newest ?? "")).createdAt;
  const last = await history("baseline", { createdAfter: after });
  expect([ids(last), last.baseline?.benchmarkId, differences(last)]).toEqual([[newest], pinned, [-0.4]]);
  await db.benchmarks.delete(pinned);
  expect((await history("baseline")).baseline?.benchmarkId).toBe(oldest);
});

test("a baseline that is not there, or on another dataset, is refused", async () => {
  const [other = ""] = await runsOf("another", 50);
  await expect(history("baseline", { baselineId: unknownId })).rejects.toMatchObject({ code: Code.NotFound });
  await expect(history("baseline", { baselineId: other })).rejects.toMatchObject({
    code: Code.InvalidArgument,
    message: expect.stringContaining('baseline_id: must be on dataset "baseline", is on "another"'),
  });
});

test("only the runs of the configuration, whatever script it is written in", async () => {
  const dataset = "集, a=b";
  const labels = { "ветка,=": "x,y=z" };
  const wanted = await scored(db, dataset, [1, 0], { model: "模型", provider: "q", labels });
  await scored(db, dataset, [1, 0], { model: "模型", provider: "q" });
  await scored(db, dataset, [1, 0], { model: "other", provider: "q", labels });
  await scored(db, dataset, [1], { model: "模型", provider: "q", labels });
  const of = { model: "模型", provider: "q", labels };
  expect(ids(await history(dataset, { ...of, minCount: 2 }))).toEqual([wanted]);
  expect(ids(await history(dataset, of))).toHaveLength(2);
  expect(ids(await history(dataset, { ...of, status: "completed" }))).toEqual([]);
});

test("what was taken away does not count, and runs without a base are pending", async () => {
  const [gone, kept, missing] = await Promise.all([1, 2, 3].map(() => scored(db, "states", [])));
  for (const id of [gone, kept, missing]) await stored.base(id ?? "", "score", [0, 1, 1]);
  await stored.delta(gone ?? "", "score", [0, 1, 1], -1);
  await stored.delta(kept ?? "", "score", [0], -1);
  await stored.delta(kept ?? "", "score", [1]);
  await client.query("insert into stale_rollups (benchmark_id, is_missing) values ($1, true)", [missing]);
  const page = await history("states");
  expect(page.runs).toMatchObject([{ benchmarkId: kept, count: 3, mean: 1, stddev: expect.closeTo(0, 12) }]);
  expect(page.pending).toBe(1);
});

test("each sample of a run with repetitions counts once, or the run is left out until its samples are known", async () => {
  const [first = ""] = await runsOf("repeated", 50);
  const id = await scored(db, "repeated", []);
  const rows = shares(60, 100).flatMap((score, n) =>
    [0, 1, 2, 3].map((repetition) => ({ sampleId: `s${n}`, repetition, score })),
  );
  await db.evaluations.createMany(rows.map((row) => ({ benchmarkId: id, input: "i", output: "o", ...row })));
  const atOnce = await history("repeated");
  expect(atOnce).toMatchObject({ runs: [{}, { benchmarkId: id, count: 100 }], pending: 0 });
  const enough = await history("repeated", { minCount: 60, reducer: "pass_at_k", k: 2 });
  expect(enough).toMatchObject({ runs: [{ benchmarkId: id, count: 100, mean: 0.6 }], pending: 0 });
  // Of too many, none are computed by a read.
  await stored.delta(id, "metrics.failed", Array(20_000).fill(0));
  const before = await history("repeated");
  expect(ids(before)).toEqual([first]);
  expect(before.pending).toBe(1);
  await db.maintain();
  const { runs, pending } = await history("repeated");
  expect(pending).toBe(0);
  expect(runs).toEqual(atOnce.runs);
  const [score] = (await db.evaluations.summarize(id, ["score"])).metrics;
  expect(runs[1]).toMatchObject({
    ...{ benchmarkId: id, count: 100, mean: 0.6 },
    ci95Low: expect.closeTo(score?.ci95Low ?? 0, 12),
    // As of a hundred against a hundred.
    sincePrevious: { difference: expect.closeTo(0.1, 12), pValue: expect.closeTo(0.1571, 3) },
  });
  await db.evaluations.createMany([
    { benchmarkId: id, sampleId: "s99", repetition: 4, score: 1, input: "i", output: "o" },
  ]);
  expect((await history("repeated")).runs[1]?.mean).toBeCloseTo(0.602, 12);
});

describe("samples without a value", () => {
  /** A run with these scores and so many samples that failed. */
  async function lacking(dataset: string, scores: readonly number[], failed: number): Promise<string> {
    const id = await scored(db, dataset, scores);
    const row = { benchmarkId: id, input: "i", output: "o", error: "e" };
    if (failed > 0) await db.evaluations.createMany(Array.from({ length: failed }, () => row));
    return id;
  }
  const unsettled = ({ runs }: HistoryPage, kind: "sincePrevious" | "sinceBaseline") =>
    runs.filter((run) => run[kind]?.firstUnsettled).map(({ benchmarkId }) => benchmarkId);
  const marks = (page: HistoryPage) =>
    (["sincePrevious", "sinceBaseline"] as const).map((kind) => [firsts(page, kind), unsettled(page, kind)]);

  test("are counted as in a summary, with marks and folded, also of runs with repetitions", async () => {
    const plain = await lacking("lacking", shares(3, 5), 2);
    await db.benchmarks.update(plain, { plannedSamples: 9 });
    const repeated = await scored(db, "lacking", [], { repetitions: 2, totalIterations: 12 });
    const values = [1, null, null, null, 0.5, 1, null, null];
    const row = { benchmarkId: repeated, input: "i", output: "o" };
    await db.evaluations.createMany(
      values.map((score, n) => ({
        ...{ ...row, sampleId: `s${n >> 1}`, repetition: n & 1 },
        ...(score === null ? { error: "e" } : { score }),
      })),
    );
    for (const fold of [() => {}, () => db.maintain()]) {
      await fold();
      for (const how of [{}, { reducer: "median" }, { reducer: "pass_at_k", k: 2 }] as const) {
        const { runs } = await history("lacking", how);
        expect(runs).toHaveLength("k" in how ? 1 : 2);
        for (const { benchmarkId, coverage } of runs) {
          const [score] = (await db.evaluations.summarize(benchmarkId, ["score"], how)).metrics;
          expect(coverage).toEqual(score?.coverage);
        }
      }
    }
    const [first, second] = (await history("lacking")).runs;
    expect(first?.coverage).toMatchObject({ planned: 9, tried: 7, scored: 5, failed: 2, missing: 4 });
    expect(second?.coverage).toMatchObject({
      planned: 6,
      tried: 4,
      scored: 2,
      scoredWithError: 1,
      missing: 4,
    });
  });

  test("are all of a run that is not listed, but counted on the page where it would be", async () => {
    for (const scores of [[], [1], [], [0, 1], []])
      await lacking("crashes", scores, scores.length === 0 ? 2 : 0);
    const repeated = await scored(db, "crashes", [], { repetitions: 2 });
    const tries = [0, 1].map((repetition) => ({ sampleId: "s", repetition, error: "e" }));
    await db.evaluations.createMany(
      tries.map((row) => ({ benchmarkId: repeated, input: "i", output: "o", ...row })),
    );
    for (const fold of [() => {}, () => db.maintain()]) {
      await fold();
      expect(await history("crashes")).toMatchObject({ runs: { length: 2 }, unscored: 4 });
      const newest = await db.evaluations.history({ dataset: "crashes" }, { limit: 1 });
      expect(newest).toMatchObject({ runs: [{ count: 2 }], unscored: 2 });
      const older = await db.evaluations.history({ dataset: "crashes" }, { limit: 1, after: newest.next });
      expect(older).toMatchObject({ runs: [{ count: 1 }], unscored: 2, next: undefined });
      // Too few values are no lack of any.
      expect(await history("crashes", { minCount: 2 })).toMatchObject({ runs: { length: 1 }, unscored: 4 });
      expect(await history("crashes", { metric: "own" })).toMatchObject({ runs: [], unscored: 6 });
      expect(await history("crashes", { reducer: "pass_at_k", k: 2 })).toMatchObject({ unscored: 6 });
      expect(await history("crashes", { provider: "another" })).toMatchObject({ unscored: 0 });
    }
  });

  test("leave a change unsettled that they might undo, towards such a run and away from it", async () => {
    await scored(db, "crashed", shares(75, 100));
    const crashed = await lacking("crashed", shares(50, 50), 50);
    const page = await history("crashed");
    expect(page.runs[1]?.sincePrevious?.adjustedPValue).toBeLessThan(1e-3);
    expect(marks(page)).toEqual([
      [[], [crashed]],
      [[], [crashed]],
    ]);
    // A later one that is certain is marked all the same.
    const fallen = await scored(db, "crashed", shares(10, 100));
    expect(marks(await history("crashed"))).toEqual([
      [[fallen], [crashed]],
      [[fallen], [crashed]],
    ]);
    await lacking("recovered", shares(50, 50), 50);
    const recovered = await scored(db, "recovered", shares(75, 100));
    expect(marks(await history("recovered"))).toEqual([
      [[], [recovered]],
      [[], [recovered]],
    ]);
  });

  test("leave one certain that they cannot undo, where the ends of the metric are known", async () => {
    await scored(db, "certain", shares(90, 100));
    const certain = await lacking("certain", shares(20, 97), 3);
    expect(marks(await history("certain"))).toEqual([
      [[certain], []],
      [[certain], []],
    ]);
    const tens = (value: number, count: number) => Array.from({ length: count }, (_, n) => value + (n % 2));
    await scored(db, "tens", tens(8, 100));
    const fallen = await lacking("tens", tens(2, 97), 3);
    const unknown = await history("tens");
    expect(unknown).toMatchObject({ rangeLow: null, rangeHigh: null });
    expect(marks(unknown)).toEqual([
      [[], [fallen]],
      [[], [fallen]],
    ]);
    const known = await history("tens", { rangeLow: 0, rangeHigh: 10 });
    expect(known).toMatchObject({ rangeLow: 0, rangeHigh: 10 });
    expect(marks(known)).toEqual([
      [[fallen], []],
      [[fallen], []],
    ]);
    await expect(history("tens", { rangeHigh: 5 })).rejects.toMatchObject({
      violations: [{ field: "range_high" }],
    });
  });
});

test("samples that were asked something else than in the baseline are counted, on whatever page", async () => {
  const asked: string[] = [];
  for (const input of ["i", "i", "another"]) {
    const benchmarkId = await scored(db, "asked", []);
    const rows = [0, 1, 2].map((n) => ({ sampleId: `s${n}`, input: n > 0 ? input : "i", score: n % 2 }));
    await db.evaluations.createMany(rows.map((row) => ({ benchmarkId, output: "o", ...row })));
    asked.push(benchmarkId);
  }
  const inputs = ({ runs }: HistoryPage) =>
    runs.map(({ inputsCompared, differentInputs }) => [inputsCompared, differentInputs]);
  const page = await history("asked");
  expect(page.inputsReferenceId).toBe(asked[0]);
  expect(inputs(page)).toEqual([
    [3, 0],
    [3, 0],
    [3, 2],
  ]);
  await db.benchmarks.setBaseline(asked[2] ?? "");
  const { next } = await db.evaluations.history({ dataset: "asked" }, { limit: 1 });
  const older = await db.evaluations.history({ dataset: "asked" }, { limit: 2, after: next });
  expect(older).toMatchObject({ inputsReferenceId: asked[2], baseline: { differentInputs: 0 } });
  expect(inputs(older)).toEqual([
    [3, 2],
    [3, 2],
  ]);
});

describe("repetitions", () => {
  /** A run with these scores of each sample. */
  async function repeatedRun(dataset: string, samples: readonly (readonly number[])[]): Promise<string> {
    const most = Math.max(...samples.map(({ length }) => length));
    const id = await scored(db, dataset, [], { repetitions: most });
    const rows = samples.flatMap((scores, n) =>
      scores.map((score, repetition) => ({ sampleId: `s${n}`, repetition, score })),
    );
    await db.evaluations.createMany(
      rows.map((row) => ({ benchmarkId: id, input: "i", output: "o", ...row })),
    );
    return id;
  }

  test("min_count is of samples, with marks and folded, on every page", async () => {
    const few = [1, 1, 1, 1, 0];
    const [two = "", three = ""] = [
      await repeatedRun("least", [few, few]),
      await repeatedRun("least", [few, few, few]),
    ];
    for (let n = 0; n < 3; n++) await repeatedRun("least", [few, few]);
    const plain = await scored(db, "least", shares(1, 3));
    for (const fold of [() => {}, () => db.maintain()]) {
      await fold();
      expect(ids(await history("least", { minCount: 3 }))).toEqual([three, plain]);
      const newest = await db.evaluations.history({ dataset: "least", minCount: 3 }, { limit: 1 });
      expect(ids(newest)).toEqual([plain]);
      const older = await db.evaluations.history(
        { dataset: "least", minCount: 3 },
        { limit: 1, after: newest.next },
      );
      expect(ids(older)).toEqual([three]);
      expect(older.next).toBeUndefined();
      expect(ids(await history("least", { minCount: 2 }))).toHaveLength(6);
      expect(ids(await history("least", { minCount: 4 }))).toEqual([]);
    }
    expect(two).not.toBe(three);
  });

  test("become one value by the reducer that is asked for: figures are those of the summary", async () => {
    const plain = await scored(db, "reduced", shares(1, 3));
    const id = await repeatedRun("reduced", [[1, 0, 0.5], [0.25, 0.25, 1], [1], [0, 1, 1, 0]]);
    const changes = [
      { reducer: "mean" },
      { reducer: "median" },
      { reducer: "mode" },
      { reducer: "max" },
      { reducer: "at_least_k", k: 2 },
      { reducer: "pass_at_k", k: 2 },
      { reducer: "pass_hat_k", k: 3 },
    ] as const;
    for (const fold of [() => {}, () => db.maintain()]) {
      await fold();
      for (const how of changes) {
        const page = await history("reduced", how);
        const countsSuccesses = "k" in how;
        expect(ids(page)).toEqual(countsSuccesses ? [id] : [plain, id]);
        expect(page).toMatchObject({ reducer: how.reducer, k: countsSuccesses ? how.k : 0 });
        const [score] = (await db.evaluations.summarize(id, ["score"], how)).metrics;
        expect(page.runs.at(-1), how.reducer).toMatchObject({
          count: score?.samples,
          mean: expect.closeTo(score?.mean ?? Number.NaN, 12),
          stderr: expect.closeTo(score?.stderr ?? Number.NaN, 12),
          samplesUnscored: score?.samplesUnscored,
          repetitions: score?.repetitions,
        });
      }
    }
    // Of no sample there are five repetitions, and one has four.
    for (const reducer of ["at_least_k", "pass_at_k"] as const)
      expect(ids(await history("reduced", { reducer, k: 5 }))).toEqual([]);
    expect(ids(await history("reduced", { reducer: "pass_at_k", k: 4, minCount: 2 }))).toEqual([]);
    expect(ids(await history("reduced", { reducer: "pass_at_k", k: 4, minCount: 1 }))).toEqual([id]);
    await expect(history("reduced", { reducer: "pass_at_k" })).rejects.toMatchObject({
      violations: [{ field: "k" }],
    });
  });
});
