import { expect, test } from "vitest";
import { newId } from "../../src/ids.ts";
import { gatherCalls } from "../../src/jobs/writes.ts";
import { limits } from "../../src/limits.ts";
import { jsonBytes } from "../../src/validation.ts";

const call = (items: number, letters = 0) =>
  Array.from({ length: items }, () => {
    return { jobId: newId(), epoch: 1, workerId: newId(), result: "x".repeat(letters) };
  });

/** How many items each statement has, where these calls arrive together. */
async function sizesOf(calls: readonly ReturnType<typeof call>[]): Promise<number[]> {
  const sizes: number[] = [];
  const write = gatherCalls(
    async (items: readonly ReturnType<typeof call>[number][]) => {
      sizes.push(items.length);
      return items.map(({ jobId }) => jobId);
    },
    ({ result }) => jsonBytes(result),
  );
  const answers = await Promise.all(calls.map((one) => write(one)));
  expect(answers).toEqual(calls.map((one) => one.map(({ jobId }) => jobId)));
  return sizes;
}

test("results share a statement up to their bytes; a call that has more goes alone", async () => {
  const megabytes = Math.floor(limits.gatherBytes / 4) - 100;
  expect(await sizesOf(Array.from({ length: 6 }, () => call(2, megabytes)))).toEqual([4, 4, 4]);
  expect(await sizesOf([call(1), call(5, megabytes), call(1)])).toEqual([1, 5, 1]);
});

test("small ones share one up to a number", async () => {
  const half = limits.batchItems / 2;
  expect(await sizesOf([call(half), call(half), call(1)])).toEqual([limits.batchItems, 1]);
  expect(await sizesOf(Array.from({ length: limits.gatherItems + 1 }, () => call(1)))).toEqual([200, 1]);
});
