import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { gaffkeP, type Weight } from "../../src/statistics/gaffke.ts";
import figures from "./fixtures/gaffke.json" with { type: "json" };

const single = (values: readonly number[]) => values.map((value) => ({ value, count: 1 }));

test.each(figures.map(({ draws, least, p }) => [p, draws.length, least, draws] as const))(
  "is %f of %i different draws that are at least %f",
  (p, _, least, draws) => {
    // In doubles the inversion is right to 13 places.
    expect(Math.abs(gaffkeP(draws, least) - p)).toBeLessThan(1e-9 * p + 1e-13);
  },
);

test("of equal pairs it is (1 − margin / range)ⁿ, of one pair as of a billion", () => {
  for (const n of [1, 2, 7, 149, 5000, 1e9])
    for (const p of [0.9, 0.05, 1e-6, 1e-200]) {
      const margin = -Math.expm1(Math.log(p) / n);
      if (margin > 0.9) continue;
      expect(gaffkeP([{ value: 10 * margin, count: n }], 10 * margin - 10) / p).toBeCloseTo(
        1,
        n < 1e6 ? 8 : 6,
      );
    }
});

test("of whole losses beside ties it is that of Clopper and Pearson", () => {
  for (const [n, margin] of [
    [1, 0.3],
    [20, 0.5],
    [100, 0.05],
    [3000, 0.002],
    [1_000_000, 0.00001],
  ] as const) {
    // The chance of so many losses or fewer, by the binomial distribution.
    let term = Math.exp(n * Math.log1p(-margin));
    let chance = 0;
    for (let losses = 0; losses <= Math.min(n, 30); losses++) {
      chance += term;
      term *= ((n - losses) / (losses + 1)) * (margin / (1 - margin));
      const draws = [
        { value: margin - 1, count: losses },
        { value: margin, count: n - losses },
      ];
      expect(gaffkeP(draws, margin - 1) / chance).toBeCloseTo(1, 8);
    }
  }
});

test("knows the ends: nothing above 0 proves nothing, and what cannot be below 0 needs no proof", () => {
  expect(gaffkeP([], -1)).toBe(1);
  expect(gaffkeP(single([-0.5, 0]), -1)).toBe(1);
  expect([gaffkeP(single([0, 0.5]), 0), gaffkeP(single([0, 0]), 0)]).toEqual([0, 1]);
  expect(gaffkeP([{ value: 0.5, count: 1e7 }], -0.5)).toBe(0);
  // Rounding may have put a draw below the least.
  expect(gaffkeP(single([-0.9 - 1e-15, 0.1]), -0.9)).toBeCloseTo(gaffkeP(single([-0.9, 0.1]), -0.9), 12);
});

describe("whatever was drawn", () => {
  const value = fc.oneof(
    fc.constantFrom(-1, -0.999, -0.01, 0, 0.01, 0.02, 1),
    fc.double({ min: -1, max: 5, noNaN: true }),
    fc.double({ min: -1e-6, max: 1e-6, noNaN: true }),
  );
  const count = fc.oneof(fc.integer({ min: 1, max: 30 }), fc.integer({ min: 1, max: 1_000_000 }));
  const draws = fc.array(fc.record({ value, count }), { minLength: 1, maxLength: 12 });

  test("a draw that gets smaller never lowers the p-value", () => {
    fc.assert(
      fc.property(draws, fc.nat(11), fc.double({ min: 0, max: 1, noNaN: true }), (all, place, part) => {
        const index = place % all.length;
        const { value = 0, count = 1 } = all[index] ?? {};
        const worse: Weight[] = [
          ...all.filter((_, other) => other !== index),
          ...(count > 1 ? [{ value, count: count - 1 }] : []),
          { value: value - part * (value + 1), count: 1 },
        ];
        const p = gaffkeP(all, -1);
        expect(p).toBeGreaterThanOrEqual(0);
        expect(gaffkeP(worse, -1)).toBeGreaterThanOrEqual(p * (1 - 1e-9) - 1e-300);
      }),
      { numRuns: 300 },
    );
  });

  test("neither their order, nor their unit, nor how equal ones are counted matters", () => {
    const near = (one: number, other: number) =>
      expect(Math.abs(one - other)).toBeLessThanOrEqual(1e-9 * one + 1e-300);
    fc.assert(
      fc.property(draws, fc.double({ min: 1e-3, max: 1e3, noNaN: true }), (all, unit) => {
        const p = gaffkeP(all, -1);
        near(p, gaffkeP(all.toReversed(), -1));
        near(
          p,
          gaffkeP(
            all.map(({ value, count }) => ({ value: unit * value, count })),
            -unit,
          ),
        );
        const halves = all.map(({ value, count }) => ({ value, count: count / 2 }));
        near(p, gaffkeP([...halves, ...halves], -1));
      }),
      { numRuns: 300 },
    );
  });

  test("its chance and that of the opposite make 1", () => {
    fc.assert(
      fc.property(draws, (all) => {
        const most = Math.max(...all.map(({ value }) => value));
        fc.pre(most > 1e-6);
        let isTaken = false;
        const opposite = all.map(({ value, count }) => {
          const isMost = value === most && !isTaken;
          isTaken ||= isMost;
          return { value: -value, count: isMost ? count - 1 : count };
        });
        const sum = gaffkeP(all, -1) + gaffkeP([{ value: 1, count: 1 }, ...opposite], -most);
        expect(sum).toBeCloseTo(1, 8);
      }),
      { numRuns: 300 },
    );
  });
});
