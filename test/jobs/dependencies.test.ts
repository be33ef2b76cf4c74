import { beforeEach, describe, expect, test } from "vitest";
import { newId } from "../../src/ids.ts";
import type { BulkFilter, NewJob } from "../../src/jobs/input.ts";
import { QueueMaintenance } from "../../src/jobs/upkeep/maintenance.ts";
import { limits } from "../../src/limits.ts";
import { sample } from "../harness/examples.ts";
import { queue } from "./support.ts";

const q = queue();
beforeEach(async () => {
  await q.settled();
  await q.reset();
  await q.worker("w", { capacity: 10_000 });
});

const create = (job: Partial<NewJob> = {}) => q.db.jobs.create({ jobType: "t", ...job });
const get = (id: string) => q.db.jobs.get(id);

async function claim(maxJobs = 100) {
  return (await q.db.jobs.claim({ workerId: "w", maxJobs })).leases;
}

async function complete(...ids: string[]) {
  const leases = (await claim()).filter(({ id }) => ids.includes(id));
  expect(leases.map(({ id }) => id).sort()).toEqual([...ids].sort());
  const ends = leases.map(({ id, epoch }) => ({ jobId: id, epoch }));
  expect((await q.db.jobs.complete("w", ends)).every(({ outcome }) => outcome === "ok")).toBe(true);
}

async function leftOver() {
  const { rows } = await q.client.query(`
    select (select count(*)::integer from job_dependencies) as open,
      (select count(*)::integer from job_ended_dependencies) as ended`);
  return rows[0];
}

const nothing = { open: 0, ended: 0 };

describe("a job that depends on others", () => {
  test("is pending and in no line until the last of them has completed", async () => {
    const first = await create();
    const second = await create();
    const job = await create({ dependsOn: [second.id, first.id, second.id] });
    expect(job).toMatchObject({ status: "pending", waitsFor: 2, dependsOn: [second.id, first.id] });
    expect(await get(job.id)).toEqual(job);
    const leases = await claim();
    expect(leases.map(({ id }) => id)).toEqual([first.id, second.id]);
    for (const [index, { id, epoch }] of leases.entries()) {
      await q.db.jobs.complete("w", [{ jobId: id, epoch }]);
      await q.maintain();
      expect(await get(job.id)).toMatchObject({ status: "pending", waitsFor: 1 - index });
    }
    const [lease] = await claim();
    expect(lease).toMatchObject({ id: job.id, dependsOn: [second.id, first.id], waitsFor: 0 });
    expect(await leftOver()).toEqual(nothing);
  });

  test("counts as pending, and as scheduled once it waits only for its time", async () => {
    const first = await create();
    const job = await create({ dependsOn: [first.id], delayMs: 3_600_000 });
    expect(await q.db.jobs.getStats()).toMatchObject({ pending: 2, scheduled: 0 });
    await complete(first.id);
    await q.maintain();
    expect(await q.db.jobs.getStats()).toMatchObject({ pending: 0, scheduled: 1 });
    await q.makeDue();
    await q.maintain();
    await complete(job.id);
  });

  test("does not wait for what has completed before", async () => {
    const first = await create();
    await complete(first.id);
    const job = await create({ dependsOn: [first.id] });
    expect(job).toMatchObject({ waitsFor: 0, dependsOn: [first.id] });
    await complete(job.id);
    expect(await leftOver()).toEqual(nothing);
  });

  test("stands in a batch behind what it depends on: a chain, and a diamond", async () => {
    const [a, b, c, d] = [newId(), newId(), newId(), newId()];
    await q.db.jobs.createMany([
      { id: a, jobType: "t" },
      { id: b, jobType: "t", dependsOn: [a] },
      { id: c, jobType: "t", dependsOn: [a] },
      { id: d, jobType: "t", dependsOn: [b, c] },
    ]);
    for (const ids of [[a], [b, c], [d]]) {
      await complete(...ids);
      await q.maintain();
    }
    expect(await q.db.jobs.getStats()).toMatchObject({ pending: 0, completed: 4 });
    expect(await leftOver()).toEqual(nothing);
  });

  test("depends on a thousand at most", async () => {
    const jobs = await q.db.jobs.createMany(
      Array.from({ length: limits.batchItems }, () => ({ jobType: "t" })),
    );
    const ids = jobs.map(({ id }) => id);
    const job = await create({ dependsOn: ids });
    expect(job.waitsFor).toBe(limits.batchItems);
    const leases = await claim(limits.batchItems);
    await q.db.jobs.complete(
      "w",
      leases.map(({ id, epoch }) => ({ jobId: id, epoch })),
    );
    await q.maintain();
    await complete(job.id);
    await expect(create({ dependsOn: [...ids, job.id] })).rejects.toMatchObject({
      code: 3,
      violations: [{ field: "depends_on", description: "must have at most 1000 items" }],
    });
  });

  test("waits for the end of retries", async () => {
    const first = await create({ maxRetries: 1 });
    const job = await create({ dependsOn: [first.id] });
    const [lease] = await claim();
    const failure = { jobId: first.id, error: "e", retryAfterMs: 0 };
    await q.db.jobs.fail("w", [{ ...failure, epoch: lease?.epoch ?? 0 }]);
    await q.maintain();
    expect(await get(job.id)).toMatchObject({ status: "pending", waitsFor: 1 });
    const [again] = await claim();
    await q.db.jobs.fail("w", [{ ...failure, epoch: again?.epoch ?? 0 }]);
    await q.maintain();
    expect(await get(job.id)).toMatchObject({ status: "cancelled", waitsFor: 0 });
  });
});

describe("what is refused", () => {
  const stranger = newId();

  test("an id that is not known, by field and id, and nothing is created", async () => {
    const known = await create();
    await expect(create({ dependsOn: [known.id, stranger] })).rejects.toMatchObject({
      reason: "NOT_FOUND",
      message: `depends_on[1]: job ${stranger} does not exist`,
      violations: [{ field: "depends_on[1]" }],
    });
    const batch = [{ jobType: "t" }, { jobType: "t", dependsOn: [stranger] }];
    await expect(q.db.jobs.createMany(batch)).rejects.toMatchObject({
      reason: "NOT_FOUND",
      violations: [{ field: "jobs[1].depends_on[0]" }],
    });
    expect(await q.db.jobs.getStats()).toMatchObject({ pending: 1 });
  });

  test("itself, and a job that stands behind it in the batch", async () => {
    const [a, b] = [newId(), newId()];
    await expect(create({ id: a, dependsOn: [a] })).rejects.toMatchObject({
      violations: [{ field: "depends_on[0]" }],
    });
    const circle = [
      { id: a, jobType: "t", dependsOn: [b] },
      { id: b, jobType: "t", dependsOn: [a] },
    ];
    await expect(q.db.jobs.createMany(circle)).rejects.toMatchObject({
      reason: "INVALID_ARGUMENT",
      violations: [
        {
          field: "jobs[0].depends_on[0]",
          description:
            "must be a job that exists or stands earlier in the batch, with on_unique_conflict REFUSE",
        },
      ],
    });
  });
});

describe("a dependency that does not complete", () => {
  /** How a pending or running job ends without success, by what its dependants say of it. */
  const ends: Record<string, [words: string, end: (id: string) => Promise<unknown>]> = {
    failure: [
      "failed",
      async (id) => {
        const [lease] = await claim();
        const epoch = lease?.epoch ?? 0;
        await q.db.jobs.fail("w", [{ jobId: id, epoch, error: "e", retryable: false }]);
      },
    ],
    "lost worker": [
      "failed",
      async () => {
        await claim();
        await q.expire();
        await q.maintain();
      },
    ],
    cancellation: ["was cancelled", (id) => q.db.jobs.cancel(id)],
    "cancellation while running": [
      "was cancelled",
      async (id) => {
        await claim();
        await q.db.jobs.cancel(id);
      },
    ],
    "bulk cancellation": ["was cancelled", (id) => q.db.jobs.cancelMany({ ids: [id] })],
    deletion: ["was deleted", (id) => q.db.jobs.delete(id)],
    "start deadline": [
      "was cancelled",
      async () => {
        await q.passStartTimes();
        await q.maintain();
      },
    ],
  };

  test.each(Object.entries(ends))("by %s", async (_, [words, end]) => {
    const first = await create({ maxRetries: 0, startWithinMs: 60_000 });
    const job = await create({ dependsOn: [first.id], uniqueKey: "k" });
    const next = await create({ dependsOn: [job.id] });
    const anyway = await create({ dependsOn: [first.id, next.id], runsAfterFailure: true });
    await end(first.id);
    await q.maintain();
    const error = `it depends on job ${first.id}, which ${words}`;
    expect(await get(job.id)).toMatchObject({ status: "cancelled", error, waitsFor: 0 });
    expect(await get(next.id)).toMatchObject({
      status: "cancelled",
      error: `it depends on job ${job.id}, which was cancelled`,
    });
    await complete(anyway.id);
    expect(await leftOver()).toEqual(nothing);
    const { rows } = await q.client.query(
      "select actor, changes from audit_logs where entity_id = $1 and action = 'cancel'",
      [job.id],
    );
    expect(rows).toEqual([
      {
        actor: "service",
        changes: { before: { status: "pending" }, after: { status: "cancelled", error } },
      },
    ]);
    await create({ uniqueKey: "k" });
  });

  test("and has ended before counts as that, too", async () => {
    const first = await create();
    await q.db.jobs.cancel(first.id);
    const job = await create({ dependsOn: [first.id] });
    const anyway = await create({ dependsOn: [first.id], runsAfterFailure: true });
    expect(anyway.waitsFor).toBe(0);
    await q.maintain();
    expect(await get(job.id)).toMatchObject({
      status: "cancelled",
      error: `it depends on job ${first.id}, which was cancelled`,
    });
    await complete(anyway.id);
    expect(await leftOver()).toEqual(nothing);
  });

  test("and is retried leaves what it cancelled as it is; that waits for nothing when it is retried", async () => {
    const first = await create();
    const job = await create({ dependsOn: [first.id] });
    await q.db.jobs.cancel(first.id);
    await q.maintain();
    await q.db.jobs.retry(first.id);
    await q.maintain();
    expect(await get(job.id)).toMatchObject({ status: "cancelled" });
    expect(await q.db.jobs.retry(job.id)).toMatchObject({ status: "pending", waitsFor: 0 });
    await complete(first.id, job.id);
  });

  test("ends a chain of a thousand", async () => {
    const ids = Array.from({ length: limits.batchItems }, () => newId());
    await q.db.jobs.createMany(
      ids.map((id, index) => ({ id, jobType: "t", dependsOn: ids.slice(Math.max(index - 1, 0), index) })),
    );
    await q.db.jobs.cancel(ids[0] ?? "");
    await q.maintain();
    expect(await q.db.jobs.getStats()).toMatchObject({ pending: 0, cancelled: limits.batchItems });
    expect(await leftOver()).toEqual(nothing);
  });

  test("ends thousands that depend on it", async () => {
    const first = await create();
    for (let batch = 0; batch < 3; batch++)
      await q.db.jobs.createMany(
        Array.from({ length: 700 }, () => ({ jobType: "t", dependsOn: [first.id] })),
      );
    await q.db.jobs.cancel(first.id);
    await q.maintain();
    expect(await q.db.jobs.getStats()).toMatchObject({ pending: 0, cancelled: 2_101 });
  });
});

describe("a job that waits", () => {
  test("and is cancelled or deleted leaves nothing behind", async () => {
    const first = await create();
    const cancelled = await create({ dependsOn: [first.id] });
    const deleted = await create({ dependsOn: [first.id] });
    await q.db.jobs.cancel(cancelled.id);
    await q.db.jobs.delete(deleted.id);
    await complete(first.id);
    await q.maintain();
    expect(await q.db.jobs.getStats()).toMatchObject({ pending: 0, completed: 1, cancelled: 1 });
    expect(await leftOver()).toEqual(nothing);
  });

  test("is found by changes of many, also behind many others", async () => {
    const [first, second] = [await create(), await create()];
    for (let batch = 0; batch < 2; batch++)
      await q.db.jobs.createMany(
        Array.from({ length: 600 }, () => ({ jobType: "b", dependsOn: [first.id, second.id] })),
      );
    const filter: BulkFilter = { jobType: "b", statuses: ["pending"] };
    expect(await q.db.jobs.cancelMany(filter)).toMatchObject({ affected: 1_200, more: false });
    expect(await q.db.jobs.getStats()).toMatchObject({ pending: 2, cancelled: 1_200 });
    expect(await leftOver()).toEqual(nothing);
  });

  test("is changed and waits on", async () => {
    const first = await create();
    const job = await create({ dependsOn: [first.id] });
    await q.db.jobs.update(job.id, { limitKey: "k", priority: 5 });
    expect(await get(job.id)).toMatchObject({ limitKey: "k", priority: 5, waitsFor: 1 });
    await q.db.jobs.update(job.id, { delayMs: 3_600_000 });
    expect(await q.db.jobs.getStats()).toMatchObject({ pending: 2, scheduled: 0 });
    await q.db.jobs.update(job.id, { runAt: null });
    await complete(first.id);
    await q.maintain();
    await complete(job.id);
  });

  test("takes the turn of its key once it is ready", async () => {
    const first = await create({ jobType: "first" });
    const job = await create({ dependsOn: [first.id], fairKey: "a" });
    await create({ fairKey: "b" });
    const [lease] = (await q.db.jobs.claim({ workerId: "w", jobTypes: ["first"] })).leases;
    await q.db.jobs.complete("w", [{ jobId: first.id, epoch: lease?.epoch ?? 0 }]);
    await q.settled();
    const { rows } = await q.client.query("select job_id, turn::integer from job_ready order by turn");
    expect(rows).toHaveLength(2);
    expect(rows.find(({ job_id }) => job_id === job.id)?.turn).toBeGreaterThan(0);
  });

  test("is created once for one request id", async () => {
    const first = await create();
    const request = { actor: "me", requestId: "r" };
    const job = { jobType: "t", dependsOn: [first.id] };
    const made = await q.db.jobs.create(job, request);
    expect(await q.other.jobs.create(job, request)).toEqual(made);
    await complete(first.id);
    await q.maintain();
    await complete(made.id);
  });
});

test("the deletion of a benchmark fails its jobs, and so cancels what depends on them", async () => {
  const { id: benchmarkId } = await q.db.benchmarks.create(sample);
  const first = await create({ benchmarkId });
  const job = await create({ dependsOn: [first.id] });
  await q.db.benchmarks.delete(benchmarkId);
  await q.settled();
  expect(await get(first.id)).toMatchObject({ status: "failed" });
  expect(await get(job.id)).toMatchObject({
    status: "cancelled",
    error: `it depends on job ${first.id}, which failed`,
  });
});

test("a job that replaces another depends on none, and none on what may be another's", async () => {
  const first = await create();
  const unique = { uniqueKey: "k", dependsOn: [first.id] };
  await expect(create({ ...unique, onUniqueConflict: "replace" })).rejects.toMatchObject({
    violations: [{ field: "depends_on", description: "must not be given for a job that replaces another" }],
  });
  const [id, onUniqueConflict] = [newId(), "return_existing" as const];
  const batch = [
    { id, jobType: "t", uniqueKey: "k", onUniqueConflict },
    { jobType: "t", dependsOn: [id] },
  ];
  await expect(q.db.jobs.createMany(batch)).rejects.toMatchObject({
    violations: [{ field: "jobs[1].depends_on[0]" }],
  });
  expect((await create({ ...unique, onUniqueConflict })).waitsFor).toBe(1);
});

describe("an end that nobody has settled when the server was killed", () => {
  test.each(["completed", "cancelled"])("%s: the upkeep of another goes on with it", async (status) => {
    const first = await create();
    const job = await create({ dependsOn: [first.id] });
    // So it stands as after a kill between the two transactions.
    q.db.queue.settler.isAwaited = false;
    if (status === "completed") await complete(first.id);
    else await q.db.jobs.cancel(first.id);
    expect(await leftOver()).toEqual({ open: 1, ended: 1 });
    expect(await get(job.id)).toMatchObject({ status: "pending", waitsFor: 1 });
    const events = "select from job_events where job_ids @> array[$1::uuid]";
    const before = (await q.client.query(events, [job.id])).rowCount ?? 0;
    await new QueueMaintenance(q.other.executor, q.other.queue).watchOver();
    expect(await leftOver()).toEqual(nothing);
    // Watchers hear of it.
    expect((await q.client.query(events, [job.id])).rowCount).toBe(before + 1);
    if (status === "completed") await complete(job.id);
    else expect(await get(job.id)).toMatchObject({ status: "cancelled" });
  });
});

describe("at the same time", () => {
  test("two servers end the last two: one of them makes it ready", async () => {
    for (let round = 0; round < 40; round++) {
      const [first, second] = [await create(), await create()];
      const job = await create({ dependsOn: [first.id, second.id] });
      const leases = await claim();
      await Promise.all(
        leases.map(async ({ id, epoch }, index) => {
          const server = index === 0 ? q.db : q.other;
          await server.jobs.complete("w", [{ jobId: id, epoch }]);
          await server.queue.settler.settle();
        }),
      );
      await q.settled();
      await complete(job.id);
    }
    expect(await leftOver()).toEqual(nothing);
  });

  test("a job is created while what it depends on ends", async () => {
    for (let round = 0; round < 60; round++) {
      const first = await create();
      const [lease] = await claim();
      const end = { jobId: first.id, epoch: lease?.epoch ?? 0 };
      const [job] = await Promise.all([
        q.other.jobs.create({ jobType: "t", dependsOn: [first.id] }),
        q.db.jobs.complete("w", [end]).then(q.settled),
      ]);
      await q.settled();
      await complete(job.id);
    }
    expect(await leftOver()).toEqual(nothing);
  });

  test("a job is created while the failure of what it depends on is settled", async () => {
    for (let round = 0; round < 40; round++) {
      const first = await create();
      await create({ dependsOn: [first.id] });
      await q.db.jobs.cancel(first.id);
      const [job] = await Promise.all([
        q.other.jobs.create({ jobType: "t", dependsOn: [first.id] }),
        q.settled(),
      ]);
      await q.settled();
      expect(await get(job.id)).toMatchObject({ status: "cancelled" });
    }
    expect(await leftOver()).toEqual(nothing);
  });

  test("a job that waits is cancelled while it becomes ready", async () => {
    for (let round = 0; round < 40; round++) {
      const first = await create();
      const job = await create({ dependsOn: [first.id] });
      await complete(first.id);
      await Promise.all([q.settled(), q.other.jobs.cancel(job.id)]);
      await q.settled();
      expect(await get(job.id)).toMatchObject({ status: "cancelled", waitsFor: 0 });
    }
    expect(await leftOver()).toEqual(nothing);
  });
});
