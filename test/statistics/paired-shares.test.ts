import { expect, test } from "vitest";
import { equalPairsNeeded, noWorseSharesP } from "../../src/statistics/paired-shares.ts";
import exact from "./fixtures/paired-shares.json" with { type: "json" };

test.each(exact as [number, number, number, number, number][])(
  "%i wins and %i losses of %i pairs are no worse by %f with p %f",
  (wins, losses, n, margin, p) => {
    // The grid of those figures is the finer one.
    expect(Math.abs(noWorseSharesP(wins, losses, n, margin) - p)).toBeLessThan(0.003 * p + 1e-8);
  },
);

/** All numbers of wins and losses of n pairs. */
const found = (n: number) =>
  Array.from({ length: n + 1 }, (_, wins) =>
    Array.from({ length: n + 1 - wins }, (_, losses) => [wins, losses] as const),
  ).flat();

test.each([
  [12, 0.2],
  [30, 0.02],
  [55, 0.05],
])("of %i pairs no loss that becomes a tie, and no tie that becomes a win, raises p by %f", (n, margin) => {
  const known = new Map<string, number>();
  const few = found(n).filter(([wins, losses]) => n <= 30 || wins + losses < 12);
  for (const each of few) known.set(String(each), noWorseSharesP(...each, n, margin));
  for (const [wins, losses] of few) {
    const p = known.get(String([wins, losses])) ?? Number.NaN;
    expect(p).toBeGreaterThanOrEqual(0);
    for (const worse of [
      [wins, losses + 1],
      [wins - 1, losses],
    ])
      expect(known.get(String(worse)) ?? 1, `${wins}/${losses} of ${n}`).toBeGreaterThanOrEqual(p - 1e-12);
    if (losses > 0 && wins === 0) expect(p).toBeGreaterThan((1 - margin) ** n);
  }
});

test.each([
  [30, 0.1, 30],
  [60, 0.05, 26],
])(
  "of %i pairs one that is worse by %f passes in at most 5 of 100, however many wins it has",
  (n, margin, likely) => {
    const passing = found(n).filter(
      ([wins, losses]) => wins + losses <= likely && noWorseSharesP(wins, losses, n, margin) < 0.05,
    );
    const logs = [0];
    for (let i = 1; i <= n; i++) logs.push((logs[i - 1] ?? 0) + Math.log(i));
    const log = (i: number) => logs[i] ?? 0;
    let greatest = 0;
    for (let won = 1e-9; won < 0.2; won += 0.0005) {
      const [lost, tied] = [won + margin, 1 - 2 * won - margin];
      const chances = passing.map(([w, l]) =>
        Math.exp(
          log(n) -
            log(w) -
            log(l) -
            log(n - w - l) +
            w * Math.log(won) +
            l * Math.log(lost) +
            (n - w - l) * Math.log(tied),
        ),
      );
      greatest = Math.max(
        greatest,
        chances.reduce((sum, chance) => sum + chance, 0),
      );
    }
    expect(greatest).toBeLessThanOrEqual(0.05);
    expect(greatest).toBeGreaterThan(0.03);
  },
);

test("of very many pairs it is that of the normal distribution, and of few that differ the exact one", () => {
  // Tango's score is 2.24 here.
  expect(noWorseSharesP(1e5, 1e5, 1e6, 0.001)).toBeCloseTo(0.01271, 3);
  expect(noWorseSharesP(0, 0, 1e5, 0.00005)).toBeGreaterThanOrEqual((1 - 0.00005) ** 1e5 * (1 - 1e-9));
  const [below, above] = [2000, 2001].map((n) => noWorseSharesP(50, 50, n, 0.02));
  expect((above ?? 0) / (below ?? 1)).toBeCloseTo(1, 1);
  expect([noWorseSharesP(0, 5, 5, 1), noWorseSharesP(0, 4, 5, 1), noWorseSharesP(0, 5, 5, 1.5)]).toEqual([
    1, 0, 0,
  ]);
});

test.each([
  [0.02, 0.05, 149],
  [0.05, 0.05, 59],
])("within %f at the level of %f it takes %i pairs that are all equal", (margin, alpha, needed) => {
  expect(equalPairsNeeded(margin, alpha)).toBe(needed);
});
