import { expect, test } from "vitest";
import { welch } from "../../src/statistics/welch.ts";
import scipy from "./fixtures/welch.json" with { type: "json" };

test.each(scipy.cases)("the difference of $before and $after is that of scipy", (expected) => {
  const { difference, interval, pValue } = welch(expected.before, expected.after);
  const figures = { difference, p: pValue, low: interval?.low, high: interval?.high };
  for (const [name, figure] of Object.entries(figures)) {
    const right = expected[name as keyof typeof figures];
    expect(Math.abs((figure ?? Number.NaN) - right), name).toBeLessThan(1e-7 * Math.abs(right));
  }
  const back = welch(expected.after, expected.before);
  expect(back).toEqual({
    difference: -difference,
    interval: { low: -(interval?.high ?? 0), high: -(interval?.low ?? 0) },
    pValue,
  });
});

const equal = (count: number, value: number) => ({ count, sum: count * value, m2: 0 });

test.each(scipy.constant)("of $n equal values each the p-value is Fisher's", ({ n: [n1 = 0, n2 = 0], p }) => {
  const { pValue, interval } = welch(equal(n1, 1), equal(n2, 0));
  expect([pValue, interval]).toEqual([expect.closeTo(p, 12), undefined]);
});

test("values that do not vary differ either surely or not at all", () => {
  expect(welch(equal(50, 0.1), equal(70, 0.1))).toEqual({ difference: 0, interval: undefined, pValue: 1 });
  expect(welch(equal(1_000_000, 1), equal(1_000_000, 0)).pValue).toBe(0);
  // The sums of a hundred tenths and of ten differ by rounding.
  const tenths = (count: number) => ({
    count,
    sum: Array(count)
      .fill(0.1)
      .reduce((a, b) => a + b),
    m2: 1e-34,
  });
  expect(welch(tenths(10), tenths(100)).pValue).toBe(1);
});

test("two equal values beside ones that vary are no evidence, and many are some", () => {
  const varied = { count: 100, sum: 80, m2: 16 };
  expect(welch(equal(2, 1), varied).pValue).toBeGreaterThan(0.4);
  expect(welch(equal(100, 1), varied).pValue).toBeLessThan(1e-5);
});

test("a single value beside ones that vary tells nothing", () => {
  const varied = { count: 2, sum: 1, m2: 0.5 };
  expect(welch(equal(1, 1), varied)).toEqual({ difference: -0.5, interval: undefined, pValue: undefined });
});
