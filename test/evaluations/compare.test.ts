import { Code } from "@connectrpc/connect";
import { describe, expect, test } from "vitest";
import type { Comparison, ComparisonInput } from "../../src/evaluations/compare/comparison.ts";
import type { NewEvaluation } from "../../src/evaluations/input.ts";
import { newId } from "../../src/ids.ts";
import { limits } from "../../src/limits.ts";
import { gaffkeP } from "../../src/statistics/gaffke.ts";
import { noWorseSharesP } from "../../src/statistics/paired-shares.ts";
import { testDatabase } from "../harness/database.ts";
import { sample } from "../harness/examples.ts";
import { seededRandom } from "../harness/random.ts";
import scipy from "../statistics/fixtures/scipy.json" with { type: "json" };

const { db } = await testDatabase();

type Row = Partial<NewEvaluation>;

async function benchmarkOf(rows: readonly Row[]): Promise<string> {
  const { id } = await db.benchmarks.create(sample);
  for (let from = 0; from < rows.length; from += limits.batchItems)
    await db.evaluations.createMany(
      rows
        .slice(from, from + limits.batchItems)
        .map((row) => ({ benchmarkId: id, input: "i", output: "o", ...row })),
    );
  return id;
}

const scored = (scores: readonly number[]) => scores.map((score, i) => ({ sampleId: `s${i}`, score }));
const timed = (times: readonly number[]) => times.map((latencyMs, i) => ({ sampleId: `s${i}`, latencyMs }));

async function compare(
  baseline: readonly Row[],
  candidate: readonly Row[],
  options: Partial<ComparisonInput> = {},
): Promise<Comparison> {
  const [baselineId, candidateId] = [await benchmarkOf(baseline), await benchmarkOf(candidate)];
  const { comparisons } = await db.evaluations.compare({
    baselineId,
    candidateIds: [candidateId],
    ...options,
  });
  expect(comparisons).toHaveLength(1);
  return comparisons[0] as Comparison;
}

test.each(scipy.paired.map((one) => ({ n: one.baseline.length, ...one })))(
  "figures of $n pairs are scipy's",
  async ({ n, baseline, candidate, t_p, ci, wilcoxon_p, baseline_ci, candidate_ci }) => {
    const found = await compare(scored(baseline), scored(candidate));
    expect(found).toMatchObject({ nPaired: n, baselineUnpaired: 0, candidateUnpaired: 0, test: "wilcoxon" });
    expect((found.pairedTPValue ?? Number.NaN) / t_p).toBeCloseTo(1, 8);
    expect(found.ci95Low).toBeCloseTo(ci[0] as number, 8);
    expect(found.ci95High).toBeCloseTo(ci[1] as number, 8);
    const sides = [
      found.baselineCi95Low,
      found.baselineCi95High,
      found.candidateCi95Low,
      found.candidateCi95High,
    ];
    // Means of shares are shares.
    const areShares = [...baseline, ...candidate].every((value) => value >= 0 && value <= 1);
    for (const [index, end] of ([...baseline_ci, ...candidate_ci] as number[]).entries())
      expect(sides[index]).toBeCloseTo(areShares ? Math.min(1, Math.max(0, end)) : end, 8);
    // Below 101 differences ours is exact, which is what the approximation comes close to.
    if (n > 100) expect((found.wilcoxonPValue ?? Number.NaN) / wilcoxon_p).toBeCloseTo(1, 8);
    else expect(Math.abs((found.wilcoxonPValue ?? Number.NaN) - wilcoxon_p)).toBeLessThan(0.35);
    const margin = (ci[1] as number) - (ci[0] as number);
    if (n > 100)
      expect(Math.abs((found.bootstrapCi95Low ?? 0) - (ci[0] as number))).toBeLessThan(margin / 10);
  },
);

test("scores of 0 and 1 are tested by McNemar's exact test", async () => {
  // 9 only the candidate solves, 1 only the baseline, 5 both, 5 neither.
  const rows = [...Array(9).fill([0, 1]), [1, 0], ...Array(5).fill([1, 1]), ...Array(5).fill([0, 0])];
  const found = await compare(scored(rows.map(([a]) => a)), scored(rows.map(([, b]) => b)));
  expect(found).toMatchObject({
    test: "mcnemar",
    nPaired: 20,
    wins: 9,
    losses: 1,
    ties: 10,
    rankBiserial: 0.8,
  });
  expect(found.mcnemarPValue).toBeCloseTo(0.021484375, 12);
  expect(found.pValue).toBe(found.mcnemarPValue);
  expect(found.meanDifference).toBeCloseTo(0.4, 12);
  expect(found.baselineMean).toBeCloseTo(0.3, 12);
  expect(found.candidateMean).toBeCloseTo(0.7, 12);
  expect(found.regressed).toHaveLength(1);
  expect(found.improved).toHaveLength(9);
});

test("the ranks of differences tell which way their test goes, whatever the mean does", async () => {
  // The ranks above 0 are 4.5 and 6 of 21, as 0.4 ties with -0.4, and 0 has none.
  const differences = [-0.1, -0.2, -0.3, 0.4, -0.4, 0, 9];
  const directed = async (scores: readonly number[]) =>
    (await compare(scored(scores.map(() => 0)), scored(scores))).rankBiserial;
  expect(await directed(differences)).toBeCloseTo((2 * (4.5 + 6)) / 21 - 1, 12);
  expect(await directed(differences.map((one) => -one))).toBeCloseTo(1 - (2 * (4.5 + 6)) / 21, 12);
  expect(await directed([0.5, 1, 1.5])).toBe(1);
  expect(await directed([0, 0])).toBe(0);
  expect(await directed([])).toBeNull();
});

test("the interval of a side ends where values do, as in its summary", async () => {
  const [low, high] = [scored([0, 0.5, 0, 0.25]), scored([1, 0.5, 1, 0.75])];
  const found = await compare(low, high);
  expect([found.baselineCi95Low, found.candidateCi95High]).toEqual([0, 1]);
  const wide = await compare(low, high, { rangeLow: -0.1, rangeHigh: 1.1 });
  expect([wide.baselineCi95Low, wide.candidateCi95High]).toEqual([-0.1, 1.1]);
  const rated = await compare(scored([0, 5, 9, 10]), scored([10, 9, 5, 9]), { rangeLow: 0, rangeHigh: 10 });
  expect([rated.baselineCi95Low, rated.candidateCi95High]).toEqual([0, 10]);
});

test("means of 0 and 1 have Wilson's intervals, and no difference of them is beyond 1", async () => {
  const found = await compare(scored([0, 0, 1]), scored([1, 1, 0]));
  // statsmodels.stats.proportion.proportion_confint(1, 3, method="wilson"), and of 2 of 3.
  expect(found.baselineCi95Low).toBeCloseTo(0.06149194472039633, 12);
  expect(found.baselineCi95High).toBeCloseTo(0.7923403991979523, 12);
  expect(found.candidateCi95Low).toBeCloseTo(0.20765960080204776, 12);
  expect(found.candidateCi95High).toBeCloseTo(0.9385080552796037, 12);
  expect([found.ci95Low, found.ci95High]).toEqual([-1, 1]);
  const grades = await compare(scored([0, 5, 10]), scored([10, 5, 9]));
  expect(Math.abs(grades.ci95Low ?? 0)).toBeGreaterThan(1);
});

test("equal values have exactly their mean, and equal differences exactly theirs", async () => {
  const found = await compare(scored(Array(100).fill(0.1)), scored(Array(100).fill(0.8)));
  const exact = {
    baselineMean: 0.1,
    candidateMean: 0.8,
    meanDifference: 0.7,
    stderr: 0,
    pairedTPValue: null,
  };
  const unknown = { ci95Low: null, ci95High: null, bootstrapCi95Low: null, ci90Low: null, effectSize: null };
  expect(found).toMatchObject({ ...exact, ...unknown });
});

describe("differences that do not vary", () => {
  const flat = (value: number) => scored(Array<number>(30).fill(value));
  const none = { pairedTPValue: null, ci95Low: null, ci95High: null, bootstrapCi95Low: null, ci90High: null };
  const still = { stderr: 0, effectSize: null, detectableDifference: null, pairsNeeded: null, ...none };

  test("do so by the rounding of values alone", async () => {
    const sevenths = Array.from({ length: 30 }, (_, i) => i / 7);
    for (const shift of [1, 1 / 3, 0.1]) {
      const candidate = scored(sevenths.map((value) => value + shift));
      const found = await compare(scored(sevenths), candidate, {
        margin: 0.02,
        detect: 0.1,
        groupBy: "model",
      });
      // No difference is larger than the greatest value, as none is below 0.
      const most = 29 / 7 + shift;
      const noWorsePValue = expect.closeTo(((most - 0.02) / (most + shift)) ** 30, 9);
      expect(found).toMatchObject({ ...still, wins: 30, noWorsePValue, equivalencePValue: 1 });
      expect(found.meanDifference).toBeCloseTo(shift, 12);
      expect(found.slices?.slices).toMatchObject([
        { nPaired: 30, stderr: 0, pairedTPValue: null, ci95Low: null, ci95High: null },
      ]);
    }
  });

  test("show no harm where the candidate is better, and harm where it is worse by the margin", async () => {
    const tested = async (baseline: number, candidate: number, lowerIsBetter = false) => {
      const found = await compare(flat(baseline), flat(candidate), { margin: 0.02, lowerIsBetter });
      expect(found).toMatchObject(still);
      return found.noWorsePValue;
    };
    // Thirty pairs that are a little better say little of rare losses.
    expect(await tested(0.1, 0.2)).toBeCloseTo((0.98 / 1.1) ** 30, 9);
    expect(await tested(0.2, 0.1, true)).toBeCloseTo((0.98 / 1.1) ** 30, 9);
    expect(await tested(0, 1)).toBeCloseTo(0.49 ** 30, 15);
    expect(await tested(0.2, 0.1)).toBe(1);
    expect(await tested(0.1, 0.2, true)).toBe(1);
    expect(await tested(0.2, 0.19)).toBeCloseTo((0.98 / 0.99) ** 30, 9);
    expect(await tested(0.2, 0.2)).toBeCloseTo(0.98 ** 30, 12);
  });

  test("are others than those that vary much, of which every pair is better", async () => {
    const slow = timed(Array<number>(30).fill(5));
    const fast = timed([...Array<number>(29).fill(4.999), 4.1]);
    const found = await compare(slow, fast, { metric: "latency_ms", margin: 0.02 });
    expect(found).toMatchObject({ wins: 30, noWorsePValue: 2 ** -30, marginTest: "student_t" });
    expect(found.pairedTPValue).toBeGreaterThan(0.05);
    expect(found.ci95Low).toBeLessThan(0);
  });
});

test("of latency, tokens and cost the lower one is better unless told otherwise", async () => {
  const rows = (value: number) => [
    { sampleId: "a", latencyMs: value, outputTokens: value, costUsd: value, metrics: { latency_ms: value } },
  ];
  for (const metric of ["latency_ms", "output_tokens", "cost_usd"]) {
    expect(await compare(rows(5), rows(4), { metric })).toMatchObject({ wins: 1, losses: 0 });
    const told = { metric, lowerIsBetter: false };
    expect(await compare(rows(5), rows(4), told)).toMatchObject({ wins: 0, losses: 1 });
  }
  expect(await compare(rows(5), rows(4), { metric: "metrics.latency_ms" })).toMatchObject({ losses: 1 });
});

test("only samples with a value on both sides are pairs; the others are counted", async () => {
  const found = await compare(
    [
      { sampleId: "both", score: 0.5 },
      { sampleId: "both", repetition: 1, score: 0.1 },
      { sampleId: "mine", score: 1 },
      { sampleId: "failed there", score: 1 },
      { score: 1 },
    ],
    [
      { sampleId: "both", score: 0.75 },
      { sampleId: "failed there", output: null, error: "timeout" },
      { sampleId: "other", score: 1 },
      { score: 1 },
    ],
  );
  expect(found).toMatchObject({ nPaired: 1, baselineUnpaired: 3, candidateUnpaired: 3, wins: 1 });
  expect(found).toMatchObject({ stderr: null, ci95Low: null, bootstrapCi95Low: null, effectSize: null });
  expect(found.improved).toMatchObject([
    {
      ...{ sampleId: "both", baselineCount: 2, candidateCount: 1 },
      ...{ baselineValue: 0.3, candidateValue: 0.75, difference: 0.45 },
    },
  ]);
  expect(found.baselineRepetitions).toEqual({
    least: 2,
    most: 2,
    samplesLacking: 0,
    samplesBeyond: 0,
    agreement: 0,
  });
  expect(found.candidateRepetitions).toBeNull();
});

test("pairs of failures are counted by what their values are of, and left out of a mean of the others", async () => {
  const crashed = { error: "crashed" };
  const pair = [
    scored([0, 1, 0.5, 1]),
    [
      ...[
        { sampleId: "s0", score: 1 },
        { sampleId: "s1", score: 0.5, ...crashed },
      ],
      // Without a value there is no pair, or the worst stands for it.
      ...[
        { sampleId: "s2", ...crashed },
        { sampleId: "s3", score: 0.5 },
      ],
      { sampleId: "other", score: 1, ...crashed },
    ],
  ] as const;
  const [first = [], second = []] = pair;
  const counted = { baselineWithError: 0, candidateWithError: 1 };
  const mean = (differences: readonly number[]) =>
    expect.closeTo(differences.reduce((a, b) => a + b) / differences.length, 12);
  expect(await compare(first, second)).toMatchObject({
    ...counted,
    meanDifferenceWithoutError: mean([1, -0.5]),
  });
  expect(await compare(second, first)).toMatchObject({
    ...{ baselineWithError: 1, candidateWithError: 0, meanDifferenceWithoutError: mean([-1, 0.5]) },
  });
  expect(await compare(first, second, { missing: "as_worst" })).toMatchObject({
    ...{ ...counted, candidateFilled: 1, meanDifferenceWithoutError: mean([1, -0.5, -0.5]) },
  });
  // Of repetitions one that has a value and an error makes that of the sample.
  const repeated = [
    { sampleId: "s0", score: 1 },
    { sampleId: "s0", repetition: 1, score: 0, ...crashed },
    { sampleId: "s1", score: 1 },
    { sampleId: "s1", repetition: 1, ...crashed },
  ];
  for (const missing of ["exclude", "as_worst"] as const)
    expect(await compare(first, repeated, { missing })).toMatchObject(counted);
  expect(await compare(scored([1]), [{ sampleId: "s0", score: 1, ...crashed }])).toMatchObject({
    ...{ ...counted, meanDifferenceWithoutError: null },
  });
});

describe("repetitions", () => {
  test("five equal ones are the evidence of one, and McNemar's test stays", async () => {
    const scores = (wrong: readonly number[], repetitions: number) =>
      Array.from({ length: 20 }, (_, i) =>
        Array.from({ length: repetitions }, (_, repetition) => ({
          ...{ sampleId: `q${i}`, repetition, score: wrong.includes(i) ? 0 : 1 },
        })),
      ).flat();
    const [few, more] = [
      [0, 1, 2],
      [0, 1, 2, 3, 4, 5],
    ];
    const once = await compare(scores(few, 1), scores(more, 1));
    const often = await compare(scores(few, 5), scores(more, 5));
    const alike = { least: 5, most: 5, samplesLacking: 0, samplesBeyond: 0, agreement: 1 };
    const counted = (samples: Comparison["regressed"]) =>
      samples.map(({ sampleId, baselineValue, candidateValue }) => [sampleId, baselineValue, candidateValue]);
    expect(counted(often.regressed)).toEqual(counted(once.regressed));
    const figures = ({ candidateId: _, regressed: _r, improved: _i, ...rest }: Comparison) => rest;
    expect(figures(often)).toEqual({
      ...figures(once),
      ...{ baselineRepetitions: alike, candidateRepetitions: alike },
    });
    expect(often).toMatchObject({ nPaired: 20, test: "mcnemar", pValue: 0.25 });
  });

  test("unequal ones compare as the values that the reducer makes of them", async () => {
    const draw = seededRandom();
    const values = () => Array.from({ length: 1 + Math.floor(draw() * 4) }, () => Math.floor(draw() * 3) / 2);
    const sides = [0, 1].map(() => Array.from({ length: 12 }, values));
    const rowsOf = (samples: readonly (readonly number[])[]) =>
      samples.flatMap((scores, i) => [
        ...scores.map((score, repetition) => ({ sampleId: `q${i}`, repetition, score })),
        // One without a value does not count.
        { sampleId: `q${i}`, repetition: 9, output: null, error: "e" },
      ]);
    const reduced: Record<string, (scores: readonly number[]) => number[]> = {
      mean: (scores) => [scores.reduce((a, b) => a + b, 0) / scores.length],
      max: (scores) => [Math.max(...scores)],
      // One of fewer than two has no value.
      at_least_k: (scores) =>
        scores.length < 2 ? [] : [Number(scores.filter((score) => score === 1).length >= 2)],
    };
    for (const [reducer, of] of Object.entries(reduced) as [
      "mean" | "max" | "at_least_k",
      typeof reduced.max,
    ][]) {
      const k = reducer === "at_least_k" ? 2 : 0;
      const [a = [], b = []] = sides.map((samples) => samples.map((scores) => of?.(scores) ?? []));
      // With the failed repetition, so that both take thirds that rounding has put apart for ties.
      const alone = await compare(rowsOf(a), rowsOf(b));
      const [first = [], second = []] = sides;
      const found = await compare(rowsOf(first), rowsOf(second), { reducer, k });
      expect(found.test).toBe(alone.test);
      for (const figure of [
        "nPaired",
        "meanDifference",
        "stderr",
        "pValue",
        "pairedTPValue",
        "wins",
      ] as const)
        expect(found[figure] ?? -1, `${reducer} ${figure}`).toBeCloseTo(alone[figure] ?? -1, 12);
    }
  });

  test("of pairs are counted that go beyond what is declared, whatever others lack", async () => {
    const once = await benchmarkOf(scored([0, 1, 0, 1]));
    const again = await benchmarkOf([
      ...scored([1, 1, 0]),
      { sampleId: "s0", repetition: 1, score: 0 },
      { sampleId: "s1", repetition: 1, output: null, error: "crashed" },
      // In no pair.
      ...[0, 1].map((repetition) => ({ sampleId: "other", repetition, score: 1 })),
    ]);
    const beyond = async (repetitions: number, baselineId = once, id = again) => {
      await db.benchmarks.update(again, { repetitions });
      const { comparisons } = await db.evaluations.compare({ baselineId, candidateIds: [id] });
      const { baselineRepetitions, candidateRepetitions } = comparisons[0] as Comparison;
      return [baselineRepetitions, candidateRepetitions].map((side) => side?.samplesBeyond);
    };
    expect(await beyond(1)).toEqual([undefined, 2]);
    expect(await beyond(1, again, once)).toEqual([2, undefined]);
    expect(await beyond(2)).toEqual([undefined, 0]);
    // Of none that are declared, two have more than the third.
    expect(await beyond(0)).toEqual([undefined, 2]);
    const other = await benchmarkOf(scored([0, 1]));
    expect(await beyond(0, other)).toEqual([undefined, 0]);
    await db.maintain();
    expect(await beyond(1)).toEqual([undefined, 2]);
  });

  test("where a sample has fewer than k, it is no pair of pass@k", async () => {
    const rows = (scores: Record<string, number[]>) =>
      Object.entries(scores).flatMap(([sampleId, all]) =>
        all.map((score, repetition) => ({ sampleId, repetition, score })),
      );
    const found = await compare(
      rows({ a: [0, 0, 1], b: [1, 1, 0], c: [1, 1] }),
      rows({ a: [0, 1, 1], b: [0, 0, 0], c: [1, 1, 1] }),
      { reducer: "pass_at_k", k: 3 },
    );
    expect(found).toMatchObject({ nPaired: 2, baselineUnpaired: 1, baselineMean: 1, candidateMean: 0.5 });
    expect(found).toMatchObject({ test: "mcnemar", losses: 1, ties: 1 });
    const two = await compare(rows({ a: [0, 0, 1] }), rows({ a: [0, 1, 1] }), {
      reducer: "pass_hat_k",
      k: 2,
    });
    expect([two.baselineMean, two.candidateMean]).toEqual([0, expect.closeTo(1 / 3, 14)]);
  });
});

test("without pairs there is nothing to tell, and differences that do not vary have no t-test", async () => {
  const none = await compare(scored([1]), [{ sampleId: "other", score: 1 }]);
  expect(none).toMatchObject({ nPaired: 0, test: null, pValue: null, adjustedPValue: null, ties: 0 });
  const same = await compare(scored([0.5, 0.25]), scored([0.5, 0.25]));
  expect(same).toMatchObject({
    pValue: 1,
    wilcoxonPValue: 1,
    pairedTPValue: null,
    effectSize: null,
    ties: 2,
  });
  expect([same.stderr, same.ci95Low, same.ci95High, same.bootstrapCi95Low]).toEqual([0, null, null, null]);
});

test("differences that are equal as decimals tie in rank", async () => {
  // 0.8 - 0.7, 0.6 - 0.5 and 0.2 - 0.3 have three sizes as doubles and one as decimals.
  const found = await compare(scored([0.7, 0.5, 0.3]), scored([0.8, 0.6, 0.2]));
  // Ranks 2, 2, 2: sums of 0 or 2 on the smaller side have 1 + 3 of 8 signs, twice that is 1.
  expect(found.wilcoxonPValue).toBe(1);
});

test("lower may be better, and small differences may tie", async () => {
  const [baseline, candidate] = [
    [100, 200, 300],
    [90, 205, 250],
  ].map((all) => all.map((latencyMs, i) => ({ sampleId: `s${i}`, latencyMs }))) as [Row[], Row[]];
  const options = { metric: "latency_ms", lowerIsBetter: true, tieTolerance: 5 };
  const found = await compare(baseline, candidate, options);
  expect(found).toMatchObject({ wins: 2, losses: 0, ties: 1, regressed: [] });
  expect(found.improved.map(({ difference }) => difference)).toEqual([-50, -10]);
});

test("any metric can be compared, under the name that summaries give it", async () => {
  const rows = (f1: unknown, score: unknown) => [
    { sampleId: "a", score: 0, metrics: { f1, score } as never },
  ];
  expect(await compare(rows(0.5, 1), rows(true, 3), { metric: "f1" })).toMatchObject({ meanDifference: 0.5 });
  expect(await compare(rows(1, 1), rows(1, 3), { metric: "metrics.score" })).toMatchObject({
    meanDifference: 2,
  });
  expect(await compare(rows("text", 1), rows(1, 1), { metric: "f1" })).toMatchObject({ nPaired: 0 });
});

test("pages go through both lists of every candidate, the worst and the best first", async () => {
  const baselineId = await benchmarkOf(scored(Array(7).fill(0.5)));
  const down = await benchmarkOf(scored([0.4, 0.3, 0.3, 0.1, 0.5, 0.5, 0.6]));
  const up = await benchmarkOf(scored([0.9, 0.9, 0.9, 0.9, 0.9, 0.9, 0.9]));
  const input = { baselineId, candidateIds: [down, up] };
  const seen: Record<string, string[]> = { worse: [], better: [], up: [] };
  let after: Awaited<ReturnType<typeof db.evaluations.compare>>["next"];
  let pages = 0;
  do {
    const page = await db.evaluations.compare(input, { limit: 2, after });
    const [first, second] = page.comparisons;
    expect([first?.losses, second?.wins]).toEqual([4, 7]);
    seen.worse?.push(...(first?.regressed ?? []).map(({ sampleId }) => sampleId));
    seen.better?.push(...(first?.improved ?? []).map(({ sampleId }) => sampleId));
    seen.up?.push(...(second?.improved ?? []).map(({ sampleId }) => sampleId));
    after = page.next;
    pages++;
  } while (after);
  expect(seen).toEqual({
    worse: ["s3", "s1", "s2", "s0"],
    better: ["s6"],
    up: ["s0", "s1", "s2", "s3", "s4", "s5", "s6"],
  });
  expect(pages).toBe(4);
});

test("several candidates make each p-value count for more", async () => {
  const baselineId = await benchmarkOf(scored(Array(10).fill(0)));
  const all = await benchmarkOf(scored(Array(10).fill(1)));
  const none = await benchmarkOf(scored(Array(10).fill(0)));
  const { comparisons } = await db.evaluations.compare({ baselineId, candidateIds: [all, none] });
  const [best, same] = comparisons;
  expect(best?.pValue).toBeCloseTo(2 / 1024, 12);
  expect(best?.adjustedPValue).toBeCloseTo(4 / 1024, 12);
  expect(same?.adjustedPValue).toBe(1);
});

test("more pairs than are drawn one by one are drawn in blocks", async () => {
  const rows = (shift: number) =>
    Array.from({ length: 6_000 }, (_, i) => ({
      sampleId: `s${i}`,
      score: ((i * 7919) % 1000) / 1000 + shift * (i % 3),
    }));
  const [baselineId, candidateId] = [await benchmarkOf([]), await benchmarkOf([])];
  for (const [benchmarkId, shift] of [
    [baselineId, 0],
    [candidateId, 0.01],
  ] as const) {
    const all = rows(shift).map((row) => ({ benchmarkId, input: "i", output: "o", ...row }));
    for (let i = 0; i < all.length; i += 1_000) await db.evaluations.createMany(all.slice(i, i + 1_000));
  }
  const input = { baselineId, candidateIds: [candidateId], bootstrapSamples: 1_000 };
  const [found] = (await db.evaluations.compare(input, { limit: 1 })).comparisons;
  expect(found?.meanDifference).toBeCloseTo(0.01, 10);
  const width = (found?.ci95High ?? 0) - (found?.ci95Low ?? 0);
  expect(Math.abs((found?.bootstrapCi95Low ?? 0) - (found?.ci95Low ?? 1))).toBeLessThan(width / 5);
  expect(Math.abs((found?.bootstrapCi95High ?? 0) - (found?.ci95High ?? 1))).toBeLessThan(width / 5);
});

test("what cannot be compared is refused by name", async () => {
  const id = await benchmarkOf([]);
  const missing = newId();
  const refused = (input: ComparisonInput) => expect(db.evaluations.compare(input)).rejects;
  await refused({ baselineId: id, candidateIds: [missing] }).toMatchObject({ code: Code.NotFound });
  await refused({ baselineId: id, candidateIds: [] }).toMatchObject({
    message: /candidate_ids: must have 1/,
  });
  await refused({ baselineId: id, candidateIds: [id] }).toMatchObject({
    message: "candidate_ids[0]: is the baseline itself",
  });
  await refused({ baselineId: id, candidateIds: [missing, missing] }).toMatchObject({
    message: "candidate_ids[1]: is given twice",
  });
  await refused({ baselineId: id, candidateIds: [missing], tieTolerance: -1 }).toMatchObject({
    message: "tie_tolerance: must be 0 or more",
  });
  await refused({ baselineId: id, candidateIds: [missing], bootstrapSamples: 1e6 }).toMatchObject({
    message: "bootstrap_samples: must be at most 100000",
  });
});

test("harm by a margin and equivalence are tested, by the direction of the metric", async () => {
  const [before, after] = [
    [5, 6, 7, 8, 4, 5],
    [5.2, 6, 6.9, 8.3, 4.3, 5],
  ];
  const about = { metric: "latency_ms", margin: 0.2 };
  const compared = (more: object) => compare(timed(before), timed(after), { ...about, ...more });
  const found = await compared({ detect: 0.01, lowerIsBetter: false });
  // statsmodels 0.15, DescrStatsW of the differences: ttost_mean(-0.2, 0.2), tconfint_mean(0.1)
  expect(found.noWorsePValue).toBeCloseTo(0.0031896710462466994, 10);
  expect(found.equivalencePValue).toBeCloseTo(0.14461229456889546, 10);
  expect(found.ci90Low).toBeCloseTo(-0.025024973342273084, 10);
  expect(found.ci90High).toBeCloseTo(0.2583583066756064, 10);
  // TTestPower().solve_power
  expect(found.detectableDifference).toBeCloseTo(0.2470861975906838, 6);
  expect(found.pairsNeeded).toBe(2331);
  expect(found).toMatchObject({ marginTest: "student_t", marginRangeLow: null, marginRangeHigh: null });
  const lower = await compared({});
  expect(lower.noWorsePValue).toBeCloseTo(0.14461229456889546, 10);
  expect(lower.equivalencePValue).toBeCloseTo(0.14461229456889546, 10);
  expect(lower.pairsNeeded).toBeNull();
  // Six pairs are too few for it: nothing tells of rare ones that differ much.
  const ofTen = await compared({ rangeHigh: 10, lowerIsBetter: false });
  expect(ofTen).toMatchObject({ marginTest: "gaffke", marginRangeLow: 0, marginRangeHigh: 10 });
  expect(ofTen.noWorsePValue).toBeGreaterThan(0.8);
});

test("of values beyond 0 and 1 the range is as far as they go, unless it is given", async () => {
  const before = Array.from({ length: 200 }, (_, i) => 0.2 + (i % 5) / 10);
  const p = async (last: number, more: object = {}) => {
    const candidate = before.map((value, i) => (i === 0 ? last : value));
    const found = await compare(scored(before), scored(candidate), { margin: 0.05, ...more });
    return [found.noWorsePValue, found.marginTest, found.marginRangeLow, found.marginRangeHigh];
  };
  const ofRange = (width: number, power = 200) => (1 - 0.05 / width) ** power;
  expect(await p(0.2)).toEqual([noWorseSharesP(0, 0, 200, 0.05), "exact_shares", 0, 1]);
  // All but one are equal, and that one wins.
  const [beyond, ...about] = await p(1.2);
  expect(about).toEqual(["gaffke", 0, 1.2]);
  expect(beyond).toBeCloseTo(noWorseSharesP(1, 0, 200, 0.05 / 1.2), 12);
  const [below, , ...ends] = await p(-0.5);
  expect(ends).toEqual([-0.5, 1]);
  expect(below).toBeGreaterThan(ofRange(1.5));
  expect((await p(1.2, { rangeHigh: 5 })).slice(1)).toEqual(["gaffke", 0, 5]);
  expect((await p(1.2, { rangeLow: -1 })).slice(1)).toEqual(["gaffke", -1, 1.2]);
});

test("of thousands of pairs what tests of a margin go by is read in groups", async () => {
  const random = seededRandom();
  const before = Array.from({ length: 3000 }, () => random());
  const after = before.map((value) =>
    Math.min(1, Math.max(0, value + (random() < 0.04 ? -0.8 : 0.2 * (random() - 0.5)))),
  );
  const found = await compare(scored(before), scored(after), { margin: 0.025, bootstrapSamples: 0 });
  const draws = after.map((value, i) => ({ value: 0.025 + value - (before[i] ?? 0), count: 1 }));
  expect((found.noWorsePValue ?? 0) / gaffkeP(draws, -0.975)).toBeCloseTo(1, 6);
  const opposite = draws.map(({ value }) => ({ value: 0.05 - value, count: 1 }));
  const both = Math.max(gaffkeP(draws, -0.975), gaffkeP(opposite, -0.975));
  expect((found.equivalencePValue ?? 0) / both).toBeCloseTo(1, 6);
});

test("of shares one loss never proves more than none, bounded or not", async () => {
  const all = (count: number, wrong: number) =>
    scored(Array.from({ length: count }, (_, i) => Number(i >= wrong)));
  const p = async (wrong: number, more: object = {}) =>
    (await compare(all(55, 0), all(55, wrong), { margin: 0.05, ...more })).noWorsePValue;
  expect(await p(0)).toBeCloseTo(0.95 ** 55, 10);
  expect(await p(1)).toBeCloseTo(0.23189, 4);
  const bounded = await compare(all(56, 0), all(55, 1), { margin: 0.05, missing: "bounds" });
  expect(bounded.noWorsePValue).toBeGreaterThan((await p(1)) ?? 1);
  expect(bounded.noWorsePValue).toBeLessThan(0.6);
  const turned = await compare(all(55, 1), all(55, 0), { margin: 0.05, lowerIsBetter: true });
  expect(turned.noWorsePValue).toBe(await p(1));
});

test("pairs that do not differ prove as much as their number allows", async () => {
  const same = scored(Array.from({ length: 200 }, (_, i) => i % 2));
  expect(await compare(same, same, { margin: 0.02, detect: 0.02 })).toMatchObject({
    // scripts/figures/make-paired-shares.py: p_value(0, 0, 200, 0.02, 20_000), a little above 0.98 ** 200
    ...{ noWorsePValue: expect.closeTo(0.0224, 5), equivalencePValue: expect.closeTo(0.0224, 5) },
    ...{ detectableDifference: null, pairsNeeded: null, ci90Low: null, ci90High: null },
  });
  const grades = scored([7.5, 5]);
  expect(await compare(grades, grades, { margin: 0.02 })).toMatchObject({
    noWorsePValue: expect.closeTo((1 - 0.02 / 7.5) ** 2, 9),
  });
  const times = timed([5, 7]);
  expect(await compare(times, times, { metric: "latency_ms", margin: 1 })).toMatchObject({
    noWorsePValue: null,
  });
  const ofTen = { margin: 0.02, rangeLow: 0, rangeHigh: 10 };
  expect(await compare(grades, grades, ofTen)).toMatchObject({
    noWorsePValue: expect.closeTo(0.998 ** 2, 9),
    equivalencePValue: expect.closeTo(0.998 ** 2, 9),
  });
  expect(await compare(scored([1]), scored([0]), { margin: 0.02 })).toMatchObject({ noWorsePValue: null });
  for (const wrong of [{ margin: 0 }, { margin: -1 }, { detect: 0 }, { detect: Number.NaN }])
    await expect(compare([], [], wrong)).rejects.toMatchObject({ code: Code.InvalidArgument });
});

test.each(["input", "expected"])("a repetition with another %s is one of something else", async (name) => {
  const rows = (text: (index: number, repetition: number) => string) =>
    [0, 1, 2, 3].flatMap((index) =>
      [0, 1, 2].map((repetition) => ({
        ...{ sampleId: `s${index}`, repetition, score: 1, input: "i", expected: "e" },
        [name]: text(index, repetition),
      })),
    );
  const whole = rows(() => "a");
  for (const other of ["b", "c", "d", "e"]) {
    const changed = rows((index, repetition) => (index === 0 && repetition === 2 ? other : "a"));
    expect(await compare(whole, changed)).toMatchObject({ nPaired: 3, differentInputs: 1 });
    expect(await compare(changed, changed)).toMatchObject({ nPaired: 4, differentInputs: 0 });
  }
});

test("samples that were asked something else, or expect something else, are no pairs unless allowed", async () => {
  const row = (sampleId: string, rest: Row): Row => ({ sampleId, input: "1 + 1", expected: "2", ...rest });
  const baseline = [
    row("same", { score: 1 }),
    row("input", { score: 1 }),
    row("expected", { score: 1 }),
    row("silent", { score: 0 }),
    row("unscored", {}),
  ];
  const candidate = [
    row("same", { score: 0 }),
    row("input", { score: 0, input: "1 + 1 " }),
    row("expected", { score: 0, expected: "3" }),
    row("silent", { score: 1, expected: null }),
    row("unscored", { input: "2 + 2" }),
  ];
  const found = await compare(baseline, candidate);
  expect(found).toMatchObject({ nPaired: 2, differentInputs: 2, baselineUnpaired: 1, candidateUnpaired: 1 });
  expect(found).toMatchObject({ baselineMean: 0.5, candidateMean: 0.5, wins: 1, losses: 1 });
  expect(found.regressed.map(({ sampleId }) => sampleId)).toEqual(["same"]);
  const all = await compare(baseline, candidate, { allowDifferentInputs: true });
  expect(all).toMatchObject({ nPaired: 4, differentInputs: 2, baselineUnpaired: 1, candidateUnpaired: 1 });
  expect(all.regressed.map(({ sampleId }) => sampleId)).toEqual(["expected", "input", "same"]);
  expect(await compare([baseline[1] as Row], [candidate[1] as Row])).toMatchObject({
    ...{ nPaired: 0, differentInputs: 1, baselineUnpaired: 0, candidateUnpaired: 0, pValue: null },
  });
});

test("pairs of which a side failed are left out where that is asked for, and its lists have none of them", async () => {
  const baseline = scored([1, 0, 1, 1]);
  const [failed, , , other] = scored([0, 1, 0, 0]);
  const candidate = [{ ...failed, error: "crashed" }, ...scored([0, 1, 0]).slice(1), other] as Row[];
  const options = { metric: "score", lowerIsBetter: true };
  expect(await compare(baseline, candidate, options)).toMatchObject({ nPaired: 4, candidateWithError: 1 });
  const found = await compare(baseline, candidate, { ...options, excludeFailed: true });
  expect(found).toMatchObject({ nPaired: 3, candidateWithError: 0, meanDifference: expect.closeTo(-1 / 3) });
  expect([...found.regressed, ...found.improved].map(({ sampleId }) => sampleId).toSorted()).toEqual([
    "s1",
    "s2",
    "s3",
  ]);
  const refused = compare(baseline, candidate, { ...options, excludeFailed: true, missing: "bounds" });
  await expect(refused).rejects.toThrow(/exclude_?failed.* goes with missing EXCLUDE alone/i);
});
