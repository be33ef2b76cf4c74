import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { Code } from "@connectrpc/connect";
import { beforeAll, describe, expect, test } from "vitest";
import * as pb from "../../gen/ltb/v1/job_pb.ts";
import { ListJobsRequestSchema } from "../../gen/ltb/v1/job_service_pb.ts";
import type { JobFilter } from "../../src/jobs/input.ts";
import type { JobListOptions } from "../../src/jobs/lists/lists.ts";
import type { Job } from "../../src/jobs/rows.ts";
import { jobService } from "../../src/jobs/service.ts";
import { encodePageToken } from "../../src/wire/paging.ts";
import { sample, unknownId } from "../harness/examples.ts";
import { queue } from "./support.ts";

const q = queue();
let benchmarkId: string;

// Two types, two workers, one benchmark, every status; two pages of most of them.
beforeAll(async () => {
  const benchmark = await q.db.benchmarks.create(sample);
  benchmarkId = benchmark.id;
  await q.worker("w");
  await q.worker("v");
  for (let i = 0; i < 60; i++) {
    const job = {
      jobType: i % 2 ? "odd" : "even",
      priority: (i * 7) % 4,
      benchmarkId: i % 3 ? undefined : benchmarkId,
      payload: { i },
      // The name is in another script.
      limitKey: i % 4 ? undefined : "ключ",
      createdBy: i % 5 ? undefined : unknownId,
      runAt: i % 15 === 14 ? "2999-01-01T00:00:00Z" : undefined,
    };
    await q.db.jobs.create(job);
  }
  for (const workerId of ["w", "v", "w", "v"]) {
    const { leases } = await q.db.jobs.claim({ workerId, maxJobs: 10 });
    const ends = leases.map(({ id, epoch }) => ({ jobId: id, epoch }));
    await q.db.jobs.complete(workerId, ends.slice(0, 3));
    await q.db.jobs.fail(
      workerId,
      ends.slice(3, 5).map((end) => ({ ...end, error: "e", retryable: false })),
    );
    await q.db.jobs.fail(
      workerId,
      ends.slice(5, 6).map((end) => ({ ...end, error: "e", retryAfterMs: 60_000 })),
    );
    for (const { jobId } of ends.slice(6, 8)) await q.db.jobs.cancel(jobId);
  }
});

async function pages(filter: JobFilter, limit: number, options: JobListOptions = {}): Promise<Job[][]> {
  const found: Job[][] = [];
  let after: JobListOptions["after"];
  do {
    const { items, next } = await q.db.jobs.list(filter, { ...options, limit, after });
    expect(items.length).toBeLessThanOrEqual(limit);
    found.push([...items]);
    after = next;
  } while (after !== undefined && found.length < 100);
  return found;
}

const all = async () => {
  const { rows } = await q.client.query<{ id: string }>(
    "select id, created_at, completed_at from jobs order by created_at desc, id desc",
  );
  return Promise.all(rows.map(({ id }) => q.db.jobs.get(id)));
};

const statuses = ["pending", "running", "completed", "failed", "cancelled"].map((status) => ({ status }));
// Replaced by what the jobs have.
const some = { benchmarkId: "benchmark", ids: ["every third"], from: "20th", to: "45th", ended: "middle" };

const filters: JobFilter[] = [{}, ...statuses]
  .flatMap((filter) => [filter, { ...filter, jobType: "odd" }])
  .flatMap((filter) => [filter, { ...filter, workerId: "w" }])
  .flatMap((filter) => [filter, { ...filter, benchmarkId: some.benchmarkId }])
  .concat(
    [{}, ...statuses].flatMap((filter) => [
      { ...filter, limitKey: "ключ" },
      { ...filter, createdBy: unknownId },
      { ...filter, createdAfter: some.from },
      { ...filter, createdBefore: some.to },
      { ...filter, createdAfter: some.from, createdBefore: some.to, limitKey: "ключ", jobType: "even" },
      { ...filter, ids: some.ids },
      { ...filter, ids: some.ids, workerId: "w", createdAfter: some.from },
    ]),
    statuses.slice(2).flatMap((filter) => [
      { ...filter, endedAfter: some.ended },
      { ...filter, endedBefore: some.ended, jobType: "even" },
      { ...filter, endedAfter: some.ended, ids: some.ids },
    ]),
  ) as JobFilter[];

test.each(filters)("%j is listed whole and in order, whatever the size of the pages", async (given) => {
  const jobs = await all();
  const ends = jobs.filter(({ status }) => status === given.status).map(({ completedAt }) => completedAt);
  const middle = ends.toSorted()[ends.length >> 1] ?? undefined;
  const filter = {
    ...given,
    ...(given.benchmarkId && { benchmarkId }),
    ...(given.createdAfter && { createdAfter: jobs[40]?.createdAt }),
    ...(given.createdBefore && { createdBefore: jobs[15]?.createdAt }),
    ...(given.endedAfter && { endedAfter: middle }),
    ...(given.endedBefore && { endedBefore: middle }),
    ...(given.ids && { ids: [unknownId, ...jobs.filter((_, index) => index % 3 === 0).map(({ id }) => id)] }),
  };
  const { createdAfter = "", createdBefore = "3" } = filter;
  const expected = jobs.filter(
    (job) =>
      job.createdAt >= createdAfter &&
      job.createdAt < createdBefore &&
      (filter.endedAfter === undefined || (job.completedAt ?? "") >= filter.endedAfter) &&
      (filter.endedBefore === undefined || (job.completedAt ?? "3") < filter.endedBefore) &&
      (filter.ids === undefined || filter.ids.includes(job.id)) &&
      (filter.limitKey === undefined || job.limitKey === filter.limitKey) &&
      (filter.createdBy === undefined || job.createdBy === filter.createdBy) &&
      (filter.status === undefined || job.status === filter.status) &&
      (filter.jobType === undefined || job.jobType === filter.jobType) &&
      (filter.workerId === undefined || job.workerId === filter.workerId) &&
      (filter.benchmarkId === undefined || job.benchmarkId === filter.benchmarkId),
  );
  const isEnded = filter.status !== undefined && !["pending", "running"].includes(filter.status);
  const key = (job: Job) => `${isEnded ? job.completedAt : job.createdAt} ${job.id}`;
  expected.sort((a, b) => (key(a) < key(b) ? 1 : -1));
  for (const limit of [1, 4, 1_000]) {
    const found = (await pages(filter, limit, { full: true })).flat();
    expect(found).toEqual(expected);
    if (isEnded)
      expect((await pages({ ...filter, orderBy: "ended" }, limit, { full: true })).flat()).toEqual(found);
  }
});

test("a brief page has all but the large fields", async () => {
  const [job] = (await q.db.jobs.list({ status: "completed" }, { limit: 1 })).items;
  expect(job).toMatchObject({ payload: null, result: null, metadata: null });
  const { payload: _, result: __, metadata: ___, ...same } = await q.db.jobs.get(job?.id ?? "");
  expect(job).toMatchObject(same);
});

test.each([undefined, "pending" as const, "running" as const])(
  "order and filters by end need more than status %s",
  async (status) => {
    const time = new Date().toISOString();
    for (const [field, filter] of [
      ["order_by", { orderBy: "ended" }],
      ["ended_after", { endedAfter: time }],
      ["ended_before", { endedBefore: time, orderBy: "priority" }],
    ] as const)
      await expect(q.db.jobs.list({ status, ...filter })).rejects.toMatchObject({
        code: Code.InvalidArgument,
        violations: [{ field, description: expect.stringContaining("needs status COMPLETED") }],
      });
  },
);

test.each<[string, JobFilter]>([
  ["ids", { ids: Array.from({ length: 1_001 }, () => unknownId) }],
  ["ids[0]", { ids: ["x"] }],
  ["created_by", { createdBy: "me" }],
  ["created_after", { createdAfter: "yesterday" }],
  ["ended_before", { status: "failed", endedBefore: "tomorrow" }],
])("%s is refused with its name", async (field, filter) => {
  await expect(q.db.jobs.list(filter)).rejects.toMatchObject({ violations: [{ field }] });
});

test("a token of one set of ids, or order, is refused for another", async () => {
  const service = jobService(q.db);
  const list = (request: MessageInitShape<typeof ListJobsRequestSchema>) =>
    service.listJobs(create(ListJobsRequestSchema, { pageSize: 1, ...request }));
  const ids = (await all()).map(({ id }) => id);
  const { nextPageToken: pageToken } = await list({ ids });
  expect(pageToken).not.toBe("");
  await expect(list({ ids: ids.slice(1), pageToken })).rejects.toMatchObject({
    reason: "INVALID_PAGE_TOKEN",
  });
  const ended = { status: pb.JobStatus.COMPLETED, orderBy: pb.JobOrder.ENDED_AT };
  const next = (await list(ended)).nextPageToken;
  expect((await list({ ...ended, pageToken: next })).jobs).toHaveLength(1);
  await expect(list({ status: ended.status, pageToken: next })).rejects.toMatchObject({
    reason: "INVALID_PAGE_TOKEN",
  });
});

describe("by priority", () => {
  test.each([
    [undefined, undefined],
    ["odd", undefined],
    ["even", undefined],
    ["none", undefined],
    ["even", "ключ"],
    [undefined, "ключ"],
  ])("ready jobs of type %s and limit key %s come in the order of claims", async (jobType, limitKey) => {
    const { rows } = await q.client.query<{ id: string }>(
      `select j.id from job_ready r join jobs j on j.id = r.job_id
      where ($1::text is null or j.job_type = $1) and ($2::text is null or j.limit_key = $2)
      order by r.priority desc, r.sequence`,
      [jobType ?? null, limitKey ?? null],
    );
    for (const limit of [1, 3, 1_000]) {
      const found = await pages(
        {
          status: "pending",
          orderBy: "priority",
          ...(jobType && { jobType }),
          ...(limitKey && { limitKey }),
        },
        limit,
      );
      expect(found.flat().map(({ id }) => id)).toEqual(rows.map(({ id }) => id));
    }
  });

  test.each([{}, { status: "running" as const }, { status: "pending" as const, workerId: "w" }])(
    "%j does not go with it",
    async (filter) => {
      await expect(q.db.jobs.list({ ...filter, orderBy: "priority" })).rejects.toMatchObject({
        code: Code.InvalidArgument,
        violations: [{ field: "order_by" }],
      });
    },
  );
});

test.each([0, 1_001, 1.5])("a page of %d is refused", async (limit) => {
  await expect(q.db.jobs.list({}, { limit })).rejects.toMatchObject({ code: Code.InvalidArgument });
});

test("the operations of the specification agree with the lists", async () => {
  const stats = await q.db.jobs.getStats();
  expect(await q.db.jobs.listByStatus("failed", 1_000)).toHaveLength(stats.failed);
  expect(await q.db.jobs.listRunning(1_000)).toHaveLength(stats.running);
  expect(await q.db.jobs.listPending(1_000)).toHaveLength(stats.pending);
  expect(await q.db.jobs.countByStatus("pending")).toBe(stats.pending + stats.scheduled);
  expect(await q.db.jobs.countByStatus("completed")).toBe(stats.completed);
  expect((await q.db.jobs.listByWorker("w", 1_000)).every(({ workerId }) => workerId === "w")).toBe(true);
  expect(stats.total).toBe(60);
});

describe("statistics", () => {
  test("by type and benchmark are those of the rows, before and after folding", async () => {
    const count = async (filter: { jobType?: string; benchmarkId?: string }) => {
      const jobs = (await all()).filter(
        (job) =>
          (filter.jobType === undefined || job.jobType === filter.jobType) &&
          (filter.benchmarkId === undefined || job.benchmarkId === filter.benchmarkId),
      );
      const { rows } = await q.client.query("select job_id from job_scheduled");
      const later = new Set(rows.map(({ job_id }) => job_id));
      const of = (status: string) => jobs.filter((job) => job.status === status && !later.has(job.id)).length;
      const scheduled = jobs.filter(({ id }) => later.has(id)).length;
      const [pending, running, completed] = [of("pending"), of("running"), of("completed")];
      return {
        pending,
        scheduled,
        running,
        completed,
        failed: of("failed"),
        cancelled: of("cancelled"),
        total: jobs.length,
      };
    };
    const filters = [
      {},
      { jobType: "odd" },
      { benchmarkId },
      { jobType: "odd", benchmarkId },
      { jobType: "none" },
    ];
    for (let round = 0; round < 2; round++) {
      for (const filter of filters)
        expect(await q.db.jobs.getStats(filter)).toMatchObject(await count(filter));
      const { byType } = await q.db.jobs.getStats();
      expect(byType.map(({ jobType }) => jobType)).toEqual(["even", "odd"]);
      for (const { jobType, ...numbers } of byType) expect(numbers).toMatchObject(await count({ jobType }));
      await q.db.maintain();
    }
  });

  test("tell how long the oldest ready job has been waiting", async () => {
    // The oldest is neither the first by priority nor in the largest lane.
    const { rows } = await q.client.query<{ age: number }>(
      `update jobs set created_at = created_at - interval '1 h'
      where id = (select job_id from job_ready order by priority, sequence limit 1)
      returning extract(epoch from clock_timestamp() - created_at)::float8 * 1000 as age`,
    );
    const began = performance.now();
    const { oldestPendingAgeMs } = await q.db.jobs.getStats();
    const older = (oldestPendingAgeMs ?? 0) - (rows[0]?.age ?? 0);
    expect(older).toBeGreaterThanOrEqual(-1);
    // No more than what has passed since, with the way of the answers.
    expect(older).toBeLessThan(performance.now() - began + 1_000);
    expect((await q.db.jobs.getStats({ jobType: "none" })).oldestPendingAgeMs).toBeNull();
  });
});

describe("a position of one order in the other", () => {
  const ready = { status: "pending", orderBy: "priority" } as const;
  const bad = { code: Code.InvalidArgument, reason: "INVALID_ARGUMENT" };

  test("is refused by the repository", async () => {
    const newest = await q.db.jobs.list({}, { limit: 1 });
    const best = await q.db.jobs.list(ready, { limit: 1 });
    expect(newest.next && best.next).toBeDefined();
    await expect(q.db.jobs.list(ready, { after: newest.next })).rejects.toMatchObject(bad);
    await expect(q.db.jobs.list({}, { after: best.next })).rejects.toMatchObject(bad);
  });

  test("is no page token, even one that names the filters of the list", async () => {
    const { listJobs } = jobService(q.db);
    const request = create(ListJobsRequestSchema, { pageSize: 1 });
    const best = await q.db.jobs.list(ready, { limit: 1 });
    const pageToken = encodePageToken(best.next && { ...best.next }, { orderBy: "newest" });
    expect((await listJobs(request)).nextPageToken.slice(0, 20)).toBe(pageToken.slice(0, 20));
    await expect(listJobs({ ...request, pageToken })).rejects.toMatchObject({
      code: Code.InvalidArgument,
      reason: "INVALID_PAGE_TOKEN",
    });
  });
});
