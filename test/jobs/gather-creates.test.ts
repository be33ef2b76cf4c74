import { expect, test } from "vitest";
import { notFound } from "../../src/errors.ts";
import { newId } from "../../src/ids.ts";
import { bytesOf, type JobToCreate } from "../../src/jobs/create.ts";
import { gatherCreations } from "../../src/jobs/writes.ts";
import { limits } from "../../src/limits.ts";

function job(letters: number, metadata?: { text: string }): JobToCreate {
  const parsed = {
    jobType: "t",
    payload: { text: "x".repeat(letters) },
    metadata,
    priority: 0,
    maxRetries: 3,
    maxSnoozes: 1_000,
    timeoutSeconds: 300,
    tokens: 0,
    fairWeight: 1,
    requiredTags: [],
    onUniqueConflict: "refuse" as const,
    dependsOn: [],
    runsAfterFailure: false,
  };
  return { ...parsed, id: newId(), laneId: newId(), bytes: bytesOf(parsed), origin: undefined };
}

async function sizesOf(jobs: readonly JobToCreate[]): Promise<number[]> {
  const sizes: number[] = [];
  const refusals = new Map(jobs.map(({ id }) => [id, notFound("benchmark", id)]));
  const create = gatherCreations(async (batch) => {
    sizes.push(batch.length);
    return batch.flatMap(({ id }) => refusals.get(id) ?? []);
  });
  const answers = await Promise.all(jobs.map((one) => create(one)));
  expect(answers).toEqual([...refusals.values()]);
  return sizes;
}

test("small jobs share a statement up to a number", async () => {
  expect(await sizesOf(Array.from({ length: 250 }, () => job(200)))).toEqual([limits.gatherItems, 50]);
});

test("large ones up to their bytes, metadata included; one that is larger goes alone", async () => {
  const third = Math.floor(limits.gatherBytes / 3) - 2_000;
  expect(await sizesOf(Array.from({ length: 7 }, () => job(third)))).toEqual([3, 3, 1]);
  const metadata = { text: "x".repeat(third) };
  expect(await sizesOf(Array.from({ length: 3 }, () => job(third, metadata)))).toEqual([1, 1, 1]);
  expect(await sizesOf([job(1), job(limits.gatherBytes), job(1)])).toEqual([1, 1, 1]);
});
