import { expect, test } from "vitest";
import { equivalenceP, noWorseP } from "../../src/statistics/margin.ts";
import { detectableEffect, pairedPower, pairsNeeded } from "../../src/statistics/power.ts";
import statsmodels from "./fixtures/power.json" with { type: "json" };

test.each(statsmodels.power)(
  "an effect of %f is found by %i pairs with probability %f",
  (effect, n, power) => {
    expect(pairedPower(effect as number, n as number)).toBeCloseTo(power as number, 10);
  },
);

test.each(statsmodels.levels)(
  "an effect of %f is found by %i pairs at the level of %f with probability %f",
  (effect, n, alpha, power) => {
    expect(pairedPower(effect as number, n as number, alpha)).toBeCloseTo(power as number, 10);
  },
);

test.each(statsmodels.effect)("%i pairs find with probability %f an effect of %f", (n, power, effect) => {
  expect(detectableEffect(n as number, power as number) / (effect as number)).toBeCloseTo(1, 9);
});

test.each(statsmodels.needed)("an effect of %f needs %f pairs", (effect, needed) => {
  expect(pairsNeeded(effect as number)).toBe(Math.ceil(needed as number));
});

test("an effect too small for a billion pairs needs infinitely many, a huge one two", () => {
  expect(pairsNeeded(1e-6)).toBe(Number.POSITIVE_INFINITY);
  expect(pairsNeeded(1000)).toBe(2);
});

test.each(statsmodels.margins)("difference $mean ± $stderr, margin $margin", (one) => {
  const difference = { ...one, min: -1, max: 1 };
  expect(noWorseP(difference, one.margin)).toBeCloseTo(one.no_worse, 10);
  expect(equivalenceP(difference, one.margin)).toBeCloseTo(one.equivalence, 10);
});

test("equal pairs of a known range show only what their number allows, and other equal pairs nothing", () => {
  const equal = (n: number, value = 0) => ({
    ...{ mean: value, stderr: 0, n, min: value, max: value },
    draws: { differences: [{ count: n, mean: value, m2: 0 }] },
  });
  expect(noWorseP(equal(100), 0.02, 10)).toBeCloseTo(0.998 ** 100, 6);
  expect(noWorseP(equal(100), 2, 1)).toBe(0);
  expect(noWorseP(equal(100), 0.02, 1)).toBeCloseTo(0.98 ** 100, 6);
  expect(equivalenceP(equal(149), 0.02, 1)).toBeLessThan(0.05);
  expect(noWorseP({ ...equal(100), draws: undefined }, 0.02)).toBeUndefined();
  expect(equivalenceP({ ...equal(5, 0.1), draws: undefined }, 0.2)).toBeUndefined();
  // Each tells as much as (margin + difference) / range does of rare losses.
  expect(noWorseP(equal(5, 0.1), 0.2, 1)).toBeCloseTo((0.8 / 1.1) ** 5, 9);
  expect(noWorseP(equal(30, 0.001), 0.02, 1)).toBeGreaterThan(0.5);
  expect(equivalenceP(equal(5, 0.1), 0.1, 1)).toBe(1);
});

test("a candidate that is better in every pair is no worse, however the pairs vary", () => {
  const far = { mean: 0.1, stderr: 0.09, n: 30, min: 0.001, max: 2.8 };
  expect(noWorseP(far, 0.02)).toBe(2 ** -30);
  expect(noWorseP({ ...far, min: 0 }, 0.02)).toBeGreaterThan(0.05);
  const same = { mean: 0.1, stderr: 0, n: 10, min: 0.1, max: 0.1 };
  expect(noWorseP(same, 0.02)).toBe(2 ** -10);
  expect(equivalenceP(same, 0.02)).toBe(1);
  const worse = { mean: -0.1, stderr: 0, n: 10, min: -0.1, max: -0.1 };
  expect([noWorseP(worse, 0.02), noWorseP(worse, 0.1), noWorseP(worse, 0.2)]).toEqual([1, 1, undefined]);
});

test("equivalence of what is open goes by both ends that it may have", () => {
  const least = { mean: 0, stderr: 0.01, n: 50, min: -1, max: 1 };
  const greatest = { ...least, mean: 0.3 };
  expect(equivalenceP(least, 0.1)).toBeLessThan(1e-9);
  expect(equivalenceP(least, 0.1, Infinity, greatest)).toBeGreaterThan(0.9);
});
