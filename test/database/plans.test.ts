import { expect, test } from "vitest";
import { Database } from "../../src/storage.ts";
import { createTestDatabase, onlooker } from "../harness/postgres.ts";

test("statements that were prepared on an empty queue read no more than they need of a full one", async () => {
  const config = await createTestDatabase();
  const db = await Database.connect({ ...config, poolSize: 1 });
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
  expect(await work(500)).toBe(500);
  // A session that ends reports all that it has read; before PostgreSQL 15 another process collects it.
  await db.close();
  const client = await onlooker(config);
  const seen = async () => {
    const { rows } = await client.query<{ read: number; finished: number }>(
      `select sum(coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0))::int as read,
        (sum(n_tup_ins) filter (where relname = 'job_finished'))::int as finished
      from pg_stat_user_tables`,
    );
    return rows[0] ?? { read: 0, finished: 0 };
  };
  await expect.poll(async () => (await seen()).finished).toBe(512);
  const { read } = await seen();
  expect(read).toBeGreaterThan(500);
  // Nested loops over the whole table read some ten million.
  expect(read).toBeLessThan(100_000);
  await client.end();
});
