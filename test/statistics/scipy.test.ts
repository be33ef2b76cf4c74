import { expect, test } from "vitest";
import { bootstrapMean } from "../../src/statistics/bootstrap.ts";
import { holm } from "../../src/statistics/holm.ts";
import { mcnemarExact } from "../../src/statistics/mcnemar.ts";
import { normalUpperTail } from "../../src/statistics/normal.ts";
import { studentTUpperTail } from "../../src/statistics/student-t.ts";
import { addTo, totalOf } from "../../src/statistics/sum.ts";
import { type TiedDifferences, wilcoxonApproximate, wilcoxonExact } from "../../src/statistics/wilcoxon.ts";
import scipy from "./fixtures/scipy.json" with { type: "json" };

test.each(scipy.normal)("normal upper tail of %f is %f", (z, expected) => {
  expect(normalUpperTail(z as number) / (expected as number)).toBeCloseTo(1, 12);
});

test("the lower half of the normal distribution mirrors the upper", () => {
  expect(normalUpperTail(-1.3) + normalUpperTail(1.3)).toBeCloseTo(1, 15);
});

test.each(scipy.student_t)("t upper tail of %f with %i degrees of freedom is %f", (t, degrees, expected) => {
  expect(studentTUpperTail(t as number, degrees as number) / (expected as number)).toBeCloseTo(1, 9);
});

test.each(scipy.mcnemar)("McNemar of %i against %i is %f", (first, second, expected) => {
  expect(mcnemarExact(first as number, second as number) / (expected as number)).toBeCloseTo(1, 9);
  expect(mcnemarExact(second as number, first as number) / (expected as number)).toBeCloseTo(1, 9);
});

test.each(scipy.wilcoxon)("Wilcoxon, $method, of $differences is $p", ({ method, differences, p }) => {
  const groups = grouped(differences);
  if (method === "approx") {
    const n = differences.length;
    const tieTerm = groups.reduce((sum, { count }) => sum + count ** 3 - count, 0);
    expect(wilcoxonApproximate(n, positiveRanks(groups), tieTerm) / p).toBeCloseTo(1, 9);
  } else {
    expect(wilcoxonExact(groups) / p).toBeCloseTo(1, 9);
  }
});

test("without differences there is nothing to tell", () => {
  expect(wilcoxonExact([])).toBe(1);
  expect(wilcoxonApproximate(0, 0, 0)).toBe(1);
});

test("Holm's adjustment keeps the order and passes over what has no p-value", () => {
  const { p, adjusted } = scipy.holm;
  for (const [index, value] of holm(p).entries()) expect(value).toBeCloseTo(adjusted[index] as number, 12);
  expect(holm([undefined, 0.02, undefined])).toEqual([undefined, 0.02, undefined]);
});

test("the bootstrap interval of a large normal sample is the t interval, and a seed repeats it", async () => {
  // Normal quantiles as a sample: mean 0, standard deviation close to 1.
  const n = 2_000;
  const blocks = Array.from({ length: n }, (_, i) => ({ count: 1, sum: quantile((i + 0.5) / n) }));
  const once = await bootstrapMean(blocks, 4_000, 7);
  const margin = 1.96 / Math.sqrt(n);
  expect(Math.abs(once.low / -margin - 1)).toBeLessThan(0.08);
  expect(Math.abs(once.high / margin - 1)).toBeLessThan(0.08);
  expect(await bootstrapMean(blocks, 4_000, 7)).toEqual(once);
  expect(await bootstrapMean(blocks, 4_000, 8)).not.toEqual(once);
});

test("blocks weigh as many values as they hold", async () => {
  const { low, high } = await bootstrapMean(
    [
      { count: 3, sum: 6 },
      { count: 3, sum: 6 },
    ],
    100,
    1,
  );
  expect([low, high]).toEqual([2, 2]);
});

test("a running sum keeps what rounding takes", () => {
  const sumOf = (values: readonly number[]) => {
    const running = { sum: 0, lost: 0 };
    for (const value of values) addTo(running, value);
    return totalOf(running);
  };
  // Added up plainly these are 9.99999999999998, 0 and 1000000.0000000099.
  expect(sumOf(Array(100).fill(0.1))).toBe(10);
  expect(sumOf([1, 1e100, 1, -1e100])).toBe(2);
  expect(sumOf([1e6, ...Array(100).fill(1e-10)])).toBe(1_000_000.00000001);
});

function quantile(p: number): number {
  let low = -10;
  let high = 10;
  for (let step = 0; step < 60; step++) {
    const middle = (low + high) / 2;
    if (normalUpperTail(middle) > 1 - p) low = middle;
    else high = middle;
  }
  return low;
}

function grouped(differences: readonly number[]): TiedDifferences[] {
  const sizes = [...new Set(differences.map(Math.abs))].sort((a, b) => a - b);
  return sizes.map((size) => {
    const same = differences.filter((difference) => Math.abs(difference) === size);
    return { count: same.length, positive: same.filter((difference) => difference > 0).length };
  });
}

function positiveRanks(groups: readonly TiedDifferences[]): number {
  let before = 0;
  let sum = 0;
  for (const { count, positive } of groups) {
    sum += positive * (before + (count + 1) / 2);
    before += count;
  }
  return sum;
}
