import { beforeEach, describe, expect, test } from "vitest";
import { withOrigin } from "../../src/call-scope.ts";
import type { NewJob, ReleaseInput } from "../../src/jobs/input.ts";
import { limits } from "../../src/limits.ts";
import { unknownId } from "../harness/examples.ts";
import { queue } from "./support.ts";

const q = queue();
beforeEach(async () => {
  await q.reset();
  await q.worker("w", { capacity: 10_000 });
});

const ref = ({ id, epoch }: { id: string; epoch: number }) => ({ jobId: id, epoch });

async function claim(maxJobs = 100) {
  return (await q.db.jobs.claim({ workerId: "w", maxJobs })).leases;
}

async function claimedOne(job: Partial<NewJob> = {}) {
  const { id } = await q.db.jobs.create({ jobType: "t", ...job });
  const lease = (await claim()).find((each) => each.id === id);
  if (!lease) throw new Error("nothing was claimed");
  return lease;
}

/** Gives a job back for later, as a minute if nothing else is said. */
async function snooze(lease: { id: string; epoch: number }, how: Partial<ReleaseInput> = {}) {
  const [result] = await q.db.jobs.release("w", [{ ...ref(lease), delayMs: 60_000, ...how }]);
  return result;
}

describe("a job that is given back for later", () => {
  test("is due after its delay by the database's clock, costs no retry, and keeps its place", async () => {
    const lease = await claimedOne({ maxRetries: 0 });
    await q.db.jobs.create({ jobType: "t" });
    const before = await q.client.query("select clock_timestamp() as at");
    const result = await snooze(lease);
    expect(result).toEqual({ outcome: "ok", status: "pending", runAt: expect.any(String) });
    const delay = Date.parse(result?.runAt ?? "") - before.rows[0].at.getTime();
    expect(delay).toBeGreaterThanOrEqual(60_000);
    expect(delay).toBeLessThan(70_000);
    const { attempts, ...job } = await q.db.jobs.getWithAttempts(lease.id);
    expect(job).toMatchObject({
      status: "pending",
      retryCount: 0,
      snoozeCount: 1,
      maxSnoozes: limits.maxSnoozesDefault,
      workerId: null,
      error: null,
      runAt: result?.runAt,
    });
    expect(attempts).toMatchObject([{ outcome: "snoozed", workerId: "w", error: null }]);
    expect(await q.db.jobs.getStats()).toMatchObject({ scheduled: 1, pending: 1, running: 0 });
    expect(await q.db.workers.getByWorkerId("w")).toMatchObject({ currentTasks: 0 });
    await q.makeDue();
    await q.maintain();
    const [first] = await claim(1);
    expect(first).toMatchObject({ id: lease.id, epoch: 2, retryCount: 0, snoozeCount: 1 });
  });

  test("answers a repeat as the first time, and an earlier epoch as over", async () => {
    const lease = await claimedOne();
    const first = await snooze(lease);
    expect(await snooze(lease, { delayMs: 1 })).toEqual(first);
    expect(await q.db.jobs.get(lease.id)).toMatchObject({ snoozeCount: 1 });
    await q.makeDue();
    await q.maintain();
    const [second] = await claim();
    expect(await snooze(lease)).toEqual({ outcome: "ok", status: "pending", runAt: null });
    expect(await q.db.jobs.complete("w", second ? [ref(second)] : [])).toEqual([{ outcome: "ok" }]);
    expect(await snooze(second ?? lease)).toEqual({ outcome: "stale" });
  });

  test("more often than max_snoozes spends retries, after the delay all the same, and then fails", async () => {
    const lease = await claimedOne({ maxSnoozes: 1, maxRetries: 1 });
    let epoch = 0;
    const seen = [];
    for (;;) {
      const result = await snooze({ id: lease.id, epoch: ++epoch });
      const { status, retryCount, snoozeCount, error } = await q.db.jobs.get(lease.id);
      seen.push([status, retryCount, snoozeCount, error]);
      expect(result).toMatchObject({ outcome: "ok", status });
      if (status === "failed") {
        expect(result?.runAt).toBeNull();
        expect(await snooze({ id: lease.id, epoch })).toEqual(result);
        break;
      }
      expect(Date.parse(result?.runAt ?? "") - Date.now()).toBeGreaterThan(50_000);
      await q.makeDue();
      await q.maintain();
      await claim();
    }
    const reason = "given back for later more often than max_snoozes";
    expect(seen).toEqual([
      ["pending", 0, 1, null],
      ["pending", 1, 1, reason],
      ["failed", 1, 1, reason],
    ]);
    expect((await q.db.jobs.attempts(lease.id)).map(({ outcome }) => outcome)).toEqual(
      Array.from({ length: 3 }, () => "snoozed"),
    );
    await q.db.jobs.retry(lease.id);
    expect(await q.db.jobs.get(lease.id)).toMatchObject({ retryCount: 0, snoozeCount: 0, maxSnoozes: 1 });
  });

  test("may be one of a call with others that are given back at once", async () => {
    await q.db.jobs.createMany(Array.from({ length: 6 }, () => ({ jobType: "t" })));
    const leases = await claim();
    const items = leases.map((lease, index) => ({ ...ref(lease), delayMs: index % 2 ? 60_000 : 0 }));
    const results = await q.db.jobs.release("w", items);
    expect(results.map(({ outcome, status }) => [outcome, status])).toEqual(
      items.map(({ delayMs }) => ["ok", delayMs ? "pending" : undefined]),
    );
    expect((await claim()).map(({ id }) => id)).toEqual(
      leases.filter((_, index) => index % 2 === 0).map(({ id }) => id),
    );
  });

  test.each([
    ["delay_ms", { delayMs: -1 }],
    ["delay_ms", { delayMs: limits.retryAfterMs + 1 }],
    ["hold_limit_key", { delayMs: 0, holdLimitKey: true }],
  ])("with a wrong %s is rejected, and stays where it is", async (field, how) => {
    const lease = await claimedOne();
    expect(await snooze(lease, how)).toMatchObject({
      outcome: "rejected",
      field,
      reason: expect.any(String),
    });
    expect(await q.db.jobs.get(lease.id)).toMatchObject({ status: "running" });
  });
});

describe("the limit key of a job that is given back for later", () => {
  const pauses = async () => (await q.db.jobs.listPauses()).items;

  test("is held by the same call: none of its jobs starts until the delay is over", async () => {
    const lease = await claimedOne({ limitKey: "ключ" });
    await q.db.jobs.createMany([{ limitKey: "ключ" }, {}].map((job) => ({ jobType: "t", ...job })));
    const origin = { userId: unknownId, actor: "worker" };
    const result = await withOrigin(origin, () => snooze(lease, { delayMs: 1_000, holdLimitKey: true }));
    expect((await claim()).map(({ limitKey }) => limitKey)).toEqual([null]);
    const [pause, ...others] = await pauses();
    expect(others).toEqual([]);
    expect(pause).toEqual({
      jobType: "",
      limitKey: "ключ",
      createdAt: expect.any(String),
      createdBy: unknownId,
      endsAt: result?.runAt,
    });
    const { rows } = await q.client.query(
      "select action, entity_type, entity_id, actor from audit_logs where entity_id = 'ключ'",
    );
    expect(rows).toEqual([{ action: "pause", entity_type: "job_limit", entity_id: "ключ", actor: "worker" }]);
    await q.client.query("update job_pauses set ends_at = now()");
    await q.makeDue();
    await q.maintain();
    expect(await claim()).toHaveLength(2);
    expect(await pauses()).toEqual([]);
  });

  test("is held for longer, never for less, and at most an hour at a time", async () => {
    const endOf = async () => Date.parse((await pauses())[0]?.endsAt ?? "");
    await q.db.jobs.createMany(Array.from({ length: 4 }, () => ({ jobType: "t", limitKey: "k" })));
    const held = [...(await claim())];
    const again = async (delayMs: number) => {
      const lease = held.pop();
      return lease && snooze(lease, { delayMs, holdLimitKey: true });
    };
    await again(60_000);
    const minute = await endOf();
    await again(1_000);
    expect(await endOf()).toBe(minute);
    const day = await again(86_400_000);
    expect(Date.parse(day?.runAt ?? "") - minute).toBeGreaterThan(80_000_000);
    expect((await endOf()) - minute).toBeGreaterThan(3_500_000);
    expect((await endOf()) - minute).toBeLessThan(3_600_000);
    await q.db.jobs.pause({ limitKey: "k" });
    await again(86_400_000);
    expect(await pauses()).toMatchObject([{ endsAt: null }]);
    await q.db.jobs.resume({ limitKey: "k" });
    // Many that meet the same refusal make one pause, and one entry.
    await q.db.jobs.createMany(Array.from({ length: 50 }, () => ({ jobType: "t", limitKey: "many" })));
    await Promise.all((await claim()).map((lease) => snooze(lease, { holdLimitKey: true })));
    expect(await pauses()).toHaveLength(1);
    const { rows } = await q.client.query("select action from audit_logs where entity_id = 'many'");
    expect(rows).toEqual([{ action: "pause" }]);
  });

  test("is held also by a job that spends a retry, and by none without a key or a lease", async () => {
    const lease = await claimedOne({ limitKey: "spent", maxSnoozes: 0 });
    expect(await snooze(lease, { holdLimitKey: true })).toMatchObject({ outcome: "ok", status: "pending" });
    expect(await pauses()).toMatchObject([{ limitKey: "spent" }]);
    await q.db.jobs.resume({ limitKey: "spent" });
    // A repeat holds nothing any more.
    await snooze(lease, { holdLimitKey: true });
    await snooze({ ...lease, epoch: 7 }, { holdLimitKey: true });
    await snooze(await claimedOne(), { holdLimitKey: true });
    expect(await pauses()).toEqual([]);
  });
});
