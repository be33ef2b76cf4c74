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
  expect(noWorseP(one, one.margin)).toBeCloseTo(one.no_worse, 10);
  expect(equivalenceP(one, one.margin)).toBeCloseTo(one.equivalence, 10);
});

test("equal pairs of 0 and 1 show only what their number allows, and other equal pairs nothing", () => {
  const equal = { mean: 0, stderr: 0, n: 100 };
  expect(noWorseP(equal, 0.02, true)).toBeCloseTo(0.98 ** 100, 12);
  expect(equivalenceP({ ...equal, n: 149 }, 0.02, true)).toBeLessThan(0.05);
  expect(noWorseP(equal, 0.02)).toBeUndefined();
  expect(equivalenceP({ mean: 0.1, stderr: 0, n: 5 }, 0.2, true)).toBeUndefined();
});
