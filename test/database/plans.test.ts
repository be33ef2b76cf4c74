import { expect, test } from "vitest";
import { Database } from "../../src/storage.ts";
import { createTestDatabase } from "../harness/postgres.ts";

test("statements that were prepared on an empty queue are fast on a full one", async () => {
  const db = await Database.connect({ ...(await createTestDatabase()), poolSize: 1 });
  await db.workers.register({ workerId: "w", address: "", capacity: 1_000 });
  const work = async (maxJobs: number) => {
    const { leases } = await db.jobs.claim({ workerId: "w", maxJobs });
    const ends = leases.map(({ id, epoch }) => ({ jobId: id, epoch }));
    return (await db.jobs.complete("w", ends)).length;
  };
  // PostgreSQL makes a plan for good after five uses.
  for (let i = 0; i < 12; i++) {
    await db.jobs.create({ jobType: "t" });
    await work(1);
  }
  for (let i = 0; i < 20; i++)
    await db.jobs.createMany(Array.from({ length: 1_000 }, () => ({ jobType: "t" })));
  const startedAt = performance.now();
  expect(await work(500)).toBe(500);
  // About 50 ms; nested loops over the whole table took seconds.
  expect(performance.now() - startedAt).toBeLessThan(800);
  await db.close();
});
