import { setTimeout as sleep } from "node:timers/promises";
import { Code } from "@connectrpc/connect";
import { beforeEach, describe, expect, test } from "vitest";
import { newId } from "../../src/ids.ts";
import type { BulkFilter, NewJob } from "../../src/jobs/input.ts";
import { sample, unknownId } from "../harness/examples.ts";
import { queue } from "./support.ts";

const q = queue();
beforeEach(async () => {
  await q.reset();
  await q.worker("w");
});

const states = ["pending", "scheduled", "running", "completed", "failed", "cancelled"] as const;
type State = (typeof states)[number];

async function jobIn(state: State, job: Partial<NewJob> = {}): Promise<string> {
  const runAt = state === "scheduled" ? "2999-01-01T00:00:00Z" : undefined;
  const { id } = await q.db.jobs.create({ jobType: "t", runAt, priority: 1_000, ...job });
  if (state === "running" || state === "completed" || state === "failed") {
    const { leases } = await q.db.jobs.claim({ workerId: "w" });
    expect(leases).toMatchObject([{ id }]);
  }
  const end = { jobId: id, epoch: 1 };
  if (state === "completed") await q.db.jobs.complete("w", [{ ...end, result: 1 }]);
  if (state === "failed") await q.db.jobs.fail("w", [{ ...end, error: "e", retryable: false }]);
  if (state === "cancelled") await q.db.jobs.cancel(id);
  return id;
}

const status = async (id: string) => (await q.db.jobs.get(id)).status;

describe("cancel", () => {
  test.each(["pending", "scheduled", "running"] as const)("ends a %s job at once", async (state) => {
    const id = await jobIn(state, { uniqueKey: "k" });
    expect(await q.db.jobs.cancel(id, "changed my mind")).toMatchObject({
      id,
      status: "cancelled",
      error: "changed my mind",
      completedAt: expect.any(String),
      workerId: state === "running" ? "w" : null,
    });
    const attempts = await q.db.jobs.attempts(id);
    expect(attempts.map(({ outcome }) => outcome)).toEqual(state === "running" ? ["cancelled"] : []);
  });

  test("of a cancelled job changes nothing", async () => {
    const id = await jobIn("cancelled");
    const before = await q.db.jobs.get(id);
    expect(await q.db.jobs.cancel(id, "again")).toEqual(before);
  });

  test.each(["completed", "failed"] as const)("of a %s job is refused", async (state) => {
    const id = await jobIn(state);
    await expect(q.db.jobs.cancel(id)).rejects.toMatchObject({
      code: Code.FailedPrecondition,
      reason: "FORBIDDEN_STATUS_CHANGE",
      metadata: { entity: "job", id, from: state },
    });
  });

  test("without a reason keeps the error of the last attempt", async () => {
    const id = await jobIn("running");
    await q.db.jobs.fail("w", [{ jobId: id, epoch: 1, error: "why it failed" }]);
    expect(await q.db.jobs.cancel(id)).toMatchObject({ error: "why it failed" });
  });

  test("refuses a reason that cannot be stored", async () => {
    const id = await jobIn("pending");
    for (const reason of ["x".repeat(1_025), "\0"]) {
      await expect(q.db.jobs.cancel(id, reason)).rejects.toMatchObject({ violations: [{ field: "reason" }] });
    }
  });
});

describe("retry", () => {
  test.each(["failed", "cancelled"] as const)(
    "makes a %s job pending, as if new, in its old place",
    async (state) => {
      const id = await jobIn(state, { priority: 5, uniqueKey: "k" });
      const { epoch } = await q.db.jobs.get(id);
      await q.db.jobs.create({ jobType: "t", priority: 5 });
      expect(await q.db.jobs.retry(id)).toMatchObject({
        status: "pending",
        retryCount: 0,
        epoch: epoch + 1,
        error: null,
        result: null,
        progress: 0,
        runAt: null,
        startedAt: null,
        completedAt: null,
        workerId: null,
      });
      expect((await q.db.jobs.claim({ workerId: "w" })).leases).toMatchObject([{ id, epoch: epoch + 2 }]);
      await expect(q.db.jobs.create({ jobType: "t", uniqueKey: "k" })).rejects.toMatchObject({
        metadata: { id },
      });
    },
  );

  test.each(["pending", "scheduled", "running", "completed"] as const)(
    "of a %s job is refused",
    async (state) => {
      const id = await jobIn(state);
      await expect(q.db.jobs.retry(id)).rejects.toMatchObject({
        code: Code.FailedPrecondition,
        metadata: { from: state === "scheduled" ? "pending" : state },
      });
    },
  );

  test("onto a unique key that is taken names the live job, and works once that has ended", async () => {
    const id = await jobIn("cancelled", { uniqueKey: "k" });
    const live = await jobIn("pending", { uniqueKey: "k" });
    await expect(q.db.jobs.retry(id)).rejects.toMatchObject({
      code: Code.AlreadyExists,
      reason: "UNIQUE_KEY_TAKEN",
      metadata: { entity: "job", id: live },
    });
    expect(await status(id)).toBe("cancelled");
    await q.db.jobs.cancel(live);
    expect(await q.db.jobs.retry(id)).toMatchObject({ status: "pending" });
  });

  test("after a retry the late result of the attempt before is stale", async () => {
    const id = await jobIn("running");
    await q.db.jobs.cancel(id);
    await q.db.jobs.retry(id);
    expect(await q.db.jobs.complete("w", [{ jobId: id, epoch: 1 }])).toEqual([{ outcome: "stale" }]);
  });

  test("of one job by many at once happens once", async () => {
    const id = await jobIn("failed");
    const calls = Array.from({ length: 10 }, (_, i) => (i % 2 ? q.db : q.other).jobs.retry(id));
    const settled = await Promise.allSettled(calls);
    expect(settled.filter((call) => call.status === "fulfilled")).toHaveLength(1);
    expect(await q.db.jobs.get(id)).toMatchObject({ epoch: 2 });
  });
});

describe("delete", () => {
  test.each(["pending", "scheduled", "completed", "failed", "cancelled"] as const)(
    "removes a %s job",
    async (state) => {
      const id = await jobIn(state, { uniqueKey: "k" });
      await q.db.jobs.delete(id);
      await expect(q.db.jobs.get(id)).rejects.toMatchObject({ code: Code.NotFound });
      await expect(q.db.jobs.delete(id)).rejects.toMatchObject({ code: Code.NotFound });
      expect(await q.db.jobs.getStats()).toMatchObject({ total: 0 });
    },
  );

  test("of a running job is refused", async () => {
    const id = await jobIn("running");
    await expect(q.db.jobs.delete(id)).rejects.toMatchObject({ code: Code.FailedPrecondition });
    expect(await status(id)).toBe("running");
  });

  test("a completion sent again is still known", async () => {
    const id = await jobIn("completed");
    await q.db.jobs.delete(id);
    expect(await q.db.jobs.complete("w", [{ jobId: id, epoch: 1 }])).toEqual([{ outcome: "ok" }]);
  });
});

test.each(["get", "cancel", "retry", "delete"] as const)(
  "%s of no job is not found, of no id invalid",
  async (call) => {
    await expect(q.db.jobs[call](unknownId)).rejects.toMatchObject({ code: Code.NotFound });
    await expect(q.db.jobs[call]("1")).rejects.toMatchObject({
      code: Code.InvalidArgument,
      violations: [{ field: "id" }],
    });
  },
);

describe("changes of many", () => {
  test("cancel what matches and nothing else", async () => {
    const benchmark = await q.db.benchmarks.create(sample);
    const jobs: Partial<NewJob>[] = [
      { jobType: "a" },
      { jobType: "a", limitKey: "k" },
      { jobType: "b", benchmarkId: benchmark.id },
      { jobType: "b", runAt: "2999-01-01T00:00:00Z" },
    ];
    const ids = (await q.db.jobs.createMany(jobs.map((job) => ({ jobType: "t", ...job })))).map(
      ({ id }) => id,
    );
    const cancelled = async () => {
      const { items } = await q.db.jobs.list({ status: "cancelled" });
      return items.map(({ id }) => ids.indexOf(id)).sort();
    };
    const nothing = { affected: 0, skipped: 0, notPermitted: 0, more: false };
    const past = { createdBefore: "2001-01-01T00:00:00Z" };
    expect(await q.db.jobs.cancelMany(past)).toEqual(nothing);
    expect(await q.db.jobs.cancelMany({ limitKey: "k", jobType: "b" })).toMatchObject({ affected: 0 });
    expect(await q.db.jobs.cancelMany({ limitKey: "k" })).toMatchObject({ affected: 1 });
    expect(await cancelled()).toEqual([1]);
    await q.db.jobs.claim({ workerId: "w", jobTypes: ["b"] });
    expect(await q.db.jobs.cancelMany({ statuses: ["running"] }, "stop")).toMatchObject({ affected: 1 });
    expect(await cancelled()).toEqual([1, 2]);
    expect(await q.db.jobs.retryMany({ benchmarkId: benchmark.id })).toMatchObject({ affected: 1 });
    expect(await q.db.jobs.cancelMany({ createdAfter: "2001-01-01T00:00:00Z" })).toMatchObject({
      affected: 3,
    });
    expect(await cancelled()).toEqual([0, 1, 2, 3]);
  });

  test("retry leaves those whose unique key is taken", async () => {
    const old = [await jobIn("cancelled", { uniqueKey: "k" }), await jobIn("cancelled", { uniqueKey: "k" })];
    const failed = await jobIn("failed");
    const other = await jobIn("cancelled", { uniqueKey: "other" });
    await jobIn("pending", { uniqueKey: "k" });
    const result = { affected: 2, skipped: 2, notPermitted: 0, more: false };
    expect(await q.db.jobs.retryMany({ jobType: "t" }, { dryRun: true })).toEqual(result);
    expect(await q.db.jobs.retryMany({ jobType: "t" })).toEqual(result);
    expect(await Promise.all([...old, failed, other].map(status))).toEqual([
      "cancelled",
      "cancelled",
      "pending",
      "pending",
    ]);
  });

  test("retry takes one of two that want the same key", async () => {
    await jobIn("cancelled", { uniqueKey: "k" });
    await jobIn("cancelled", { uniqueKey: "k" });
    const result = { affected: 1, skipped: 1 };
    expect(await q.db.jobs.retryMany({ jobType: "t" }, { dryRun: true })).toMatchObject(result);
    expect(await q.db.jobs.retryMany({ jobType: "t" })).toMatchObject(result);
  });

  test("by ids change these, and tell of the others", async () => {
    const mine = { createdBy: unknownId };
    const ids = [
      await jobIn("running", mine),
      await jobIn("completed", mine),
      await jobIn("pending", mine),
      await jobIn("pending"),
    ];
    const missing = newId();
    const spared = await jobIn("pending", mine);
    const given = { permittedTo: unknownId, ids: [...ids, ...ids, missing] };
    const result = { affected: 2, skipped: 2, notPermitted: 1, more: false };
    for (const options of [{ dryRun: true }, {}]) {
      expect(await q.db.jobs.cancelMany(given, "enough", options)).toEqual(result);
      expect(await status(ids[0] ?? "")).toBe(options.dryRun ? "running" : "cancelled");
    }
    expect(await Promise.all([...ids.slice(1), spared].map(status))).toEqual([
      "completed",
      "cancelled",
      "pending",
      "pending",
    ]);
    // Again nothing is left to be done.
    expect(await q.db.jobs.cancelMany(given)).toEqual({ ...result, affected: 0, skipped: 4 });
    expect(await q.db.jobs.retryMany({ ids, jobType: "other" })).toMatchObject({ affected: 0, skipped: 4 });
    expect(await q.db.jobs.retryMany({ ids }, { dryRun: true })).toMatchObject({ affected: 2, skipped: 2 });
    expect(await q.db.jobs.retryMany({ ids })).toMatchObject({ affected: 2, skipped: 2 });
  });

  test("that only count change nothing, and leave no entry in the trail", async () => {
    await jobIn("failed", { benchmarkId: (await q.db.benchmarks.create(sample)).id });
    const { id } = await q.db.benchmarks.create(sample);
    await jobIn("failed", { benchmarkId: id });
    await q.db.benchmarks.delete(id);
    const traces = async () => {
      const { rows } = await q.client.query(
        "select (select count(*) from audit_logs) as entries, (select count(*) from job_events) as events",
      );
      return rows;
    };
    const before = await traces();
    expect(await q.db.jobs.retryMany({ jobType: "t" }, { dryRun: true })).toMatchObject({
      affected: 1,
      skipped: 1,
    });
    expect(await traces()).toEqual(before);
    expect(await q.db.jobs.retryMany({ jobType: "t" })).toMatchObject({ affected: 1, skipped: 1 });
  });

  test("reach every job of many batches, also while workers take and end them", async () => {
    for (let i = 0; i < 3; i++) {
      await q.db.jobs.createMany(Array.from({ length: 600 }, () => ({ jobType: "many" })));
    }
    let stop = false;
    const work = async (db: typeof q.db) => {
      while (!stop) {
        const { leases } = await db.jobs.claim({ workerId: "w", maxJobs: 20 });
        await sleep(1);
        if (leases.length > 0)
          await db.jobs.release(
            "w",
            leases.map(({ id, epoch }) => ({ jobId: id, epoch })),
          );
      }
    };
    const workers = [work(q.db), work(q.other)];
    const { affected, more } = await q.db.jobs.cancelMany({ jobType: "many" });
    stop = true;
    await Promise.all(workers);
    expect({ affected, more }).toEqual({ affected: 1_800, more: false });
    expect(await q.db.jobs.getStats()).toMatchObject({ cancelled: 1_800, total: 1_800 });
  });

  test("retry takes a job that has failed anew meanwhile by what it is now", async () => {
    const [first, second] = [await jobIn("failed"), await jobIn("failed")];
    const client = await q.client.connect();
    await client.query("begin");
    await client.query("select 1 from job_finished where job_id = $1 for update", [first]);
    const retried = q.db.jobs.retryMany({ jobType: "t" });
    await sleep(100);
    await q.other.jobs.retry(second);
    const { leases } = await q.other.jobs.claim({ workerId: "w" });
    await q.other.jobs.fail(
      "w",
      leases.map(({ id, epoch }) => ({ jobId: id, epoch, error: "anew", retryable: false })),
    );
    await client.query("commit");
    client.release();
    expect(await retried).toMatchObject({ affected: 2 });
    expect(await Promise.all([first, second].map(status))).toEqual(["pending", "pending"]);
  });

  test("need a filter, and statuses that can be changed", async () => {
    for (const name of ["cancelMany", "retryMany"] as const) {
      const change = (filter: BulkFilter) => q.db.jobs[name](filter);
      await expect(change({})).rejects.toMatchObject({ code: Code.InvalidArgument });
      await expect(change({ permittedTo: unknownId })).rejects.toMatchObject({ code: Code.InvalidArgument });
      await expect(change({ ids: Array.from({ length: 1_001 }, () => unknownId) })).rejects.toMatchObject({
        violations: [{ field: "ids" }],
      });
      await expect(change({ statuses: ["completed"] })).rejects.toMatchObject({
        violations: [{ field: "status" }],
      });
    }
  });
});

describe("cleanup", () => {
  test("removes ended jobs of the age and statuses asked for", async () => {
    for (const state of ["completed", "failed", "cancelled", "scheduled", "pending"] as const)
      await jobIn(state);
    expect(await q.db.jobs.cleanupOldJobs(1)).toMatchObject({ affected: 0, more: false });
    expect(await q.db.jobs.cleanupOldJobs(0, ["failed"])).toMatchObject({ affected: 1 });
    expect(await q.db.jobs.cleanupOldJobs(0, [])).toMatchObject({ affected: 0 });
    expect(await q.db.jobs.cleanupOldJobs(0)).toMatchObject({ affected: 2 });
    expect(await q.db.jobs.getStats()).toMatchObject({ total: 2, pending: 1, scheduled: 1 });
  });

  test("takes all of many batches", async () => {
    for (let i = 0; i < 2; i++)
      await q.db.jobs.createMany(Array.from({ length: 600 }, () => ({ jobType: "many" })));
    await q.db.jobs.cancelMany({ jobType: "many" });
    expect(await q.db.jobs.cleanupOldJobs(0)).toEqual({ affected: 1_200, skipped: 0, more: false });
  });

  test("never takes a job that is being retried", async () => {
    for (let round = 0; round < 8; round++) {
      const jobs = await q.db.jobs.createMany(Array.from({ length: 60 }, () => ({ jobType: `r${round}` })));
      await q.db.jobs.cancelMany({ jobType: `r${round}` });
      const [retried, ...cleaned] = await Promise.all([
        q.other.jobs.retryMany({ jobType: `r${round}` }),
        q.db.jobs.cleanupOldJobs(0),
        q.other.jobs.cleanupOldJobs(0),
      ]);
      const deleted = cleaned.reduce((sum, { affected }) => sum + affected, 0);
      expect(retried.affected + deleted).toBe(jobs.length);
      expect((await q.db.jobs.getStats({ jobType: `r${round}` })).pending).toBe(retried.affected);
    }
  });

  test("refuses what cannot be meant", async () => {
    await expect(q.db.jobs.cleanupOldJobs(-1)).rejects.toMatchObject({
      violations: [{ field: "older_than_days" }],
    });
    await expect(q.db.jobs.cleanupOldJobs(0, ["running"])).rejects.toMatchObject({
      violations: [{ field: "statuses[0]" }],
    });
  });
});
