import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { testDatabase } from "../harness/database.ts";
import { sample } from "../harness/examples.ts";
import { type Given, refusal, someGiven, storing } from "./support.ts";

const { db } = await testDatabase();
const { stored } = storing(db);

describe("a comparison", () => {
  /** What a side has of each sample: undefined, it never tried it. */
  const tried = fc.array(fc.option(someGiven, { nil: undefined, freq: 3 }), { minLength: 4, maxLength: 4 });

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
    const meanOf = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;
    /** The mode that is nearest to an end, whatever lacks, and whenever it would have come. */
    const modeOf = (values: Samples[number], end: number) => {
      const times = (value: number) => values.filter((score) => score === value).length;
      const lacking = wanted - times(0) - times(1);
      if (lacking > 0) return times(end) + lacking >= times(1 - end) ? end : 1 - end;
      return times(0) === times(1) ? (values[0] ?? 9) : Number(times(1) > times(0));
    };
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
          const { bounds } = await compare([baseline, candidate], "bounds");
          if (reducer === "mode") {
            const low = meanOf(candidate.map((values) => modeOf(values, 0)));
            const high = meanOf(candidate.map((values) => modeOf(values, 1)));
            expect(bounds?.low).toBeCloseTo(low - meanOf(baseline.map((values) => modeOf(values, 1))), 12);
            expect(bounds?.high).toBeCloseTo(high - meanOf(baseline.map((values) => modeOf(values, 0))), 12);
            return;
          }
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

  test("bounds a difference by an interval that ends where differences do", async () => {
    const baselineId = await stored([0.1, 0.9, 0.2, "e"]);
    const [whole, lacking] = [await stored([0.9, 0.1, 1]), await stored([0.9, 0.1, "e", 1])];
    const input = { baselineId, candidateIds: [whole, lacking], missing: "bounds" as const };
    for (const { bounds } of (await db.evaluations.compare(input)).comparisons)
      expect(bounds).toMatchObject({ ci95Low: -1, ci95High: 1 });
    const complete = { ...input, baselineId: await stored([0.1, 0.9, 0.2]), candidateIds: [whole] };
    const [one] = (await db.evaluations.compare(complete)).comparisons;
    expect(one?.bounds).toMatchObject({ ci95Low: -1, ci95High: 1 });
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
