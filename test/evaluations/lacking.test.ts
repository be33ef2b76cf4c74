import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Executor } from "../../src/database/statement/executor.ts";
import { EvaluationRepository } from "../../src/evaluations/repository.ts";
import { foldSamples } from "../../src/evaluations/samples/fold.ts";
import type { Reducer } from "../../src/evaluations/samples/reduce.ts";
import { testDatabase } from "../harness/database.ts";
import { type Given, refusal, storing } from "./support.ts";

const { db } = await testDatabase();
const { stored, storedSamples, scoreOf } = storing(db);

/** Each sample has `wanted` repetitions, of which those beyond its number of values crashed. */
const crashing = (values: readonly number[][], wanted: number): Given[][] =>
  values.map((scores) => [...scores, ...Array.from({ length: wanted - scores.length }, (): Given => "e")]);

/** 42 of 150 tries are right, of 30 samples of which each has one or more, and the others crashed. */
const mostlyCrashed = crashing(
  Array.from({ length: 30 }, (_, i) => Array<number>(i < 12 ? 2 : 1).fill(1)),
  5,
);

test("repetitions that crashed count as the worst, or bound the mean, as those of a sample that was never tried", async () => {
  for (const repetitions of [5, 0]) {
    const id = await storedSamples(mostlyCrashed, { repetitions });
    for (const fold of [() => undefined, () => foldSamples(db.executor)]) {
      await fold();
      for (const exact of [undefined, true, false]) {
        expect(await scoreOf(id, { exact })).toMatchObject({ mean: 1, filledWith: null });
        const worst = await scoreOf(id, { missing: "as_worst", exact });
        expect(worst).toMatchObject({ mean: expect.closeTo(0.28, 12), filledWith: 0, samples: 30, min: 0 });
        expect(worst).toMatchObject({ coverage: { scored: 30, missing: 0 }, p50: null, count: 42 });
        const { mean, bounds } = await scoreOf(id, { missing: "bounds", exact });
        expect([mean, bounds]).toMatchObject([1, { low: expect.closeTo(0.28, 12), high: 1 }]);
        expect(bounds?.ci95Low).toBeCloseTo(worst.ci95Low ?? 9, 12);
      }
    }
    const range = { rangeLow: -1, rangeHigh: 2 };
    expect((await scoreOf(id, { missing: "bounds", ...range })).bounds).toMatchObject({
      low: expect.closeTo((42 - 108) / 150, 12),
      high: expect.closeTo((42 + 2 * 108) / 150, 12),
    });
  }
});

test("ends that repetitions need and that nobody knows are asked for, or leave the metric as it is", async () => {
  const id = await storedSamples([[5, 9, "e"]], { repetitions: 3 });
  for (const [missing, field] of [
    ["as_worst", "range_low"],
    ["bounds", "range_low"],
  ] as const)
    await expect(scoreOf(id, { missing })).rejects.toMatchObject(refusal(field));
  const { metrics } = await db.evaluations.summarize(id, [], { missing: "as_worst" });
  expect(metrics).toMatchObject([{ name: "score", missing: "exclude", filledWith: null, mean: 7 }]);
});

test("what is kept tells them by the mean and by counts; other reducers read rows, among the heavy reads", async () => {
  const id = await storedSamples(mostlyCrashed, { repetitions: 5 });
  const refusing = { any: () => Promise.reject(new Error("heavy")) } as unknown as Executor;
  const evaluations = new EvaluationRepository(db.executor, undefined, refusing);
  const worst = (reducer: Reducer, k = 0) =>
    evaluations.summarize(id, ["score"], { reducer, k, missing: "as_worst", exact: false });
  expect((await worst("mean")).metrics[0]?.mean).toBeCloseTo(0.28, 12);
  for (const reducer of ["at_least_k", "pass_at_k", "pass_hat_k"] as const)
    expect((await worst(reducer, 2)).metrics[0]).toMatchObject({ samples: 30, filledWith: 0 });
  for (const reducer of ["median", "mode", "max"] as const)
    await expect(worst(reducer)).rejects.toThrow("heavy");
});

const wanted = 4;
const reductions: [Reducer, number][] = [
  ...(["mean", "median", "mode", "max"] as const).map((reducer): [Reducer, number] => [reducer, 0]),
  ...(["at_least_k", "pass_at_k", "pass_hat_k"] as const).map((reducer): [Reducer, number] => [reducer, 2]),
];

/** What a sample may have come to: of each repetition that was tried a score, or none. */
const someSample = fc.array(fc.constantFrom<Given>(0, 1, 0, 1, 0.5, "e", null), { maxLength: wanted });

const scoresOf = (values: readonly Given[]) => values.filter((value) => typeof value === "number");

const filledWith = (samples: readonly (readonly Given[])[], planned: number, end: number) =>
  Array.from({ length: planned }, (_, index) => {
    const scores = scoresOf(samples[index] ?? []);
    return [...scores, ...Array<number>(wanted - scores.length).fill(end)];
  });

/** The mode nearest to an end that the lacking values allow, whenever they would have come. */
function boundOfMode(values: readonly Given[], end: number): number {
  const scores = scoresOf(values);
  const times = (value: number) => scores.filter((score) => score === value).length;
  const most = Math.max(...scores.map(times));
  if (scores.length === wanted) return scores.find((score) => times(score) === most) ?? 9;
  const may = [0, 0.5, 1].filter((value) => {
    const isThere = times(value) > 0 || value === end;
    return isThere && times(value) + wanted - scores.length >= most;
  });
  return end === 0 ? Math.min(...may) : Math.max(...may);
}

test.each(reductions)(
  "by %s (k = %s) the figures are those of a benchmark that has the worst in place of all that lacks, in summary, leaderboard and comparison",
  async (reducer, k) => {
    let runs = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(someSample, { minLength: 1, maxLength: 4 }),
        fc.nat({ max: 1 }),
        fc.boolean(),
        async (drawn, more, lowerIsBetter) => {
          // Whatever is neither 0 nor 1 is no success.
          const samples = [...drawn, [1, 0]] as Given[][];
          const planned = samples.length + more;
          const dataset = `${reducer} ${++runs}`;
          const plan = { repetitions: wanted, plannedSamples: planned, dataset };
          const how = { reducer, k, lowerIsBetter };
          const id = await storedSamples(samples, plan);
          if (runs % 2 === 0) await foldSamples(db.executor);
          const full = async (end: number) =>
            scoreOf(await storedSamples(filledWith(samples, planned, end), { repetitions: wanted }), how);
          const worst = await full(Number(lowerIsBetter));
          const figures = { mean: worst.mean, stderr: worst.stderr, ci95Low: worst.ci95Low };
          const close = Object.fromEntries(
            Object.entries(figures).map(([name, value]) => [
              name,
              value === null ? null : expect.closeTo(value, 9),
            ]),
          );
          const filled = await scoreOf(id, { ...how, missing: "as_worst" });
          expect(filled).toMatchObject({ ...close, samples: planned });
          const ends = async (end: number) => {
            if (reducer !== "mode") return (await full(end)).mean ?? 9;
            const of = Array.from({ length: planned }, (_, index) => boundOfMode(samples[index] ?? [], end));
            return of.reduce((a, b) => a + b, 0) / planned;
          };
          const bounded = await scoreOf(id, { ...how, missing: "bounds" });
          expect(bounded.bounds?.low).toBeCloseTo(await ends(0), 9);
          expect(bounded.bounds?.high).toBeCloseTo(await ends(1), 9);
          expect(bounded.mean).toBe((await scoreOf(id, how)).mean);
          for (const [missing, expected] of [
            ["as_worst", filled],
            ["bounds", bounded],
          ] as const) {
            const { entries } = await db.evaluations.leaderboard({ dataset, ...how, missing });
            const { mean, filledWith: value, bounds, coverage, repetitions } = expected;
            // One without a value by this reducer is not ranked.
            if (coverage.scored === 0) expect(entries).toEqual([]);
            else expect(entries).toMatchObject([{ mean, filledWith: value, bounds, coverage, repetitions }]);
          }
          if (more === 0 && !samples.some((values) => values.length === 0)) {
            const baselineId = await storedSamples(filledWith(samples, planned, 1), { repetitions: wanted });
            const input = {
              baselineId,
              candidateIds: [id],
              ...how,
              missing: "as_worst",
              bootstrapSamples: 0,
            };
            const [compared] = (await db.evaluations.compare(input as never)).comparisons;
            if (compared?.candidateFilled !== compared?.nPaired)
              expect(compared?.candidateMean).toBeCloseTo(filled.mean ?? 9, 9);
          }
        },
      ),
      { numRuns: 8, endOnFailure: true },
    );
  },
);

describe("a benchmark whose repetitions crashed", () => {
  const right = crashing(
    Array.from({ length: 40 }, (_, i) => Array<number>(4).fill(Number(i % 5 > 0))),
    4,
  );
  const crashed = crashing(
    Array.from({ length: 40 }, () => [1]),
    4,
  );

  // A maximum of 1 stays one, whatever lacks.
  test.each(reductions.filter(([reducer, k]) => k === 0 && reducer !== "max"))(
    "does not lead a leaderboard by %s",
    async (reducer) => {
      const about = { dataset: `crashed ${reducer}`, repetitions: 4 };
      const [whole, half] = [await storedSamples(right, about), await storedSamples(crashed, about)];
      const board = (missing: "exclude" | "as_worst" | "bounds") =>
        db.evaluations.leaderboard({ dataset: about.dataset, reducer, missing });
      for (const missing of ["exclude", "bounds"] as const)
        expect((await board(missing)).entries).toMatchObject([
          { benchmarkId: whole, rank: 1, mean: 0.8 },
          { benchmarkId: half, rank: 2, mean: 1, rankLow: 1, rankedHigh: 1 },
        ]);
      const { entries } = await board("as_worst");
      const { mean } = await scoreOf(half, { reducer, missing: "as_worst" });
      expect(entries.find(({ benchmarkId }) => benchmarkId === half)).toMatchObject({ mean, filledWith: 0 });
    },
  );

  test.each(reductions.filter(([, k]) => k === 0))("is no better run of a history by %s", async (reducer) => {
    const about = { dataset: `history ${reducer}`, repetitions: 4 };
    const worse = right.map((values, i) => (i % 2 > 0 ? values : values.map(() => 0)));
    await storedSamples(worse, about);
    await storedSamples(crashed, about);
    await stored([], about);
    const { runs } = await db.evaluations.history({ dataset: about.dataset, reducer });
    expect(runs).toMatchObject([
      {},
      { mean: 1, sincePrevious: { firstSignificant: reducer === "max", firstUnsettled: reducer !== "max" } },
    ]);
  });
});
