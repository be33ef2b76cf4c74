import { beforeEach, describe, expect, test } from "vitest";
import type { JobChanges } from "../../src/jobs/input.ts";
import { unknownId } from "../harness/examples.ts";
import { queue } from "./support.ts";

const q = queue();

beforeEach(() => q.reset());

const claim = async (db = q.db, maxJobs = 10) =>
  (await db.jobs.claim({ workerId: "w", maxJobs })).leases.map(({ id }) => id);

describe("a pending job", () => {
  test("gets what is given, and keeps the rest", async () => {
    const made = await q.db.jobs.create({
      jobType: "t",
      payload: { a: 1 },
      priority: 2,
      limitKey: "k",
      requiredTags: ["gpu"],
      metadata: { m: 1 },
      uniqueKey: "u",
    });
    const changes = { payload: { prompt: "шаг 🦆" }, maxRetries: 7, timeoutSeconds: 0, metadata: null };
    const changed = await q.db.jobs.update(made.id, changes);
    const { updatedAt: _then, ...rest } = made;
    expect(changed).toMatchObject({ ...rest, ...changes, version: 2 });
    expect(await q.db.jobs.update(made.id, { limitKey: null, requiredTags: [] })).toMatchObject({
      limitKey: null,
      requiredTags: [],
      priority: 2,
      version: 3,
    });
    const { items } = await q.db.audit.list({ entityType: "job", entityId: made.id });
    expect(items.map(({ action, changes }) => ({ action, changes }))).toEqual([
      {
        action: "update",
        changes: {
          before: { limit_key: "k", required_tags: ["gpu"] },
          after: { limit_key: null, required_tags: [] },
        },
      },
      {
        action: "update",
        changes: {
          before: { payload: { a: 1 }, max_retries: 3, timeout_seconds: 300, metadata: { m: 1 } },
          after: changes && {
            payload: changes.payload,
            max_retries: 7,
            timeout_seconds: 0,
            metadata: null,
          },
        },
      },
      expect.objectContaining({ action: "create" }),
    ]);
  });

  test("with what it has already is not changed", async () => {
    const { id, version } = await q.db.jobs.create({ jobType: "t", payload: { a: 1 } });
    for (const changes of [{}, { payload: { a: 1 }, priority: 0, limitKey: undefined, runAt: null }])
      expect(await q.db.jobs.update(id, changes)).toMatchObject({ version });
    const { items } = await q.db.audit.list({ entityType: "job", entityId: id });
    expect(items).toHaveLength(1);
  });

  test("takes the place of its priority, by its age", async () => {
    const ids = (
      await q.db.jobs.createMany([1, 1, 1, 0].map((priority) => ({ jobType: "t", priority })))
    ).map(({ id }) => id);
    const [a = "", b = "", c = "", d = ""] = ids;
    await q.db.jobs.update(d, { priority: 1 });
    await q.db.jobs.update(b, { priority: 5 });
    await q.db.jobs.update(a, { priority: -1 });
    const { items } = await q.db.jobs.list({ status: "pending", orderBy: "priority" });
    expect(items.map(({ id }) => id)).toEqual([b, c, d, a]);
    await q.worker("w");
    expect(await claim()).toEqual([b, c, d, a]);
  });

  test("is put off, and is due at once again", async () => {
    await q.worker("w");
    const { id } = await q.db.jobs.create({ jobType: "t" });
    const later = await q.db.jobs.update(id, { delayMs: 3_600_000 });
    expect(Date.parse(later.runAt ?? "") - Date.now()).toBeGreaterThan(3_500_000);
    expect(await q.db.jobs.getStats()).toMatchObject({ pending: 0, scheduled: 1 });
    expect(await claim()).toEqual([]);
    expect(await q.db.jobs.update(id, { runAt: "2999-01-01T00:00:00Z" })).toMatchObject({
      runAt: "2999-01-01T00:00:00.000000Z",
    });
    expect(await q.db.jobs.update(id, { runAt: null, priority: 3 })).toMatchObject({ runAt: null });
    expect(await q.db.jobs.getStats()).toMatchObject({ pending: 1, scheduled: 0 });
    expect(await claim()).toEqual([id]);
  });

  test("wakes the claim that may have it now, on another server too", async () => {
    await q.worker("w", { tags: ["cpu"] });
    const { id } = await q.db.jobs.create({ jobType: "t", requiredTags: ["gpu"] });
    const waiting = q.other.jobs.claim({ workerId: "w", waitMs: 20_000 });
    await q.db.jobs.update(id, { requiredTags: ["cpu"] });
    expect((await waiting).leases.map((lease) => lease.id)).toEqual([id]);
  });

  test("counts against the limit of its new key", async () => {
    await q.worker("w");
    await q.db.jobs.setLimit({ limitKey: "held", maxRunning: 0 });
    const { id } = await q.db.jobs.create({ jobType: "t", limitKey: "held" });
    expect(await claim()).toEqual([]);
    await q.db.jobs.update(id, { limitKey: "free" });
    expect(await claim()).toEqual([id]);
    await q.db.jobs.deleteLimit("held");
  });
});

describe("it is refused", () => {
  test("for a job that is not pending, by its status", async () => {
    await q.worker("w");
    const { id } = await q.db.jobs.create({ jobType: "t" });
    const { leases } = await q.db.jobs.claim({ workerId: "w" });
    await expect(q.db.jobs.update(id, { priority: 1 })).rejects.toMatchObject({
      reason: "FORBIDDEN_STATUS_CHANGE",
      message: `job ${id} is running and cannot be changed: only pending jobs can be`,
    });
    await q.db.jobs.complete("w", [{ jobId: id, epoch: leases[0]?.epoch ?? 0 }]);
    await expect(q.db.jobs.update(id, { priority: 1 })).rejects.toMatchObject({
      reason: "FORBIDDEN_STATUS_CHANGE",
    });
    await expect(q.db.jobs.update(unknownId, {})).rejects.toMatchObject({ reason: "NOT_FOUND" });
  });

  test("at another version", async () => {
    const { id } = await q.db.jobs.create({ jobType: "t" });
    await q.db.jobs.update(id, { priority: 1 }, { expectedVersion: 1 });
    await expect(q.db.jobs.update(id, { priority: 2 }, { expectedVersion: 1 })).rejects.toMatchObject({
      reason: "VERSION_MISMATCH",
    });
    expect(await q.db.jobs.get(id)).toMatchObject({ priority: 1 });
  });

  test.each<[JobChanges, string]>([
    [{ priority: 2 ** 31 }, "priority"],
    [{ maxRetries: 101 }, "max_retries"],
    [{ timeoutSeconds: -1 }, "timeout_seconds"],
    [{ delayMs: 1, runAt: "2999-01-01T00:00:00Z" }, "run_at"],
    [{ limitKey: "" }, "limit_key"],
    [{ requiredTags: [""] }, "required_tags"],
    [{ payload: { text: "\0" } }, "payload"],
  ])("for %j, by the name of the field", async (changes, field) => {
    const { id } = await q.db.jobs.create({ jobType: "t" });
    await expect(q.db.jobs.update(id, changes)).rejects.toThrow(field);
    expect(await q.db.jobs.get(id)).toMatchObject({ version: 1 });
  });
});

describe("at the same time", () => {
  test("as a claim, a job is claimed as it was or as it is, and never lost", async () => {
    await q.worker("w");
    const both = { before: 0, after: 0 };
    for (let round = 0; round < 60; round++) {
      const { id } = await q.db.jobs.create({ jobType: "t", payload: { n: 1 }, priority: 1 });
      const [update, claimed] = await Promise.all([
        q.other.jobs
          .update(id, { payload: { n: 2 }, priority: 2, delayMs: 0 })
          .then(() => true)
          .catch((error) => {
            expect(error.reason).toBe("FORBIDDEN_STATUS_CHANGE");
            return false;
          }),
        q.db.jobs.claim({ workerId: "w", waitMs: 5_000 }),
      ]);
      expect(claimed.leases.map((lease) => lease.id)).toEqual([id]);
      const n = update ? 2 : 1;
      expect(claimed.leases[0]).toMatchObject({ payload: { n }, priority: n });
      both[update ? "after" : "before"]++;
      await q.db.jobs.complete("w", [{ jobId: id, epoch: claimed.leases[0]?.epoch ?? 0 }]);
    }
    expect(both.before + both.after).toBe(60);
  });

  test("as others, each is made whole, and none undoes another", async () => {
    const { id } = await q.db.jobs.create({ jobType: "t" });
    const fields = ["maxRetries", "timeoutSeconds", "priority"] as const;
    await Promise.all(
      fields.flatMap((field) =>
        [q.db, q.other].map((db) =>
          db.jobs.update(id, { [field]: 9 }).catch((error) => expect(error.reason).toBe("CONFLICT")),
        ),
      ),
    );
    const { version, ...job } = await q.db.jobs.get(id);
    const made = fields.filter((field) => job[field] === 9);
    // Of two that say the same, the second finds nothing to change.
    expect(version).toBe(1 + made.length);
    expect(made.length).toBeGreaterThan(0);
  });

  test("as a cancellation, the job is cancelled", async () => {
    for (let round = 0; round < 20; round++) {
      const { id } = await q.db.jobs.create({ jobType: "t" });
      await Promise.all([
        q.other.jobs
          .update(id, { priority: 3, delayMs: round % 2 ? 60_000 : 0 })
          .catch((error) => expect(error.reason).toBe("FORBIDDEN_STATUS_CHANGE")),
        q.db.jobs.cancel(id),
      ]);
      expect(await q.db.jobs.get(id)).toMatchObject({ status: "cancelled" });
    }
  });
});
