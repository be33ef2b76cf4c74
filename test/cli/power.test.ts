import { expect, test } from "vitest";
import { runHere } from "./support.ts";

test("how many samples show a difference, which difference so many show, and how probably", async () => {
  const power = async (...args: string[]) => JSON.parse((await runHere(["power", ...args, "--json"])).stdout);
  expect(await power("--stddev", "0.5", "--difference", "0.05")).toMatchObject({ pairs: 787, power: 0.8 });
  expect((await power("--stddev", "0.5", "--pairs", "787")).difference).toBeCloseTo(0.05, 4);
  expect((await power("--stddev", "0.5", "--pairs", "787", "--difference", "0.05")).power).toBeCloseTo(
    0.8,
    3,
  );
  expect((await runHere(["power", "--stddev", "1"])).stderr).toMatch(/give --difference, --pairs or both/);
  expect(await power("--stddev", "0.5", "--difference", "0.05", "--power", "0.9")).toMatchObject({
    pairs: 1053,
  });
  const all = ["power", "--stddev", "0.5", "--difference", "0.05", "--pairs", "787", "--power", "0.9"];
  expect(await runHere(all)).toMatchObject({
    code: 2,
    stderr: expect.stringMatching(/leave out one of the three/),
  });
});

test("how many samples show that a side which is as good is no worse by a margin, by the test of gates", async () => {
  const power = (...args: string[]) => runHere(["power", "--stddev", ...args]);
  const told = async (...args: string[]) => JSON.parse((await power(...args, "--json")).stdout);
  const ofShares = ["--margin", "0.02", "--range", "0:1"];
  expect(await told("1e-9", ...ofShares)).toMatchObject({
    pairs: 149,
    power: 0.8,
    range_low: 0,
    range_high: 1,
  });
  const { pairs } = await told("0.2", ...ofShares);
  // As docs/statistics.md and docs/cli.md have it.
  expect(pairs).toBe(728);
  expect((await told("0.2", ...ofShares, "--pairs", String(pairs))).power).toBeCloseTo(0.8, 2);
  // Without a range it is the t-test, which takes fewer.
  expect((await told("0.2", "--margin", "0.02")).pairs).toBeLessThan(pairs);
  expect((await power("0.2", ...ofShares)).stdout).toMatch(
    /^\d+ samples show with a probability of 80 % that a side which is as good is no worse by 0\.02$/m,
  );
  for (const [args, words] of [
    [["--margin", "0.1", "--range", "0:"], /--range needs two ends that are further apart than --margin/],
    [["--margin", "2", "--range", "0:1"], /--range needs two ends that are further apart than --margin/],
    [["--difference", "0.1", "--range", "0:1"], /--range needs --margin/],
    [["--margin", "0.1", "--pairs", "9", "--power", "0.9"], /leave out one of the three/],
    [["--margin", "1e-9", "--range", "0:1"], /--margin is too small beside --stddev/],
    [["--difference", "0.1", "--power", "0.05"], /--power must be above --alpha/],
    [["--difference", "0.1", "--margin", "0.1"], /cannot be used with option '--difference/],
  ] as const)
    expect(await power("1", ...args)).toMatchObject({ code: 2, stderr: expect.stringMatching(words) });
});
