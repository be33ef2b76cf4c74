import { expect, test } from "vitest";
import { newId } from "../../src/ids.ts";
import type { Database } from "../../src/storage.ts";
import { queue } from "./support.ts";

// A transaction that holds an old snapshot keeps every row that claims have taken since in the index that
// they read. However claims get past those, order is strict: nothing may hide what comes back to, or appears
// late at, a place that they have passed.

const q = queue();
const workerId = "w";

async function createAndComplete(db: Database, count: number): Promise<void> {
  await db.jobs.createMany(Array.from({ length: count }, () => ({ jobType: "t" })));
  const { leases } = await db.jobs.claim({ workerId, maxJobs: count });
  expect(leases).toHaveLength(count);
  await db.jobs.complete(workerId, leases.map(refOf));
}

const refOf = ({ id, epoch }: { id: string; epoch: number }) => ({ jobId: id, epoch });

test("order is strict while an old snapshot keeps what was taken", async () => {
  await q.worker(workerId);
  const reader = await q.client.connect();
  await reader.query("begin isolation level repeatable read; select 1");
  const committing = Promise.withResolvers<void>();
  try {
    const ids = Array.from({ length: 500 }, newId);
    await q.db.jobs.createMany(ids.map((id) => ({ id, jobType: "t", maxRetries: 1 })));
    const { leases } = await q.db.jobs.claim({ workerId, maxJobs: 500 });
    expect(leases.map(({ id }) => id)).toEqual(ids);
    const [released, retried, revived, ...others] = leases;
    if (!released || !retried || !revived) throw new Error("nothing was claimed");
    await q.db.jobs.complete(workerId, others.map(refOf));
    // Its place is taken now, and everyone else's claims go past it before it is there to be seen.
    const late = newId();
    const placed = Promise.withResolvers<void>();
    const committed = q.other.transaction(async ({ jobs }) => {
      await jobs.create({ id: late, jobType: "t" });
      placed.resolve();
      await committing.promise;
    });
    await placed.promise;
    for (let round = 0; round < 4; round++) {
      for (const db of [q.db, q.other]) await createAndComplete(db, 200);
      await q.maintain();
    }
    const usual = newId();
    const later = newId();
    const urgent = newId();
    for (const [id, priority] of [
      [later, -7],
      [usual, 0],
      [urgent, 5],
    ] as const)
      await q.db.jobs.create({ id, jobType: "t", priority });
    committing.resolve();
    await committed;
    await q.db.jobs.release(workerId, [refOf(released)]);
    await q.db.jobs.fail(workerId, [
      { ...refOf(retried), error: "again", retryAfterMs: 60_000 },
      { ...refOf(revived), error: "for good", retryable: false },
    ]);
    await q.makeDue();
    await q.maintain();
    await q.db.jobs.retry(revived.id);
    const { rows } = await reader.query("select count(*)::integer as jobs from job_ready");
    expect(rows).toEqual([{ jobs: 0 }]);

    const right = [urgent, released.id, retried.id, revived.id, late, usual, later];
    const claimed: string[] = [];
    while (claimed.length < right.length) {
      const db = claimed.length % 2 === 0 ? q.other : q.db;
      const claim = await db.jobs.claim({ workerId, maxJobs: 1 });
      expect(claim.leases).toHaveLength(1);
      claimed.push(...claim.leases.map(({ id }) => id));
    }
    expect(claimed).toEqual(right);
  } finally {
    committing.resolve();
    await reader.query("rollback");
    reader.release();
  }
});
