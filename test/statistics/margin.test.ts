import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Difference, equivalenceP, marginTestOf, noWorseP } from "../../src/statistics/margin.ts";
import { noWorsePairsNeeded, noWorsePower } from "../../src/statistics/margin-power.ts";
import { noWorseSharesP } from "../../src/statistics/paired-shares.ts";
import { randomOf, seededRandom } from "../harness/random.ts";

/** Pairs with these differences. */
function of(differences: readonly number[]): Difference {
  const n = differences.length;
  const mean = differences.reduce((sum, one) => sum + one, 0) / n;
  const squares = differences.reduce((sum, one) => sum + (one - mean) ** 2, 0);
  return {
    ...{ mean, n, stderr: Math.sqrt(squares / (n - 1) / n) },
    ...{ min: Math.min(...differences), max: Math.max(...differences) },
    draws: {
      differences: [...Map.groupBy(differences, (one) => one)].map(([mean, { length }]) => ({
        ...{ count: length, mean, m2: 0 },
      })),
    },
  };
}

const times = (count: number, value: number) => Array<number>(count).fill(value);
const p = (differences: readonly number[], margin: number, most = 1) =>
  noWorseP(of(differences), margin, most) ?? Number.NaN;

test("two whole losses of a hundred pairs prove no less harm beside one that is nearly whole", () => {
  const shares = [...times(98, 0), -1, -1];
  // The chance of two losses or fewer, of a hundred with a chance of 0.05 each.
  expect(p(shares, 0.05)).toBeCloseTo(0.11826, 4);
  const nearly = [...times(97, 0), -1, -1, -0.99];
  expect(marginTestOf(of(shares), 1)).toBe("exact_shares");
  expect(marginTestOf(of(nearly), 1)).toBe("gaffke");
  expect(p(nearly, 0.05)).toBeGreaterThan(p(shares, 0.05));
  expect(p(nearly, 0.05)).toBeLessThan(p([...times(97, 0), -1, -1, -1], 0.05));
  expect(p([...times(98, 0), -1, -0.99], 0.05)).toBeCloseTo(p(shares, 0.05), 2);
});

test("a loss that becomes whole, or a tie that becomes a small win, is no jump between the two tests", () => {
  for (const [n, margin, wins, losses] of [
    [60, 0.1, 5, 5],
    [200, 0.05, 8, 10],
    [200, 0.05, 34, 30],
    [400, 0.05, 10, 20],
    [100, 0.1, 34, 30],
  ] as const) {
    const rest = [...times(n - wins - losses - 1, 0), ...times(wins, 1), ...times(losses - 1, -1)];
    const whole = p([...rest, 0, -1], margin);
    expect(p([...rest, 0, -0.99], margin)).toBeLessThanOrEqual(whole);
    expect(p([...rest, 0.01, -1], margin)).toBeLessThanOrEqual(whole);
  }
});

test("from shares to values that nearly are, the p-value goes no further than by one sample", () => {
  const random = seededRandom();
  for (const [n, margin] of [
    [50, 0.1],
    [100, 0.05],
    [200, 0.05],
    [400, 0.02],
  ] as const)
    for (let draw = 0; draw < 20; draw++) {
      const [wins, losses] = [0, 0].map(() => Math.floor((random() * n) / 8)) as [number, number];
      const shares = [...times(n - wins - losses - 1, 0), ...times(wins, 1), ...times(losses, -1)];
      const nearly = p([...shares, -0.001], margin);
      if (nearly < 0.001) continue;
      expect(nearly).toBeGreaterThanOrEqual(noWorseSharesP(wins, losses, n, margin) * (1 - 1e-9));
      expect(nearly).toBeLessThan(1.5 * noWorseSharesP(wins, losses + 1, n, margin));
    }
});

describe("of a known range", () => {
  const difference = fc.oneof(
    fc.constantFrom(-1, -0.99, -0.01, 0, 0.01, 1),
    fc.double({ min: -1, max: 1, noNaN: true }),
  );
  const differences = fc.array(difference, { minLength: 2, maxLength: 40 });
  const margin = fc.constantFrom(0.01, 0.05, 0.2, 0.7);

  test("a pair that gets worse never lowers the p-value, also where it makes shares of what were none", () => {
    fc.assert(
      fc.property(differences, margin, fc.nat(39), fc.double({ min: 0, max: 1 }), (all, by, place, part) => {
        const index = place % all.length;
        const worse = all.map((one, other) =>
          other === index ? one - (Number.isNaN(part) ? 1 : part) * (one + 1) : one,
        );
        expect(p(worse, by)).toBeGreaterThanOrEqual(p(all, by) * (1 - 1e-9));
      }),
      { numRuns: 300 },
    );
  });

  test("the unit does not matter, nor does the order of pairs", () => {
    // Half of the least number above 0 is 0, and a pair without a difference is neither won nor lost.
    fc.assert(
      fc.property(differences, margin, fc.constantFrom(2, 4, 1024), (all, by, unit) => {
        const one = p(all, by);
        expect(p(all.map((value) => value * unit).reverse(), by * unit, unit) / one).toBeCloseTo(1, 8);
      }),
      { numRuns: 200 },
    );
  });

  test("equivalence is what both sides show, and a direction is that of the other side", () => {
    fc.assert(
      fc.property(differences, margin, (all, by) => {
        const ways = [
          p(all, by),
          p(
            all.map((one) => -one),
            by,
          ),
        ];
        expect(equivalenceP(of(all), by, 1)).toBeCloseTo(Math.max(...ways), 12);
      }),
      { numRuns: 100 },
    );
  });

  test("it is never below that of as many equal pairs, unless some are better", () => {
    for (const n of [10, 55, 149])
      for (const loss of [0, 1e-9, 0.01, 0.5, 1])
        expect(p([...times(n - 1, 0), -loss], 0.05)).toBeGreaterThanOrEqual(p(times(n, 0), 0.05));
    expect(p([...times(54, 0), 0.01], 0.05)).toBeLessThan(p(times(55, 0), 0.05));
  });
});

test("clusters are draws of their sums, of which the largest may lose all", () => {
  const clusters = (pairs: readonly (readonly number[])[], margin: number) => {
    const all = pairs.flat();
    const sums = (sign: number) =>
      pairs.map((cluster) => ({
        ...{ count: 1, m2: 0 },
        mean: cluster.reduce((sum, one) => sum + margin + sign * one, 0),
      }));
    const largest = Math.max(...pairs.map(({ length }) => length));
    const draws = { above: sums(1), below: sums(-1), largest };
    return noWorseP({ ...of(all), n: pairs.length, draws }, margin, 1);
  };
  // As many pieces of evidence as there are clusters.
  expect(
    clusters(
      [
        [0, 0],
        [0, 0],
        [0, 0],
      ],
      0.3,
    ),
  ).toBeCloseTo(0.7 ** 3, 9);
  // One of one pair tells less beside larger ones.
  expect(clusters([[0, 0], [0, 0], [0]], 0.3)).toBeGreaterThan(0.7 ** 3);
  const mixed = [[0.1, -1, 0], [0.3], [0.2, 0.4]];
  expect(
    clusters(
      mixed.map((cluster) => cluster.slice(0, 1)),
      0.2,
    ),
  ).toBeCloseTo(p([0.1, 0.3, 0.2], 0.2), 9);
  expect(clusters(mixed, 0.5)).toBeLessThan(clusters([[0.1, -1, -1], ...mixed.slice(1)], 0.5) ?? 0);
});

test("values in groups that spread as they do are as good as the values", () => {
  const random = seededRandom();
  const all = Array.from({ length: 3000 }, () => 0.4 * (random() + random() - 1) - 0.02);
  const groups = Map.groupBy(all, (one) => `${Math.sign(one)} ${Math.floor(one * 1000)}`);
  const differences = [...groups.values()].map((values) => {
    const mean = values.reduce((sum, one) => sum + one, 0) / values.length;
    const m2 = values.reduce((sum, one) => sum + (one - mean) ** 2, 0);
    return { count: values.length, mean, m2 };
  });
  expect((noWorseP({ ...of(all), draws: { differences } }, 0.025, 1) ?? 0) / p(all, 0.025)).toBeCloseTo(1, 7);
});

/** Draws from the beta distribution with whole parameters, by the order of uniform draws. */
function beta(random: () => number, a: number, b: number): number {
  const drawn = Array.from({ length: a + b - 1 }, random).sort((one, other) => one - other);
  return drawn[a - 1] ?? 0;
}

// Each has a mean of −0.05, the margin.
const nulls: Record<string, (random: () => number) => number> = {
  "rare full losses": (random) => (random() < 0.05 ? -1 : 0),
  "rare losses that are nearly full": (random) =>
    random() < 0.05 ? -1 + 0.02 * (random() - 0.5) : 0.001 * (random() - 0.5),
  "full losses beside small wins": (random) => (random() < 0.06 ? -1 : 0.01 / 0.94),
  "scores that vary alike": (random) => 0.9 * (beta(random, 2, 2) - beta(random, 2, 2)) - 0.05,
  "scores of another shape": (random) => beta(random, 9, 11) - beta(random, 2, 2),
  "a mixture": (random) => (random() < 0.03 ? -beta(random, 19, 1) : 0.2 * (random() - 0.5) - 0.0215 / 0.97),
  "losses and wins": (random) => {
    const one = random();
    if (one < 0.09) return -1;
    return one < 0.13 ? 1 : 0.02 * (random() - 0.5);
  },
};

describe.each(Object.entries(nulls))("a candidate that is worse by the margin, by %s,", (_, draw) => {
  const cases = [
    [20, 1000],
    [50, 500],
    [200, 200],
  ] as const;
  test.each(cases)("passes in at most 5 of 100 cases of %i pairs, %i times drawn", (n, runs) => {
    const random = randomOf(20241129);
    let passed = 0;
    for (let run = 0; run < runs; run++)
      if (
        p(
          Array.from({ length: n }, () => draw(random)),
          0.05,
        ) < 0.05
      )
        passed++;
    // Of a share of 0.05 the count is above this in one of 1,000 seeds: 3.09 standard errors of the binomial.
    expect(passed).toBeLessThanOrEqual(0.05 * runs + 3.09 * Math.sqrt(runs * 0.05 * 0.95));
  });
});

describe("a plan", () => {
  test("of differences that do not vary takes as many pairs as equal ones do", () => {
    const plan = { stddev: 0, margin: 0.02, most: 1 };
    expect(noWorsePairsNeeded(plan)).toBe(149);
    expect(noWorsePairsNeeded({ ...plan, margin: 0.2, most: 10 })).toBe(149);
    expect(noWorsePairsNeeded({ ...plan, alpha: 0.01 })).toBe(228);
    expect(noWorsePairsNeeded({ ...plan, largest: 2 })).toBeGreaterThan(290);
    expect([noWorsePower(plan, 148), noWorsePower(plan, 149)]).toEqual([0, 1]);
    expect(noWorsePairsNeeded({ ...plan, margin: 1e-12 })).toBe(Infinity);
  });

  test("is kept by the test that it plans for", () => {
    const plan = { stddev: 0.3, margin: 0.05, most: 1 };
    const needed = noWorsePairsNeeded(plan);
    expect(noWorsePower(plan, needed)).toBeGreaterThanOrEqual(0.8);
    expect(noWorsePower(plan, needed - 1)).toBeLessThan(0.8);
    const random = randomOf(20241129);
    // Of the standard deviation √0.09, and no more than 1 away.
    const draw = () => 0.3 * Math.sqrt(3) * (2 * random() - 1);
    const runs = 500;
    let shown = 0;
    for (let run = 0; run < runs; run++)
      if (p(Array.from({ length: needed }, draw), plan.margin) < 0.05) shown++;
    // Three standard errors, and two points for the model that knows the spread alone.
    expect(Math.abs(shown / runs - 0.8)).toBeLessThan(3 * Math.sqrt(0.16 / runs) + 0.02);
  });

  test("is what docs/statistics.md has of 200 and of 500 pairs", () => {
    const plan = { stddev: 0.3, margin: 0.05 };
    const percent = (n: number) =>
      [1, undefined].map((most) => Math.round(100 * noWorsePower({ ...plan, most }, n)));
    expect([percent(200), percent(500)]).toEqual([
      [67, 76],
      [97, 98],
    ]);
  });

  test("without a range is that of the t-test", () => {
    const plan = { stddev: 0.3, margin: 0.05 };
    const needed = noWorsePairsNeeded(plan);
    expect(noWorsePower(plan, needed)).toBeGreaterThanOrEqual(0.8);
    expect(needed).toBeLessThan(noWorsePairsNeeded({ ...plan, most: 1 }));
    expect(noWorsePairsNeeded({ ...plan, stddev: 0 })).toBe(Infinity);
  });
});
