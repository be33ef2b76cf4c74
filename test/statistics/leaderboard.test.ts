import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { meanFigures, t975, wilson } from "../../src/statistics/mean-interval.ts";
import { type Moments, mergeMoments } from "../../src/statistics/moments.ts";
import { rankSpread } from "../../src/statistics/rank-spread.ts";
import { studentTUpperTail } from "../../src/statistics/student-t.ts";
import scipy from "./fixtures/leaderboard.json" with { type: "json" };

function momentsOf(values: readonly number[]): Moments {
  const sum = values.reduce((total, value) => total + value, 0);
  const mean = sum / values.length;
  const m2 = values.reduce((total, value) => total + (value - mean) ** 2, 0);
  return { count: values.length, sum, m2 };
}

/** The placing of each of [mean, low, high], as the ranking does it. */
function placings(entries: readonly (number | null)[][]) {
  const column = (index: number) => Float64Array.from(entries, (entry) => entry[index] ?? Number.NaN);
  const place = rankSpread(column(0).sort(), column(1), column(2));
  return entries.map(([mean, low, high]) => {
    const {
      band = null,
      bandLast = null,
      ...ranks
    } = place(mean ?? 0, low ?? Number.NaN, high ?? Number.NaN);
    return { ...ranks, band, bandLast };
  });
}

describe("the interval of a mean", () => {
  test.each(scipy.t975)("t with %i degrees of freedom is %f", (degrees, expected) => {
    for (let again = 0; again < 2; again++)
      expect(t975(degrees as number) / (expected as number)).toBeCloseTo(1, 11);
  });

  test.each(scipy.intervals)("of $values is from $low to $high", ({ values, stddev, low, high }) => {
    const { interval, ...figures } = meanFigures(momentsOf(values));
    const scale = high - low;
    expect((figures.stddev ?? 0) / stddev).toBeCloseTo(1, 9);
    expect(((interval?.low ?? Number.NaN) - low) / scale).toBeCloseTo(0, 7);
    expect(((interval?.high ?? Number.NaN) - high) / scale).toBeCloseTo(0, 7);
  });

  test.each(scipy.wilson)("of %i ones among %i values is Wilson's", (...figures) => {
    const [ones = 0, count = 0, low = 0, high = 0] = figures;
    const moments = { count, sum: ones, m2: ones * (1 - ones / count) };
    const { interval } = meanFigures(moments, { areShares: true });
    expect(interval).toMatchObject({ method: "wilson", low: expect.closeTo(low, 14) });
    expect(interval?.high).toBeCloseTo(high, 14);
    expect([interval?.low, interval?.high]).toEqual([
      ones === 0 ? 0 : expect.any(Number),
      ones === count ? 1 : expect.any(Number),
    ]);
    // What is no share has none of 0 and 1 for its ends.
    expect(meanFigures(moments).interval?.method).not.toBe("wilson");
  });

  test("is Wilson's only where the values are 0 or 1", () => {
    const methodOf = (values: number[]) =>
      meanFigures(momentsOf(values), { areShares: true }).interval?.method;
    expect(methodOf([0, 1, 1])).toBe("wilson");
    expect(methodOf([0, 0.5, 1])).toBe("student_t");
    expect(methodOf([0, 1, 2])).toBe("student_t");
    expect(methodOf([-1, 0, 1, 1])).toBe("student_t");
    expect(methodOf([0.999, 1, 1, 1.001])).toBe("student_t");
  });

  test("lies within 0 and 1, about a mean between the least and the greatest value", () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(0, 1), { minLength: 2, maxLength: 60 }), (values) => {
        const { mean, interval } = meanFigures(momentsOf(values), { areShares: true });
        expect(interval?.low).toBeGreaterThanOrEqual(0);
        expect(interval?.high).toBeLessThanOrEqual(1);
        expect(interval?.low).toBeLessThanOrEqual(mean);
        expect(interval?.high).toBeGreaterThanOrEqual(mean);
      }),
    );
    fc.assert(
      fc.property(
        fc.double({ noNaN: true, min: -1e9, max: 1e9 }),
        fc.integer({ min: 1, max: 999 }),
        (value, n) => {
          const moments = momentsOf(Array.from({ length: n }, () => value));
          const { mean, stddev } = meanFigures({ ...moments, min: value, max: value });
          expect([mean, stddev]).toEqual([value, n < 2 ? undefined : 0]);
        },
      ),
    );
  });

  test("that is apart from another of the same samples is so by a paired t-test, however they pair", () => {
    for (let n = 2; n <= 60; n++)
      for (let better = 1; better <= n; better++)
        for (let worse = 0; worse < better; worse++) {
          if (wilson(better, n).low <= wilson(worse, n).high) continue;
          // As many samples as can be are right in either and wrong in the other.
          const lost = Math.min(worse, n - better);
          const difference = (better - worse) / n;
          const deviation = Math.sqrt((better - worse + 2 * lost - n * difference ** 2) / (n - 1));
          if (deviation === 0) continue;
          const p = 2 * studentTUpperTail(difference / (deviation / Math.sqrt(n)), n - 1);
          expect(p, `${better} and ${worse} of ${n}`).toBeLessThan(0.05);
        }
  });

  test("is not known of one value, nor of values that are all the same but no shares", () => {
    expect(meanFigures({ count: 1, sum: 0.5, m2: 0 }, { areShares: true })).toEqual({
      mean: 0.5,
      stddev: undefined,
      stderr: undefined,
      interval: undefined,
    });
    expect(meanFigures({ count: 100, sum: 100, m2: 0 }).interval).toBeUndefined();
    expect(meanFigures({ count: 100, sum: 50, m2: 0 }, { areShares: true }).interval).toBeUndefined();
    // A trace of rounding is no spread.
    const tenths = momentsOf(Array.from({ length: 1000 }, () => 0.1));
    expect(meanFigures(tenths, { areShares: true }).interval).toBeUndefined();
  });
});

describe("merged moments", () => {
  const values = fc.array(fc.double({ min: -1e6, max: 1e6, noNaN: true }), { minLength: 1, maxLength: 20 });

  test("are those of all values, however they are split, whatever was taken away", () => {
    fc.assert(
      fc.property(fc.array(values, { minLength: 1, maxLength: 8 }), values, (groups, taken) => {
        const gone = momentsOf(taken);
        const negative = { count: -gone.count, sum: -gone.sum, m2: -gone.m2 };
        const merged = mergeMoments([...groups.map(momentsOf), gone, negative]);
        const expected = momentsOf(groups.flat());
        expect(merged.count).toBe(expected.count);
        expect(Math.abs(merged.sum - expected.sum)).toBeLessThan(1e-6);
        expect(Math.abs(merged.m2 - expected.m2)).toBeLessThan(1e-2 + expected.m2 * 1e-9);
        expect(merged.m2).toBeGreaterThanOrEqual(0);
      }),
      { numRuns: 200 },
    );
  });

  test("of nothing left are zero", () => {
    const part = { count: 3, sum: 1.5, m2: 0.5 };
    const taken = { count: -3, sum: -1.5, m2: -0.5 };
    expect(mergeMoments([part, taken])).toEqual({ count: 0, sum: 0, m2: 0 });
    expect(mergeMoments([])).toEqual({ count: 0, sum: 0, m2: 0 });
    // A base that was emptied and filled again.
    expect(mergeMoments([{ count: 0, sum: 1e-17, m2: 0 }, part])).toEqual({ ...part, sum: 1.5 });
  });
});

describe("rank spreads", () => {
  test.each(scipy.rankings.map((ranking) => ({ n: ranking.entries.length, ...ranking })))(
    "of $n entries are those by counting all pairs",
    ({ entries, placings: expected }) => {
      expect(placings(entries)).toEqual(expected);
    },
  );

  test("ties share a rank, and the next one counts them", () => {
    const found = placings([
      [0.9, 0.8, 1],
      [0.5, 0.4, 0.6],
      [0.5, 0.3, 0.7],
      [0.1, 0, 0.2],
    ]);
    expect(found.map(({ rank }) => rank)).toEqual([1, 2, 2, 4]);
    expect(found.map(({ band, bandLast }) => [band, bandLast])).toEqual([
      [1, 1],
      [2, 2],
      [2, 2],
      [3, 3],
    ]);
  });

  test("one stands in the bands of those above and below it, and intervals that touch overlap", () => {
    const found = placings([
      [0.9, 0.8, 1],
      [0.7, 0.6, 0.8],
      [0.5, 0.4, 0.6],
      [0.1, 0, 0.2],
    ]);
    expect(found).toMatchObject([
      { rankLow: 1, rankHigh: 2, band: 1, bandLast: 1 },
      { rankLow: 1, rankHigh: 3, band: 1, bandLast: 2 },
      { rankLow: 2, rankHigh: 3, band: 2, bandLast: 2 },
      { rankLow: 4, rankHigh: 4, band: 3, bandLast: 3 },
    ]);
  });

  test("two share a band if and only if their intervals overlap, and ranks lie in their spread", () => {
    const entry = fc
      .tuple(fc.integer({ min: 0, max: 60 }), fc.integer({ min: 0, max: 4 }))
      .map(([mean, margin]) => [mean, mean - margin, mean + margin]);
    fc.assert(
      fc.property(fc.array(entry, { maxLength: 30 }), (entries) => {
        const found = placings(entries);
        for (const [i, { rank, rankLow, rankHigh, ...bands }] of found.entries()) {
          expect(bands.band === 1).toBe(rankLow === 1);
          expect(rankLow).toBeLessThanOrEqual(rank);
          expect(rankHigh).toBeGreaterThanOrEqual(rank);
          for (const [j, other] of found.entries()) {
            const [[, low = 0, high = 0] = [], [, otherLow = 0, otherHigh = 0] = []] = [
              entries[i],
              entries[j],
            ];
            const [{ band, bandLast }, from, to] = [bands, other.band, other.bandLast];
            if (band === null || bandLast === null || from === null || to === null)
              throw new Error("no band");
            expect(band <= to && from <= bandLast).toBe(low <= otherHigh && otherLow <= high);
          }
        }
      }),
    );
  });
});
