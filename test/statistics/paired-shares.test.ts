import { expect, test } from "vitest";
import { noWorseP } from "../../src/statistics/margin.ts";
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

/** As comparisons have them: by the moments of differences. */
function ofMoments([wins, losses]: readonly [number, number], n: number, margin: number): number {
  const mean = (wins - losses) / n;
  const stderr = Math.sqrt((wins + losses - n * mean * mean) / (n * (n - 1)));
  const [min, max] = [losses > 0 ? -1 : wins < n ? 0 : 1, wins > 0 ? 1 : losses < n ? 0 : -1];
  return noWorseP({ mean, stderr, n, min, max, areSigns: true }, margin, 1) ?? Number.NaN;
}

test.each([
  [12, 0.2],
  [30, 0.02],
  [55, 0.05],
])("of %i pairs no loss that becomes a tie, and no tie that becomes a win, raises p by %f", (n, margin) => {
  const known = new Map<string, number>();
  const few = found(n).filter(([wins, losses]) => n <= 30 || wins + losses < 12);
  for (const each of few) known.set(String(each), ofMoments(each, n, margin));
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

test("a candidate that is worse by the margin passes in at most 5 of 100, however many wins it has", () => {
  const [n, margin] = [60, 0.05];
  const passing = found(n).filter(([wins, losses]) => {
    const isLikely = wins + losses < 26;
    return isLikely && noWorseSharesP(wins, losses, n, margin) < 0.05;
  });
  const logs = [0];
  for (let i = 1; i <= n; i++) logs.push((logs[i - 1] ?? 0) + Math.log(i));
  const log = (i: number) => logs[i] ?? 0;
  for (const won of [1e-9, 0.002, 0.01, 0.03, 0.06]) {
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
    const size = chances.reduce((sum, chance) => sum + chance, 0);
    expect(size).toBeLessThan(0.0501);
    expect(size).toBeGreaterThan(0.01);
  }
});

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

test("of other values no small loss shows more than as many equal pairs do", () => {
  const equal = noWorseP({ mean: 0, stderr: 0, n: 55, min: 0, max: 0 }, 0.05, 1) ?? Number.NaN;
  for (const loss of [1, 0.5, 0.01, 1e-6]) {
    const one = { mean: -loss / 55, stderr: loss / 55, n: 55, min: -loss, max: 0 };
    expect(noWorseP(one, 0.05, 1)).toBeGreaterThanOrEqual(equal);
    // One win shows little; it takes a candidate that is better by the test.
    const win = { ...one, mean: loss / 55, min: 0, max: loss };
    expect(noWorseP(win, 0.05, 1)).toBeCloseTo(equal, 12);
  }
  const better = { mean: 0.1, stderr: 0.02, n: 20, min: -0.1, max: 0.3 };
  expect(noWorseP(better, 0.02, 1)).toBeLessThan(0.001);
  // Of an unknown range the t-test is all there is.
  expect(noWorseP({ mean: -1, stderr: 0.1, n: 5, min: -2, max: 0 }, 5)).toBeLessThan(0.001);
});
