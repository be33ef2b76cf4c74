import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { coverageOf, plannedOf } from "../../src/evaluations/coverage/coverage.ts";
import { rankContenders } from "../../src/evaluations/leaderboard/ranking.ts";
import { foldRollups } from "../../src/evaluations/rollups/fold.ts";
import { foldSamples } from "../../src/evaluations/samples/fold.ts";
import type { SummaryInput } from "../../src/evaluations/summary/summarize.ts";
import { meanFigures } from "../../src/statistics/mean-interval.ts";
import { testDatabase } from "../harness/database.ts";
import { sample } from "../harness/examples.ts";
import { type Given, refusal, someGiven, storing } from "./support.ts";

const { db } = await testDatabase();

const { stored, scoreOf } = storing(db);

describe("the samples that there were to be", () => {
  test.each([
    [{ plannedSamples: 7, totalIterations: 90, repetitions: 3 }, false, 7],
    [{ plannedSamples: 0, totalIterations: 90, repetitions: 3 }, true, 30],
    [{ plannedSamples: 0, totalIterations: 91, repetitions: 3 }, true, 31],
    [{ plannedSamples: 0, totalIterations: 2 ** 31 - 1, repetitions: 1 }, true, 2 ** 31 - 1],
    [{ plannedSamples: 0, totalIterations: 90, repetitions: 0 }, false, 90],
    [{ plannedSamples: 0, totalIterations: 90, repetitions: 0 }, true, null],
    [{ plannedSamples: 0, totalIterations: 0, repetitions: 3 }, true, null],
  ])("of %j, repeated: %s, are %s", (plan, isRepeated, planned) => {
    expect(plannedOf(plan, isRepeated)).toBe(planned);
  });

  test("are told with those tried, scored, failed and unscored, also of a metric without a value", async () => {
    const id = await stored([1, 0, "e", null, [1]], { plannedSamples: 10 });
    const { metrics } = await db.evaluations.summarize(id, ["score", "nothing"]);
    const tried = { planned: 10, tried: 5 };
    expect(metrics.map(({ coverage }) => coverage)).toEqual([
      { ...tried, scored: 3, failed: 1, unscored: 1, scoredWithError: 1, missing: 7 },
      { ...tried, scored: 0, failed: 2, unscored: 3, scoredWithError: 0, missing: 10 },
    ]);
  });

  test("may be declared later, and cleared", async () => {
    const id = await stored([1, 1]);
    await db.benchmarks.update(id, { plannedSamples: 4 });
    expect((await scoreOf(id)).coverage).toMatchObject({ planned: 4, missing: 2 });
    await db.benchmarks.update(id, { plannedSamples: 0 });
    expect((await scoreOf(id)).coverage).toMatchObject({ planned: null, missing: 0 });
  });

  test("may be fewer than were tried", async () => {
    const id = await stored([1, 1, "e"], { plannedSamples: 1 });
    expect((await scoreOf(id)).coverage).toMatchObject({ planned: 1, tried: 3, missing: 1 });
  });

  test("are below 2^31, and no less than none", async () => {
    for (const plannedSamples of [-1, 2 ** 31, 1.5])
      await expect(db.benchmarks.create({ ...sample, plannedSamples })).rejects.toMatchObject(
        refusal("planned_samples"),
      );
  });

  test("with repetitions count once: with an error or a value in any of them", async () => {
    const values: Given[] = [1, "e", "e", null, 1, 1, "e", "e"];
    const id = await stored(values, { totalIterations: 12, repetitions: 2 }, (index) => ({
      sampleId: `s${index >> 1}`,
      repetition: index % 2,
    }));
    const expected = { planned: 6, tried: 4, scored: 2, failed: 2, unscored: 0 };
    for (const fold of [() => undefined, () => foldSamples(db.executor)]) {
      await fold();
      const { coverage, repetitions } = await scoreOf(id);
      expect(coverage).toEqual({ ...expected, scoredWithError: 1, missing: 4 });
      expect(repetitions).toMatchObject({ samplesLacking: 3 });
    }
    // With one value, pass@2 makes none of the first sample.
    const byTwo = await scoreOf(id, { reducer: "pass_at_k", k: 2 });
    expect(byTwo.coverage).toEqual({ ...expected, scored: 1, failed: 3, scoredWithError: 0, missing: 5 });
  });
});

describe("samples without a value", () => {
  const values: Given[] = [1, 1, 0, "e", null];

  test("are left out unless asked otherwise", async () => {
    const id = await stored(values, { plannedSamples: 8 });
    const metric = await scoreOf(id);
    expect(metric).toMatchObject({ mean: 2 / 3, missing: "exclude", filledWith: null, bounds: null });
    expect(await scoreOf(id, { missing: "exclude" })).toEqual(metric);
  });

  test("count as the worst: the figures are those of a benchmark that has them", async () => {
    const [here, there] = [
      await stored(values, { plannedSamples: 8 }),
      await stored([1, 1, 0, 0, 0, 0, 0, 0]),
    ];
    const { mean, stddev, stderr, ci95Low, ci95High, intervalMethod } = await scoreOf(there);
    const same = { stddev, stderr, ci95Low, ci95High, intervalMethod };
    const filled = await scoreOf(here, { missing: "as_worst" });
    expect(filled).toMatchObject({ mean, filledWith: 0, missing: "as_worst", count: 3, samples: 8 });
    expect(filled).toMatchObject({ min: 0, p50: null, max: 1, coverage: { scored: 3, missing: 5 } });
    for (const [name, value] of Object.entries(same)) {
      if (typeof value === "number") expect(filled).toHaveProperty(name, expect.closeTo(value, 12));
      else expect(filled).toHaveProperty(name, value);
    }
  });

  test("count as 1 where lower is better, and as the end that is given", async () => {
    const id = await stored([0, "e"]);
    expect(await scoreOf(id, { missing: "as_worst", lowerIsBetter: true })).toMatchObject({ mean: 0.5 });
    expect(await scoreOf(id, { missing: "as_worst", rangeLow: -3 })).toMatchObject({ mean: -1.5 });
  });

  test("make bounds of the mean, within which lies the mean that counts them as the worst", async () => {
    const id = await stored(values, { plannedSamples: 8 });
    const { mean, bounds } = await scoreOf(id, { missing: "bounds" });
    expect(mean).toBe(2 / 3);
    expect(bounds).toMatchObject({ low: 2 / 8, high: 7 / 8 });
    const { ci95Low } = await scoreOf(id, { missing: "as_worst" });
    expect(bounds?.ci95Low).toBe(ci95Low);
  });

  test("bound nothing where none is missing: the mean is what it is", async () => {
    const { mean, ci95Low, ci95High, bounds } = await scoreOf(await stored([5, 9, 7]), { missing: "bounds" });
    expect(bounds).toEqual({ low: mean, high: mean, ci95Low, ci95High });
  });

  test("of metrics that the request does not name have no say in it", async () => {
    const spent = () => ({ latencyMs: 900, inputTokens: 10, metrics: { own: 5 } });
    const id = await stored([1, 0], { plannedSamples: 4 }, spent);
    for (const exact of [undefined, true]) {
      expect(await scoreOf(id, { missing: "bounds", exact })).toMatchObject({
        bounds: { low: 0.25, high: 0.75 },
      });
      const ten = { rangeLow: 0, rangeHigh: 10, exact };
      expect((await scoreOf(id, { missing: "bounds", ...ten })).bounds).toMatchObject({
        low: 0.25,
        high: 5.25,
      });
      expect(await scoreOf(id, { missing: "as_worst", exact })).toMatchObject({ mean: 0.25 });
    }
  });

  test("of a metric of which nobody knows the range are refused by the field that would tell it", async () => {
    const id = await stored([5, 9, "e"], {}, () => ({ latencyMs: 5 }));
    const lacks = (options: SummaryInput, field: string) =>
      expect(scoreOf(id, options)).rejects.toMatchObject(refusal(field));
    await lacks({ missing: "as_worst" }, "range_low");
    await lacks({ missing: "as_worst", lowerIsBetter: true }, "range_high");
    await lacks({ missing: "bounds", rangeLow: 0 }, "range_high");
    await lacks({ missing: "bounds", rangeLow: 6, rangeHigh: 10 }, "range_low");
    await lacks({ missing: "bounds", rangeLow: 0, rangeHigh: 8 }, "range_high");
    expect(await scoreOf(id, { missing: "bounds", rangeLow: 0, rangeHigh: 10 })).toMatchObject({
      bounds: { low: 14 / 3, high: 8 },
    });
    // Where all metrics are asked for, those of which the range is known are bounded.
    const { metrics } = await db.evaluations.summarize(id, [], { missing: "as_worst" });
    expect(metrics.map(({ name, missing }) => [name, missing])).toEqual([
      ["score", "exclude"],
      ["latency_ms", "as_worst"],
    ]);
    for (const names of [[], ["score", "latency_ms"]])
      await expect(
        db.evaluations.summarize(id, names, { missing: "bounds", rangeHigh: 10 }),
      ).rejects.toMatchObject(refusal("range_high"));
  });
});

/** All ways to give each of `count` samples one of `values`. */
function* fillings(count: number, values: readonly number[]): Generator<number[]> {
  if (count === 0) return yield [];
  for (const rest of fillings(count - 1, values)) for (const value of values) yield [...rest, value];
}

test("bounds are the least and the greatest mean of all ways to fill in what is missing", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(someGiven, { minLength: 1, maxLength: 6 }),
      fc.nat({ max: 8 }),
      fc.constantFrom({ low: 0, high: 1 }, { low: -2, high: 5 }),
      async (values, plannedSamples, { low, high }) => {
        const id = await stored(values, { plannedSamples });
        const range = { rangeLow: low, rangeHigh: high };
        if (values.length % 2 === 0) await foldRollups(db.executor);
        const { bounds, coverage } = await scoreOf(id, { missing: "bounds", ...range, exact: false });
        const scores = values.flatMap((value) => (value === null || value === "e" ? [] : value));
        expect(coverage.missing).toBe(Math.max(plannedSamples, values.length) - scores.length);
        const means = [...fillings(coverage.missing, [low, high, (low + high) / 2])].map((filling) => {
          const all = [...scores, ...filling];
          return all.reduce((a, b) => a + b, 0) / all.length;
        });
        expect(bounds?.low).toBeCloseTo(Math.min(...means), 12);
        expect(bounds?.high).toBeCloseTo(Math.max(...means), 12);
        for (const lowerIsBetter of [false, true]) {
          const { mean } = await scoreOf(id, { missing: "as_worst", lowerIsBetter, ...range });
          expect(mean).toBeCloseTo(lowerIsBetter ? Math.max(...means) : Math.min(...means), 12);
        }
      },
    ),
    { numRuns: 40, endOnFailure: true },
  );
});

test("tried is scored, failed and unscored together", () => {
  fc.assert(
    fc.property(fc.nat(1000), fc.nat(1000), fc.nat(1000), fc.nat(1000), (alone, both, failed, unscored) => {
      const tried = alone + both + failed + unscored;
      const counts = coverageOf({ planned: null, tried, withError: both + failed }, alone + both, both);
      expect(counts).toMatchObject({ failed, unscored, missing: failed + unscored });
    }),
  );
});

const count = fc.integer({ min: 1, max: 12 });
/** What is ranked: so many zeros and ones, and samples that are open. */
const candidate = fc.record({ zeros: count, ones: count, open: fc.oneof(fc.constant(0), fc.nat(6)) });

describe("a leaderboard", () => {
  test("puts those that lack values behind all complete ones whose intervals they may reach, and no further", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(candidate, { minLength: 1, maxLength: 12 }),
        fc.boolean(),
        fc.constantFrom({ low: 0, high: 1 }, { low: -1, high: 3 }, { low: 0, high: Infinity }),
        fc.integer({ min: 1, max: 4 }),
        async (drawn, lowerIsBetter, range, limit) => {
          const sign = lowerIsBetter ? -1 : 1;
          const candidates = drawn.map(({ zeros, ones, open }, index) => {
            const n = zeros + ones;
            const about = { hex: String(index).padStart(32, "0"), min: 0, max: 1, open };
            const meanWith = (end: number) => (ones + open * end) / (n + open);
            const bounds = { low: meanWith(range.low), high: meanWith(range.high) };
            const coverage = { planned: null, ...{ tried: n + open, scored: n, missing: open } };
            const more = { failed: open, unscored: 0, scoredWithError: 0 };
            const m2 = (zeros * ones) / n;
            const counted = { count: n, sum: ones, m2, coverage: { ...coverage, ...more } };
            return { ...about, ...counted, ...(open > 0 && { bounds }) };
          });
          const standings = candidates.map((one) => {
            const { interval, mean } = meanFigures(one, { areShares: true });
            const { bounds = { low: mean, high: mean } } = one;
            return { ...one, mean, bounds, interval: interval ?? { low: mean, high: mean } };
          });
          type Standing = (typeof standings)[number];
          const isBefore = (a: Standing, b: Standing) => sign * (b.mean - a.mean) || (a.hex < b.hex ? -1 : 1);
          const complete = standings.filter(({ open }) => open === 0).sort(isBefore);
          const mustFollow = (one: Standing, other: Standing) =>
            sign * (other.mean - one.mean) >= 0 ||
            (one.bounds.low <= other.interval.high && other.interval.low <= one.bounds.high);
          // Behind all of the same mean, too.
          const gapOf = (one: Standing) => {
            const last = complete.findLast((other) => mustFollow(one, other));
            return complete.findLastIndex(({ mean }) => mean === last?.mean);
          };
          const gaps = Map.groupBy(standings.filter(({ open }) => open > 0).sort(isBefore), gapOf);
          const expected = [-1, ...complete.keys()].flatMap((place) => [
            ...complete.slice(Math.max(0, place), place + 1),
            ...(gaps.get(place) ?? []),
          ]);
          const options = { metric: "score", lowerIsBetter, range };
          const all = await rankContenders(candidates, { ...options, limit: 99 });
          expect(all.map(({ hex }) => hex)).toEqual(expected.map(({ hex }) => hex));
          for (const { hex, rank, rankLow, rankHigh, rankedLow, rankedHigh } of all) {
            const at = expected.findIndex((one) => one.hex === hex);
            const mine = expected[at] as Standing;
            const { interval, bounds, open } = mine;
            expect([rankedLow, rankedHigh]).toEqual([
              open > 0 ? Math.min(interval.low, bounds.low) : interval.low,
              open > 0 ? Math.max(interval.high, bounds.high) : interval.high,
            ]);
            const isTie = (one: Standing) =>
              one.mean === mine.mean &&
              (one.open === 0 ? mine.open === 0 : mine.open > 0 && gapOf(one) === gapOf(mine));
            expect(rank).toBe(1 + expected.slice(0, at).filter((one) => !isTie(one)).length);
            expect(rankLow).toBeLessThanOrEqual(rank);
            expect(rankHigh).toBeGreaterThanOrEqual(rank);
          }
          const pages: typeof all = [];
          for (let after: (typeof all)[number] | undefined; ; after = pages.at(-1)) {
            const page = await rankContenders(candidates, { ...options, limit, after });
            pages.push(...page);
            if (page.length < limit) break;
          }
          expect(pages).toEqual(all);
        },
      ),
      { numRuns: 400, endOnFailure: true },
    );
  });

  test("has the coverage of the summary, with marks, folded and of benchmarks with repetitions", async () => {
    const about = { dataset: "covered", plannedSamples: 9 };
    const plain = await stored([1, 0, "e", null, [1]], about);
    const repeated = await stored(
      [1, "e", "e", null, 1, 1, "e", "e"],
      { ...about, repetitions: 2 },
      (index) => ({
        sampleId: `s${index >> 1}`,
        repetition: index % 2,
      }),
    );
    const evaluation = (await db.evaluations.list({ benchmarkId: plain })).items[0];
    if (evaluation) await db.evaluations.update(evaluation.id, { error: null });
    for (const step of [() => undefined, () => db.maintain(), () => stored([1], about)]) {
      await step();
      for (const how of [{}, { missing: "as_worst" }, { missing: "bounds" }] as const) {
        const { entries } = await db.evaluations.leaderboard({ dataset: "covered", ...how });
        for (const id of [plain, repeated]) {
          const { coverage, filledWith, bounds, mean, stderr, ci95Low } = await scoreOf(id, how);
          const entry = entries.find(({ benchmarkId }) => benchmarkId === id);
          expect(entry).toMatchObject({ coverage, filledWith, bounds, mean, count: coverage.scored });
          expect(entry?.stderr).toBeCloseTo(stderr ?? Number.NaN, 12);
          expect(entry?.ci95Low).toBeCloseTo(ci95Low ?? Number.NaN, 12);
        }
      }
    }
  });

  test.each([1, 2])(
    "knows the samples of a split, as history and comparisons do: %s repetitions",
    async (tries) => {
      const dataset = `splits ${tries}`;
      const metric = "em/test";
      // Of each sample the splits that have it, and its value there: "e" has an error instead of one.
      type Tried = readonly [splits: readonly string[], value: number | "e"];
      const of = (split: string, values: readonly (number | "e")[]) =>
        values.map((value): Tried => [[split], value]);
      const run = (samples: readonly Tried[]) =>
        stored(
          samples.flatMap(([, value]) => Array<Given>(tries).fill(value === "e" ? value : null)),
          { dataset, repetitions: tries, plannedSamples: samples.length },
          (row) => {
            const index = Math.floor(row / tries);
            const [splits, value] = samples[index] ?? [[], "e"];
            const values = splits.map((split) => [`em/${split}`, value] as const);
            return {
              ...{ sampleId: `s${index}`, repetition: row % tries },
              ...(value !== "e" && { metrics: { ...Object.fromEntries(values), other: 1 } }),
            };
          },
        );
      const valid = of("valid", [0, 0, 0, 1, 1]);
      const better = await run([...of("test", [1, 1, 1, 1, 1, 1, 1, 1, 0, 0]), ...valid]);
      const worse = await run([...of("test", [1, 1, 1, 1, 1, 1, 0, 0, "e", "e"]), ...valid]);
      const alone = await run(of("test", [1, 1, 1, 1, 1, 1, 1, 0, 0, 0]));
      // Where a sample is in all of them they are no splits.
      const both = await run([
        [["train", "test", "valid"], 1],
        ...of("test", [0, "e"]),
        // It failed in one and not in the other.
        ...of("valid", [1]),
      ]);
      // Nor where samples that failed in all of them hide that.
      const hidden = await run([
        ...of("test", [1, 1, 1, 0]),
        [["test", "valid"], 1],
        ...of("valid", [1, 0]),
        ...of("valid", ["e", "e"]),
      ]);
      for (const step of [() => undefined, () => db.maintain()]) {
        await step();
        const { entries } = await db.evaluations.leaderboard({ dataset, metric });
        const { runs } = await db.evaluations.history({ dataset, metric });
        for (const id of [better, worse, alone, both, hidden]) {
          const { coverage } = (await db.evaluations.summarize(id, [metric])).metrics[0] ?? {};
          expect(entries.find(({ benchmarkId }) => benchmarkId === id)?.coverage).toEqual(coverage);
          expect(runs.find(({ benchmarkId }) => benchmarkId === id)?.coverage).toEqual(coverage);
          const [groups] = await db.evaluations.summarizeSlices(id, "subject", [metric]);
          const tried = (groups?.slices ?? []).reduce((sum, slice) => sum + slice.tried, 0);
          expect(tried).toBe(coverage?.tried);
          expect(coverage?.unscored).toBeGreaterThanOrEqual(0);
        }
        expect(entries[0]).toMatchObject({
          benchmarkId: better,
          coverage: { planned: 10, tried: 10, missing: 0 },
        });
        const covered = await db.evaluations.leaderboard({ dataset, metric, minCoverage: 0.9 });
        expect(covered.entries.map(({ benchmarkId }) => benchmarkId)).toEqual([better, alone]);
        const [found] = (
          await db.evaluations.compare({
            baselineId: better,
            candidateIds: [worse],
            metric,
            missing: "bounds",
          })
        ).comparisons;
        expect(found).toMatchObject({ nPaired: 8, baselineUnpaired: 2, candidateUnpaired: 2 });
        expect(found?.candidateCoverage).toMatchObject({ planned: 10, tried: 10, failed: 2, missing: 2 });
        expect(found?.bounds?.low).toBeCloseTo(-0.2, 12);
        expect(found?.bounds?.high).toBeCloseTo(0, 12);
      }
    },
  );

  test.each([1, 2])(
    "knows the split of a sample that failed by any of its metrics, as groups do: %s repetitions",
    async (tries) => {
      const dataset = `failed in a split ${tries}`;
      const metric = "em/test";
      const samples = [
        ...Array.from({ length: 6 }, () => ({ split: "test", score: 1 })),
        ...Array.from({ length: 3 }, () => ({ split: "valid", score: 0 })),
        ...Array.from({ length: 2 }, () => ({ split: "valid", score: "e" as const })),
      ];
      const run = (isWorse: boolean) =>
        stored(
          samples.flatMap(({ score }) => Array<Given>(tries).fill(score === "e" ? "e" : null)),
          { dataset, repetitions: tries, plannedSamples: samples.length },
          (row) => {
            const index = Math.floor(row / tries);
            const { split = "", score = 0 } = samples[index] ?? {};
            // One of the first repetitions tells of the others.
            const tells = score !== "e" || row % tries === 0;
            return {
              ...{ sampleId: `s${index}`, repetition: row % tries, metadata: { subject: index % 2 } },
              metrics: {
                ...(tells && { [`references/${split}`]: 4 }),
                ...(score !== "e" && { [`em/${split}`]: isWorse && index === 0 ? 0 : score }),
              },
            };
          },
        );
      const [better, worse] = [await run(false), await run(true)];
      for (const step of [() => undefined, () => db.maintain()]) {
        await step();
        const whole = { planned: 6, tried: 6, scored: 6, failed: 0, unscored: 0, missing: 0 };
        for (const exact of [false, true]) {
          const { metrics } = await db.evaluations.summarize(better, [metric, "em/valid"], { exact });
          expect(metrics.map(({ coverage }) => coverage)).toEqual([
            { ...whole, scoredWithError: 0 },
            {
              ...{ planned: 5, tried: 5, scored: 3, failed: 2, unscored: 0 },
              scoredWithError: 0,
              missing: 2,
            },
          ]);
        }
        const { entries } = await db.evaluations.leaderboard({ dataset, metric, minCoverage: 1 });
        expect(entries).toMatchObject([{ coverage: whole }, { coverage: whole }]);
        const { runs } = await db.evaluations.history({ dataset, metric });
        expect(runs).toMatchObject([{ coverage: whole }, { coverage: whole }]);
        const groups = await db.evaluations.summarizeSlices(better, "subject", [metric, "em/valid"]);
        expect(groups.map(({ slices }) => slices.map(({ tried, samples: n }) => [tried, n]))).toEqual([
          [
            [3, 3],
            [3, 3],
          ],
          [
            [3, 2],
            [2, 1],
          ],
        ]);
        const [found] = (
          await db.evaluations.compare({
            ...{ baselineId: better, candidateIds: [worse], metric, missing: "bounds", groupBy: "subject" },
          })
        ).comparisons;
        expect(found).toMatchObject({
          ...{ nPaired: 6, baselineUnpaired: 0, candidateUnpaired: 0, candidateCoverage: whole },
          slices: {
            slices: [
              { value: "0", baselineTried: 3, candidateTried: 3, nPaired: 3 },
              { value: "1", baselineTried: 3, candidateTried: 3, nPaired: 3 },
            ],
          },
        });
        expect([found?.bounds?.low, found?.bounds?.high]).toEqual([-1 / 6, -1 / 6]);
      }
    },
  );

  test("takes the least share of samples that have a value", async () => {
    const about = { dataset: "shares", plannedSamples: 4 };
    for (const values of [[1, 1, 1, 1], [1, 1, 1, "e"], [1], [1, 1, null, "e"]] as Given[][])
      await stored(values, about);
    const ranked = async (minCoverage: number) =>
      (await db.evaluations.leaderboard({ dataset: "shares", minCoverage })).entries.map(
        ({ count }) => count,
      );
    expect((await ranked(0)).toSorted()).toEqual([1, 2, 3, 4]);
    expect((await ranked(0.5)).toSorted()).toEqual([2, 3, 4]);
    expect((await ranked(0.75)).toSorted()).toEqual([3, 4]);
    expect(await ranked(1)).toEqual([4]);
    const strict = await db.evaluations.leaderboard({ dataset: "shares", minCoverage: 1 });
    expect(strict).toMatchObject({ total: 1, belowMinimum: 3 });
    for (const minCoverage of [-0.1, 1.1])
      await expect(db.evaluations.leaderboard({ dataset: "shares", minCoverage })).rejects.toMatchObject(
        refusal("min_coverage"),
      );
  });

  test("of a model that crashed on the hard half does not have it first", async () => {
    const about = { dataset: "hard" };
    const whole = await stored(
      Array.from({ length: 40 }, (_, i) => Number(i % 5 > 0)),
      about,
    );
    const crashed = await stored(
      Array.from({ length: 40 }, (_, i) => (i < 20 ? 1 : "e")),
      about,
    );
    const board = (more: object = {}) => db.evaluations.leaderboard({ dataset: "hard", ...more });
    expect((await board()).entries).toMatchObject([
      { benchmarkId: whole, rank: 1, band: 1, mean: 0.8 },
      { benchmarkId: crashed, rank: 2, band: 1, mean: 1, rankLow: 1, rankHigh: 2 },
    ]);
    expect((await board({ missing: "as_worst" })).entries).toMatchObject([
      { benchmarkId: whole, mean: 0.8, filledWith: null },
      { benchmarkId: crashed, mean: 0.5, filledWith: 0, count: 20 },
    ]);
    expect(await board({ rangeLow: -1, rangeHigh: 2 })).toMatchObject({ rangeLow: -1, rangeHigh: 2 });
    await expect(board({ rangeLow: 0.5 })).rejects.toMatchObject(refusal("range_low"));
    const rated = await stored([5, 7, "e"], { dataset: "rated" });
    expect(await db.evaluations.leaderboard({ dataset: "rated" })).toMatchObject({
      ...{ rangeLow: null, rangeHigh: null },
      entries: [{ benchmarkId: rated, rank: 1 }],
    });
    for (const missing of ["as_worst", "bounds"] as const)
      await expect(db.evaluations.leaderboard({ dataset: "rated", missing })).rejects.toMatchObject(
        refusal("range_low"),
      );
  });
});
