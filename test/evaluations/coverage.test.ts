import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { coverageOf, plannedOf } from "../../src/evaluations/coverage/coverage.ts";
import type { NewEvaluation } from "../../src/evaluations/input.ts";
import { rankContenders } from "../../src/evaluations/leaderboard/ranking.ts";
import { foldRollups } from "../../src/evaluations/rollups/fold.ts";
import { foldSamples } from "../../src/evaluations/samples/fold.ts";
import type { SummaryInput } from "../../src/evaluations/summary/summarize.ts";
import { meanFigures } from "../../src/statistics/mean-interval.ts";
import { testDatabase } from "../harness/database.ts";
import { sample } from "../harness/examples.ts";

const { db } = await testDatabase();

/** One evaluation a value: null has no score, "e" an error, and a list is a score with an error. */
type Given = number | null | "e" | [number];

async function stored(
  values: readonly Given[],
  plan: Partial<Parameters<typeof db.benchmarks.create>[0]> = {},
  more: (index: number) => Partial<NewEvaluation> = () => ({}),
): Promise<string> {
  const { id } = await db.benchmarks.create({ ...sample, ...plan });
  const rows = values.map((value, index) => ({
    ...{ benchmarkId: id, sampleId: `s${index}`, input: "i", output: "o" },
    ...(typeof value === "number" && { score: value }),
    ...(Array.isArray(value) && { score: value[0] }),
    ...((value === "e" || Array.isArray(value)) && { error: "e" }),
    ...more(index),
  }));
  if (rows.length > 0) await db.evaluations.createMany(rows);
  return id;
}

async function scoreOf(id: string, options: SummaryInput = {}) {
  const { metrics } = await db.evaluations.summarize(id, ["score"], options);
  const [metric] = metrics;
  if (metric === undefined) throw new Error("no score");
  return metric;
}

const refusal = (field: string) => ({ violations: [expect.objectContaining({ field })] });

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

const given = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom<Given>(0, 1, [0], [1]) },
  { weight: 2, arbitrary: fc.constantFrom<Given>("e", null) },
  { weight: 1, arbitrary: fc.constantFrom<Given>(0.25, 0.5) },
);

/** All ways to give each of `count` samples one of `values`. */
function* fillings(count: number, values: readonly number[]): Generator<number[]> {
  if (count === 0) return yield [];
  for (const rest of fillings(count - 1, values)) for (const value of values) yield [...rest, value];
}

test("bounds are the least and the greatest mean of all ways to fill in what is missing", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(given, { minLength: 1, maxLength: 6 }),
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
            const coverage = { planned: null, ...{ tried: n + open, scored: n, missing: open } };
            const more = { failed: open, unscored: 0, scoredWithError: 0 };
            const m2 = (zeros * ones) / n;
            return { ...about, count: n, sum: ones, m2, coverage: { ...coverage, ...more } };
          });
          const standings = candidates.map((one) => {
            const { interval, mean } = meanFigures(one, { areShares: true });
            const at = (end: number) =>
              one.open === 0 ? mean : (one.sum + one.open * end) / (one.count + one.open);
            const bounds = { low: at(range.low), high: at(range.high) };
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

describe("a comparison", () => {
  /** What a side has of each sample: undefined, it never tried it. */
  const tried = fc.array(fc.option(given, { nil: undefined, freq: 3 }), { minLength: 4, maxLength: 4 });

  /** Stores a side, each sample with as many repetitions. */
  async function side(values: readonly (Given | undefined)[], repetitions: number): Promise<string> {
    const there = values.flatMap((value, index) =>
      value === undefined ? [] : Array.from({ length: repetitions }, () => ({ value, index })),
    );
    return stored(
      there.map(({ value }) => value),
      { repetitions },
      (row) => ({ sampleId: `s${there[row]?.index}`, repetition: row % repetitions, input: "" }),
    );
  }

  const scoreIn = (value: Given | undefined) => (Array.isArray(value) ? value[0] : value);
  const scoreOr = (value: Given | undefined, missing: number) => {
    const score = scoreIn(value);
    return typeof score === "number" ? score : missing;
  };

  test("with the worst is that of a candidate that has it wherever the baseline has a value, and bounds are of all that may be", async () => {
    await fc.assert(
      fc.asyncProperty(
        tried,
        tried,
        fc.constantFrom(1, 2),
        fc.boolean(),
        async (baseline, candidate, repetitions, lowerIsBetter) => {
          const [worst, best] = lowerIsBetter ? [1, 0] : [0, 1];
          const isTried = (index: number) => baseline[index] !== undefined || candidate[index] !== undefined;
          const isScored = (value: Given | undefined) => typeof scoreIn(value) === "number";
          const hasBaseline = (index: number) => isScored(baseline[index]);
          const whereBaseline = <T>(values: readonly T[]) =>
            values.map((value, index) => (hasBaseline(index) ? value : undefined));
          // Without a sample that both have a value of there is nothing to compare.
          const haveCommon = candidate.some((value, index) => hasBaseline(index) && isScored(value));
          const filled = haveCommon ? candidate.map((value) => scoreOr(value, worst)) : candidate;
          const compare = async (
            sides: [readonly (Given | undefined)[], readonly (Given | undefined)[]],
            missing: "exclude" | "as_worst" | "bounds",
          ) => {
            const [baselineId, candidateId] = [
              await side(sides[0], repetitions),
              await side(sides[1], repetitions),
            ];
            const { comparisons } = await db.evaluations.compare({
              ...{ baselineId, candidateIds: [candidateId], lowerIsBetter, missing, bootstrapSamples: 100 },
            });
            const [one] = comparisons;
            if (!one) throw new Error("no comparison");
            return one;
          };
          const plain = await compare([whereBaseline(baseline), whereBaseline(filled)], "exclude");
          const got = await compare([baseline, candidate], "as_worst");
          const same = ({ nPaired, meanDifference, wins, losses, ties, test: name, ...one }: typeof got) => ({
            ...{ nPaired, meanDifference, wins, losses, ties, test: name, pValue: one.pValue },
            ...{ baselineMean: one.baselineMean, candidateMean: one.candidateMean, stderr: one.stderr },
            ...{ low: one.ci95Low, bootstrap: one.bootstrapCi95Low, t: one.pairedTPValue },
            regressed: one.regressed.map(({ sampleId, difference }) => [sampleId, difference]),
          });
          // Sums may have been added up in another order.
          const figures = Object.entries(same(plain)).map(([name, value]) => [
            name,
            typeof value === "number" ? expect.closeTo(value, 12) : value,
          ]);
          expect(same(got)).toEqual(Object.fromEntries(figures));
          const lone = (values: typeof baseline) =>
            values.filter((value, index) => value !== undefined && !(haveCommon && hasBaseline(index)))
              .length;
          expect([got.baselineUnpaired, got.candidateUnpaired]).toEqual([lone(baseline), lone(candidate)]);
          const lacking = candidate.filter((value, index) => hasBaseline(index) && !isScored(value));
          expect(got.candidateFilled).toBe(haveCommon ? lacking.length : 0);
          for (const [coverage, values] of [
            [got.baselineCoverage, baseline],
            [got.candidateCoverage, candidate],
          ] as const)
            expect(coverage).toMatchObject({
              tried: values.filter((value) => value !== undefined).length,
              scored: values.filter((value) => typeof scoreIn(value) === "number").length,
            });
          const { bounds, meanDifference } = await compare([baseline, candidate], "bounds");
          const n = [0, 1, 2, 3].filter(isTried);
          if (n.length === 0) return expect(bounds).toBeNull();
          const mean = (low: number, high: number) =>
            n.reduce((sum, i) => sum + scoreOr(candidate[i], low) - scoreOr(baseline[i], high), 0) / n.length;
          const [low, high] = [Math.min(worst, best), Math.max(worst, best)];
          expect(bounds?.low).toBeCloseTo(mean(low, high), 12);
          expect(bounds?.high).toBeCloseTo(mean(high, low), 12);
          if (haveCommon && n.every(hasBaseline))
            expect(got.meanDifference).toBeCloseTo((lowerIsBetter ? bounds?.high : bounds?.low) ?? 9, 12);
          const all = [...baseline, ...candidate];
          if (all.every((value) => typeof scoreIn(value) === "number"))
            expect(bounds).toMatchObject({ low: meanDifference, high: meanDifference });
        },
      ),
      { numRuns: 25, endOnFailure: true },
    );
  });

  test("fills repetitions that lack before it reduces them, and bounds are between the worst and the best of all", async () => {
    const wanted = 4;
    const tries = fc
      .array(fc.constantFrom(0, 1, null), { minLength: wanted, maxLength: wanted })
      // One is there, so that the sample has a value, and some may never have been tried.
      .chain((values) => fc.tuple(fc.constantFrom(0, 1), fc.constant(values), fc.nat({ max: wanted - 1 })))
      .map(([first, values, length]) => [first, ...values.slice(0, length)]);
    const samples = fc.array(tries, { minLength: 3, maxLength: 3 });
    type Samples = readonly (readonly (number | null)[])[];
    const stored = async (all: Samples) => {
      const { id } = await db.benchmarks.create({ ...sample, repetitions: wanted });
      const rows = all.flatMap((values, index) =>
        values.map((score, repetition) => ({
          ...{ benchmarkId: id, sampleId: `s${index}`, repetition, input: "", output: "" },
          ...(score === null ? { error: "e" } : { score }),
        })),
      );
      await db.evaluations.createMany(rows);
      return id;
    };
    const filled = (all: Samples, end: number) =>
      all.map((values) => {
        const scores = values.filter((score) => score !== null);
        return [...scores, ...Array.from({ length: wanted - scores.length }, () => end)];
      });
    await fc.assert(
      fc.asyncProperty(
        ...[samples, samples, fc.boolean()],
        fc.constantFrom<
          ["mean" | "median" | "max" | "mode" | "at_least_k" | "pass_at_k" | "pass_hat_k", number]
        >(
          ...(
            [
              ["mean", 0],
              ["median", 0],
              ["max", 0],
              ["mode", 0],
            ] as const
          ).map((one) => [...one] as [(typeof one)[0], number]),
          ...(
            [
              ["at_least_k", 2],
              ["pass_at_k", 2],
              ["pass_hat_k", 2],
            ] as const
          ).map((one) => [...one] as [(typeof one)[0], number]),
        ),
        async (baseline, candidate, lowerIsBetter, [reducer, k]) => {
          const compare = async (sides: [Samples, Samples], missing: "exclude" | "as_worst" | "bounds") => {
            const [baselineId, candidateId] = [await stored(sides[0]), await stored(sides[1])];
            const { comparisons } = await db.evaluations.compare({
              ...{ baselineId, candidateIds: [candidateId], lowerIsBetter, missing, reducer, k },
              bootstrapSamples: 0,
            });
            return comparisons[0] as (typeof comparisons)[0];
          };
          const worst = Number(lowerIsBetter);
          if (!reducer.endsWith("_k")) {
            const got = await compare([baseline, candidate], "as_worst");
            const plain = await compare([baseline, filled(candidate, worst)], "exclude");
            expect(got.candidateMean).toBeCloseTo(plain.candidateMean ?? 9, 12);
            expect(got.meanDifference).toBeCloseTo(plain.meanDifference ?? 9, 12);
            expect(got.candidateShort).toBe(0);
          }
          const lacks = [...baseline, ...candidate].some(
            (values) => values.filter((score) => score !== null).length < wanted,
          );
          if (reducer === "mode" && lacks) {
            await expect(compare([baseline, candidate], "bounds")).rejects.toMatchObject(refusal("missing"));
            return;
          }
          const { bounds } = await compare([baseline, candidate], "bounds");
          const end = async (ofBaseline: number, ofCandidate: number) =>
            (await compare([filled(baseline, ofBaseline), filled(candidate, ofCandidate)], "exclude"))
              .meanDifference ?? 9;
          expect(bounds?.low).toBeCloseTo(await end(1, 0), 12);
          expect(bounds?.high).toBeCloseTo(await end(0, 1), 12);
        },
      ),
      { numRuns: 15, endOnFailure: true },
    );
  });

  test("bounds what neither side has tried of what was planned, and needs a range that is known", async () => {
    const about = { plannedSamples: 8 };
    const [baselineId, candidateId] = [await stored([1, 0, 1], about), await stored([1, 1, "e"], about)];
    const compared = async (more: object) =>
      (await db.evaluations.compare({ baselineId, candidateIds: [candidateId], ...more })).comparisons[0];
    const one = await compared({ missing: "bounds" });
    expect(one).toMatchObject({ nPaired: 2, meanDifference: 0.5, baselineUnpaired: 1, candidateUnpaired: 1 });
    expect(one?.bounds).toMatchObject({ low: (1 - 1 - 5) / 8, high: (1 + 0 + 5) / 8 });
    expect(one?.candidateCoverage).toMatchObject({ planned: 8, tried: 3, scored: 2, failed: 1, missing: 6 });
    await expect(compared({ missing: "bounds", metric: "latency_ms" })).rejects.toMatchObject(
      refusal("range_high"),
    );
    await expect(compared({ missing: "as_worst", rangeLow: 1 })).rejects.toMatchObject(refusal("range_low"));
    await expect(compared({ missing: "as_worst", clusterBy: "k" })).rejects.toMatchObject(
      refusal("cluster_by"),
    );
    expect(await compared({ missing: "as_worst", rangeLow: -1 })).toMatchObject({
      ...{ nPaired: 3, candidateMean: 1 / 3, candidateFilled: 1 },
      regressed: [{ sampleId: "s2", candidateCount: 0, candidateValue: -1, difference: -2 }],
    });
  });

  test("tests harm and equivalence by the worst that missing samples allow", async () => {
    const right = Array.from({ length: 200 }, (_, i) => Number(i % 4 > 0));
    const whole = await stored(right);
    const crashed = await stored(right.map((value, i) => (i % 2 === 0 ? value : "e")));
    const nearly = await stored(right.map((value, i) => (i === 1 ? "e" : value)));
    const compared = async (baselineId: string, candidateId: string, more: object = {}) => {
      const input = { baselineId, candidateIds: [candidateId], margin: 0.2, bootstrapSamples: 0, ...more };
      const [one] = (await db.evaluations.compare(input)).comparisons;
      return [one?.noWorsePValue, one?.equivalencePValue];
    };
    const bounds = { missing: "bounds" };
    const shown = [expect.closeTo(0, 3), expect.closeTo(0, 3)];
    const open = [expect.closeTo(1, 3), expect.closeTo(1, 3)];
    expect(await compared(whole, crashed)).toEqual(shown);
    expect(await compared(whole, crashed, bounds)).toEqual(open);
    expect(await compared(crashed, whole, { ...bounds, lowerIsBetter: true })).toEqual(open);
    expect(await compared(whole, nearly, bounds)).toEqual(shown);
    // What is all there is as it is without bounds.
    const other = await stored(right.map((value, i) => (i < 9 ? 1 - value : value)));
    expect(await compared(whole, other, bounds)).toEqual(await compared(whole, other));
  });

  test("needs no range where nothing is missing", async () => {
    const timed = (shift: number) => (index: number) => ({ latencyMs: 100 + shift * index });
    const [baselineId, candidateId] = [
      await stored([1, 1, 1], {}, timed(1)),
      await stored([1, 1, 1], {}, timed(3)),
    ];
    const compared = async (id: string, more: object) => {
      const input = { baselineId, candidateIds: [id], metric: "latency_ms", ...more };
      return (await db.evaluations.compare(input)).comparisons[0];
    };
    const plain = await compared(candidateId, {});
    const { meanDifference, ci95Low, ci95High } = plain ?? {};
    expect(await compared(candidateId, { missing: "as_worst" })).toEqual(plain);
    const bounds = { low: meanDifference, high: meanDifference, ci95Low, ci95High };
    expect(await compared(candidateId, { missing: "bounds" })).toEqual({ ...plain, bounds });
    // Each has all of its own samples here, and neither has all of the other's.
    const others = await stored([1, 1, 1], {}, (index) => ({
      ...timed(1)(index),
      sampleId: `s${index + 1}`,
    }));
    for (const missing of ["as_worst", "bounds"])
      await expect(compared(others, { missing })).rejects.toMatchObject(refusal("range_high"));
    expect(await compared(others, { missing: "as_worst", rangeHigh: 1000 })).toMatchObject({ nPaired: 3 });
    // What only the baseline lacks is no pair.
    const more = await stored([1, 1, 1, 1], {}, timed(3));
    expect(await compared(more, { missing: "as_worst" })).toMatchObject({ nPaired: 3, candidateFilled: 0 });
  });

  test("of benchmarks that have no sample in common has no pairs, whatever stands for what is missing", async () => {
    const baselineId = await stored(Array(200).fill(0));
    const other = await stored(Array(200).fill(1), {}, (index) => ({ sampleId: `other ${index}` }));
    const crashed = await stored(Array(200).fill("e"));
    for (const candidateId of [other, crashed])
      for (const missing of ["as_worst", "bounds"] as const) {
        const input = { baselineId, candidateIds: [candidateId], missing, margin: 0.02 };
        const [one] = (await db.evaluations.compare(input)).comparisons;
        expect(one).toMatchObject({
          ...{ nPaired: 0, candidateFilled: 0, pValue: null, regressed: [] },
          ...{ noWorsePValue: null, equivalencePValue: null },
        });
      }
  });

  test("takes a sample without a value for missing, also where it was asked something else", async () => {
    const asked = (changed: number) => (index: number) => ({ input: index < changed ? "other" : "i" });
    const baselineId = await stored([1, 1, 1, 1], {}, asked(0));
    const candidateId = await stored(["e", "e", 1, 1], {}, asked(3));
    for (const repeated of [false, true]) {
      if (repeated)
        for (const benchmarkId of [baselineId, candidateId])
          await db.evaluations.create({
            ...{ benchmarkId, sampleId: "s3", repetition: 1, input: "i", output: "o", score: 1 },
          });
      const compared = async (missing: "as_worst" | "bounds") => {
        const input = { baselineId, candidateIds: [candidateId], missing };
        return (await db.evaluations.compare(input)).comparisons[0];
      };
      expect(await compared("as_worst")).toMatchObject({
        nPaired: 3,
        candidateFilled: 2,
        differentInputs: 1,
      });
      expect(await compared("bounds")).toMatchObject({
        ...{ nPaired: 1, differentInputs: 1 },
        // Of two repetitions the baseline has one in the samples that the candidate has no value of.
        bounds: { low: expect.closeTo(-2 / 3, 12), high: expect.closeTo(repeated ? 1 / 3 : 0, 12) },
      });
    }
  });

  test("of groups counts the worst too", async () => {
    const more = (index: number) => ({ metadata: { subject: index < 2 ? "a" : "b" } });
    const [baselineId, candidateId] = [
      await stored([1, 0, 1, 1], {}, more),
      await stored([1, 1, "e", 1], {}, more),
    ];
    const { comparisons } = await db.evaluations.compare({
      ...{ baselineId, candidateIds: [candidateId], groupBy: "subject", missing: "as_worst" },
    });
    expect(comparisons[0]?.slices?.slices).toMatchObject([
      { value: "a", nPaired: 2, meanDifference: 0.5 },
      { value: "b", nPaired: 2, meanDifference: -0.5 },
    ]);
  });
});
