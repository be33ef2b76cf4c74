import { expect, test } from "vitest";
import { coverageOf } from "../../src/evaluations/coverage/coverage.ts";
import { boundsOf } from "../../src/evaluations/coverage/missing.ts";
import bounds from "./fixtures/bounds.json" with { type: "json" };

const named = bounds.bounds.map((one) => ({ ...one, n: one.values.length, ends: one.range.join(" to ") }));

test.each(named)("bounds of a $metric of $n samples and $missing missing ones, in $ends", (one) => {
  const { metric, values, n: count, missing, ci_low, ci_high } = one;
  const [low = Number.NaN, high = Number.NaN] = one.range;
  const sum = values.reduce((a, b) => a + b, 0);
  const m2 = values.reduce((total, value) => total + (value - sum / count) ** 2, 0);
  const ends = count > 0 ? { min: Math.min(...values), max: Math.max(...values) } : {};
  const tried = { planned: null, tried: count + missing, withError: 0 };
  const samples = { moments: { count, sum, m2, ...ends }, coverage: coverageOf(tried, count, 0) };
  const found = boundsOf(metric, samples, { low, high });
  const within = (value: number | null) =>
    value === null ? null : expect.closeTo(value, value > 100 ? 8 : 11);
  expect(found).toEqual({
    ...{ low: within(one.low), high: within(one.high) },
    ...{ ci95Low: within(ci_low), ci95High: within(ci_high) },
  });
  for (const end of [found?.ci95Low, found?.ci95High]) {
    expect(end ?? low).toBeGreaterThanOrEqual(low);
    expect(end ?? high).toBeLessThanOrEqual(high);
  }
});
