import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { meanFigures, t975 } from "../../src/statistics/mean-interval.ts";
import { type Moments, mergeMoments } from "../../src/statistics/moments.ts";
import { rankSpread } from "../../src/statistics/rank-spread.ts";
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
    const { band, ...ranks } = place(mean ?? 0, low ?? Number.NaN, high ?? Number.NaN);
    return { ...ranks, band: band ?? null };
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

  test.each(scipy.exact)("of %i ones among %i values is exact", (ones, count, low, high) => {
    const { interval, stderr } = meanFigures({ count, sum: ones, m2: 0 } as Moments, { areShares: true });
    expect(interval?.low).toBeCloseTo(low as number, 12);
    expect(interval?.high).toBeCloseTo(high as number, 12);
    expect(stderr).toBe(0);
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
    expect(found.map(({ band }) => band)).toEqual([1, 2, 2, 3]);
  });

  test("bands are linked by those between, and intervals that touch overlap", () => {
    const found = placings([
      [0.9, 0.8, 1],
      [0.7, 0.6, 0.8],
      [0.5, 0.4, 0.6],
      [0.1, 0, 0.2],
    ]);
    expect(found).toMatchObject([
      { rankLow: 1, rankHigh: 2, band: 1 },
      { rankLow: 1, rankHigh: 3, band: 1 },
      { rankLow: 2, rankHigh: 3, band: 1 },
      { rankLow: 4, rankHigh: 4, band: 2 },
    ]);
  });

  test("every entry of a band is wholly above every entry of the bands after it, and ranks lie in their spread", () => {
    const entry = fc
      .tuple(fc.integer({ min: 0, max: 60 }), fc.integer({ min: 0, max: 4 }))
      .map(([mean, margin]) => [mean, mean - margin, mean + margin]);
    fc.assert(
      fc.property(fc.array(entry, { maxLength: 30 }), (entries) => {
        const found = placings(entries);
        for (const [i, { rank, rankLow, rankHigh, band }] of found.entries()) {
          expect(rankLow).toBeLessThanOrEqual(rank);
          expect(rankHigh).toBeGreaterThanOrEqual(rank);
          for (const [j, other] of found.entries()) {
            const [low = 0, high = 0] = [entries[i]?.[1], entries[j]?.[2]];
            if ((band ?? 0) < (other.band ?? 0)) expect(low).toBeGreaterThan(high);
          }
        }
      }),
    );
  });
});
