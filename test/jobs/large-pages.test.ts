import { expect, test } from "vitest";
import { testDatabase } from "../harness/database.ts";

const { db } = await testDatabase();

// PostgreSQL keeps such a text in a hundredth of its length.
const large = { text: "x".repeat(900_000) };

test("a page of whole jobs ends at its bytes, however well their documents are compressed", async () => {
  await db.workers.register({ workerId: "w", capacity: 100 });
  for (let n = 0; n < 5; n++) await db.jobs.create({ jobType: "payload", payload: large });
  for (let n = 0; n < 5; n++) await db.jobs.create({ jobType: "result" });
  const { leases } = await db.jobs.claim({ workerId: "w", jobTypes: ["result"], maxJobs: 5 });
  for (const { id, epoch } of leases) await db.jobs.complete("w", [{ jobId: id, epoch, result: large }]);
  for (const jobType of ["payload", "result"]) {
    const page = await db.jobs.list({ jobType }, { limit: 100, full: true });
    expect(page.items).toHaveLength(3);
    const rest = await db.jobs.list({ jobType }, { limit: 100, full: true, after: page.next });
    expect([rest.items.length, rest.next]).toEqual([2, undefined]);
  }
});

test("so does a page of workers", async () => {
  for (let n = 0; n < 4; n++) await db.workers.register({ workerId: `large-${n}`, metadata: large });
  const page = await db.workers.list({}, { limit: 100 });
  expect(page.items).toHaveLength(3);
  expect((await db.workers.list({}, { limit: 100, after: page.next })).items).toHaveLength(2);
});
