import { expect, test } from "vitest";
import { passAllOf, passAnyOf } from "../../src/statistics/reducers.ts";
import reducers from "./fixtures/reducers.json" with { type: "json" };

type Shares = [n: number, c: number, anyOf: number[], allOf: number[]];

test("pass@k and pass^k are those of exact arithmetic for all n, c and k up to 20", () => {
  for (const [n, c, anyOf, allOf] of reducers.shares as Shares[]) {
    for (let k = 1; k <= 20; k++) {
      const what = `n ${n}, c ${c}, k ${k}`;
      const [any, all] = [passAnyOf(n, c, k), passAllOf(n, c, k)];
      if (k > n) expect([any, all], what).toEqual([undefined, undefined]);
      else {
        expect(Math.abs((any ?? Number.NaN) - (anyOf[k - 1] ?? 0)), what).toBeLessThan(1e-14);
        expect(Math.abs((all ?? Number.NaN) - (allOf[k - 1] ?? 0)), what).toBeLessThan(1e-14);
      }
    }
  }
});

test("and of numbers whose binomials overflow", () => {
  for (const [n, c, k, anyOf] of reducers.large as [number, number, number, number][])
    expect(passAnyOf(n, c, k) ?? Number.NaN, `n ${n}, c ${c}, k ${k}`).toBeCloseTo(anyOf, 12);
});

test("what is certain is exactly 0 or 1", () => {
  for (const n of [1, 5, 20, 1000])
    for (const k of [1, Math.ceil(n / 2), n]) {
      expect([passAnyOf(n, 0, k), passAllOf(n, 0, k)]).toEqual([0, 0]);
      expect([passAnyOf(n, n, k), passAllOf(n, n, k)]).toEqual([1, 1]);
      expect([passAnyOf(n, n - k + 1, k), passAllOf(n, k - 1, k)]).toEqual([1, 0]);
    }
});
