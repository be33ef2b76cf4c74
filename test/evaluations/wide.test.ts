import { expect, test, vi } from "vitest";
import { testDatabase } from "../harness/database.ts";
import { sample } from "../harness/examples.ts";

// Few, so that a test can have more.
vi.mock("../../src/limits.ts", async (original) => {
  const { limits, ...others } = await original<typeof import("../../src/limits.ts")>();
  return { ...others, limits: { ...limits, rollupBins: 50 } };
});

const { db } = await testDatabase();

test("aggregates with too many different values are not read, and those asked for count only", async () => {
  const { id: benchmarkId } = await db.benchmarks.create(sample);
  const add = (from: number, count: number) =>
    db.evaluations.createMany(
      Array.from({ length: count }, (_, n) => {
        const metrics = { many: 1.5 ** (from + n), few: n % 2 };
        return { benchmarkId, input: "i", output: "o", score: 1, metrics };
      }),
    );
  const isExact = async (names?: string[]) => {
    const exact = await db.evaluations.summarize(benchmarkId, names, { exact: true });
    const { isExact, metrics, ...summary } = await db.evaluations.summarize(benchmarkId, names);
    expect(summary).toMatchObject({ evaluationCount: exact.evaluationCount, failedCount: 0 });
    const figuresOf = (from: typeof metrics) => from.map(({ name, count, max }) => ({ name, count, max }));
    expect(figuresOf(metrics)).toEqual(figuresOf(exact.metrics));
    return isExact;
  };
  await add(0, 30);
  expect(await isExact()).toBe(false);
  await db.maintain();
  await add(18, 30);
  // By then 30 bins of the base and 30 more beside it.
  expect([await isExact(), await isExact(["many"]), await isExact(["few"])]).toEqual([true, true, false]);
  await db.maintain();
  expect([await isExact(), await isExact(["many"])]).toEqual([true, false]);
  expect(await isExact(["few", "nobody has it"])).toBe(false);
});
