import { beforeEach, describe, expect, test } from "vitest";
import type { NewJob } from "../../src/jobs/input.ts";
import { limits } from "../../src/limits.ts";
import { eventually } from "../harness/waiting.ts";
import { queue } from "./support.ts";

const q = queue();
beforeEach(async () => {
  await q.reset();
  await q.worker("w", { capacity: 10_000 });
});

const reason = "no worker started it within its start_within";

const create = (job: Partial<NewJob> = {}) =>
  q.db.jobs.create({ jobType: "t", startWithinMs: 60_000, ...job });

async function claim(maxJobs = 100) {
  return (await q.db.jobs.claim({ workerId: "w", maxJobs })).leases;
}

const deadlines = async () => (await q.client.query("select from job_start_deadlines")).rowCount;

describe("a job that is to start in time", () => {
  test("and that no worker has started by then is cancelled with that reason, once", async () => {
    const { id, startBy, createdAt } = await create({ uniqueKey: "k" });
    expect(Date.parse(startBy ?? "") - Date.parse(createdAt)).toBe(60_000);
    expect((await q.db.jobs.get(id)).startBy).toBe(startBy);
    await q.maintain();
    expect(await q.db.jobs.get(id)).toMatchObject({ status: "pending" });
    await q.passStartTimes();
    await Promise.all([q.maintain(), q.maintain(q.other)]);
    expect(await q.db.jobs.get(id)).toMatchObject({ status: "cancelled", error: reason, epoch: 0 });
    expect(await claim()).toEqual([]);
    expect(await deadlines()).toBe(0);
    const { rows } = await q.client.query(
      "select action, actor, changes from audit_logs where entity_id = $1",
      [id],
    );
    expect(rows.filter(({ action }) => action === "cancel")).toEqual([
      {
        action: "cancel",
        actor: "service",
        changes: { before: { status: "pending" }, after: { status: "cancelled", error: reason } },
      },
    ]);
    // Its key is free, and by hand it is retried without a time.
    await create({ uniqueKey: "k" });
    const other = await create();
    await q.passStartTimes();
    await q.maintain();
    await q.db.jobs.retry(other.id);
    await q.maintain();
    expect(await q.db.jobs.get(other.id)).toMatchObject({ status: "pending" });
  });

  test("has that time from when it was due, also while it waits for that", async () => {
    const { id, startBy, runAt } = await create({ delayMs: 3_600_000 });
    expect(Date.parse(startBy ?? "") - Date.parse(runAt ?? "")).toBe(60_000);
    expect((await q.db.jobs.get(id)).startBy).toBe(startBy);
    const past = await create({ runAt: "2020-01-01T00:00:00Z" });
    expect(Date.parse(past.startBy ?? "") - Date.parse(past.createdAt)).toBe(60_000);
    expect((await q.db.jobs.get(past.id)).startBy).toBe(past.startBy);
    await q.passStartTimes();
    await q.maintain();
    expect(await q.db.jobs.get(id)).toMatchObject({ status: "cancelled", error: reason });
    expect(await q.db.jobs.getStats()).toMatchObject({ scheduled: 0, pending: 0, cancelled: 2 });
  });

  test("and that has started goes on, and comes back as often as it may", async () => {
    await create();
    const [lease] = await claim();
    await q.passStartTimes();
    await q.maintain();
    const ends = lease ? [{ jobId: lease.id, epoch: lease.epoch }] : [];
    expect(await q.db.jobs.release("w", ends)).toEqual([{ outcome: "ok" }]);
    await q.maintain();
    expect((await claim()).map(({ id }) => id)).toEqual([lease?.id]);
    expect(await deadlines()).toBe(0);
  });

  test("and that was cancelled or deleted before is left as it is", async () => {
    const cancelled = await create();
    await q.db.jobs.cancel(cancelled.id, "by hand");
    const deleted = await create();
    await q.db.jobs.delete(deleted.id);
    await q.passStartTimes();
    await q.maintain();
    expect(await q.db.jobs.get(cancelled.id)).toMatchObject({ error: "by hand" });
    expect(await deadlines()).toBe(0);
  });

  test("and that is moving meanwhile is looked at again", async () => {
    const { id } = await create({ delayMs: 3_600_000 });
    await q.passStartTimes();
    const holder = await q.client.connect();
    await holder.query("begin");
    await holder.query("delete from job_scheduled where job_id = $1", [id]);
    const round = q.maintain();
    await eventually(async () => {
      const { rowCount } = await q.client.query(
        "select from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()",
      );
      return rowCount === 1;
    });
    await holder.query(
      `insert into job_ready (job_id, sequence, lane_id, priority, bytes)
      select id, sequence, lane_id, priority, bytes from jobs where id = $1`,
      [id],
    );
    await holder.query(`
      insert into job_stat_deltas (job_type, pending, scheduled, running, completed, failed, cancelled)
      values ('t', 1, -1, 0, 0, 0, 0)`);
    await holder.query("commit");
    holder.release();
    await round;
    expect(await q.db.jobs.get(id)).toMatchObject({ status: "pending" });
    expect(await deadlines()).toBe(1);
    await q.maintain();
    expect(await q.db.jobs.get(id)).toMatchObject({ status: "cancelled" });
  });

  test("a thousand and more are cancelled in one round", async () => {
    for (let batch = 0; batch < 3; batch++)
      await q.db.jobs.createMany(Array.from({ length: 700 }, () => ({ jobType: "t", startWithinMs: 1 })));
    await q.client.query("select pg_sleep(0.01)");
    await q.maintain();
    expect(await q.db.jobs.getStats()).toMatchObject({ pending: 0, cancelled: 2_100 });
    expect(await deadlines()).toBe(0);
  });

  test.each([0, -1, 1.5, limits.delayMs + 1])("within %d ms is refused", async (startWithinMs) => {
    await expect(create({ startWithinMs })).rejects.toMatchObject({
      violations: [{ field: "start_within_ms" }],
    });
  });
});
