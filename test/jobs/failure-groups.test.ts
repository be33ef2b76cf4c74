import { Code } from "@connectrpc/connect";
import { beforeEach, expect, test } from "vitest";
import { sample, unknownId } from "../harness/examples.ts";
import { queue } from "./support.ts";

const q = queue();
beforeEach(async () => {
  await q.reset();
  await q.worker("w");
});

async function fail(error: string, job: { jobType?: string; benchmarkId?: string } = {}): Promise<string> {
  const { id } = await q.db.jobs.create({ jobType: "t", ...job });
  await q.db.jobs.claim({ workerId: "w" });
  await q.db.jobs.fail("w", [{ jobId: id, epoch: 1, error, retryable: false }]);
  return id;
}

test("none without failures, also of jobs that are retried, completed or cancelled", async () => {
  const none = { groups: [], groupsLeftOut: 0, failuresRead: 0, more: false };
  expect(await q.db.jobs.listFailureGroups()).toEqual(none);
  const { id } = await q.db.jobs.create({ jobType: "t" });
  await q.db.jobs.claim({ workerId: "w" });
  await q.db.jobs.fail("w", [{ jobId: id, epoch: 1, error: "retried" }]);
  await q.db.jobs.cancel(id, "no use");
  expect(await q.db.jobs.listFailureGroups({ benchmarkId: unknownId })).toEqual(none);
});

test("jobs that failed by one cause are one group, the largest first, with the latest of them", async () => {
  const { id: benchmarkId } = await q.db.benchmarks.create(sample);
  const ids = [];
  for (let i = 1; i <= 4; i++) ids.push(await fail(`HTTP 429: ждите ${i}.5 s\nrequest ${i}`));
  const other = await fail("out of memory", { jobType: "ключ", benchmarkId });
  const { groups, ...read } = await q.db.jobs.listFailureGroups();
  expect(read).toEqual({ groupsLeftOut: 0, failuresRead: 5, more: false });
  expect(groups).toMatchObject([
    {
      message: "HTTP 429: ждите # s",
      count: 4,
      example: "HTTP 429: ждите 4.5 s",
      jobIds: ids.slice(1).reverse(),
    },
    { message: "out of memory", count: 1, jobIds: [other] },
  ]);
  expect(groups[0]?.firstAt).toBe((await q.db.jobs.get(ids[0] ?? "")).completedAt);
  const lastAt = groups[0]?.lastAt;
  expect(lastAt).toBe((await q.db.jobs.get(ids[3] ?? "")).completedAt);

  const messages = async (filter: Parameters<typeof q.db.jobs.listFailureGroups>[0]) =>
    (await q.db.jobs.listFailureGroups(filter)).groups.map(({ message, count }) => [message, count]);
  expect(await messages({ jobType: "ключ" })).toEqual([["out of memory", 1]]);
  expect(await messages({ benchmarkId })).toEqual([["out of memory", 1]]);
  expect(await messages({ endedBefore: lastAt })).toEqual([["HTTP 429: ждите # s", 3]]);
  expect(await messages({ endedAfter: lastAt })).toEqual([
    ["out of memory", 1],
    ["HTTP 429: ждите # s", 1],
  ]);
  expect(await q.db.jobs.listFailureGroups({ limit: 1 })).toMatchObject({
    groupsLeftOut: 1,
    failuresRead: 5,
  });
});

test.each([
  ["limit", { limit: 201 }],
  ["benchmark_id", { benchmarkId: "x" }],
  ["ended_after", { endedAfter: "yesterday" }],
])("%s is refused with its name", async (field, filter) => {
  await expect(q.db.jobs.listFailureGroups(filter)).rejects.toMatchObject({
    code: Code.InvalidArgument,
    violations: [{ field }],
  });
});
