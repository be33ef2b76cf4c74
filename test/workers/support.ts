import { Client } from "pg";
import { onTestFinished } from "vitest";
import { Database } from "../../src/storage.ts";
import { createTestDatabase } from "../harness/postgres.ts";

/** A database of the test's own, with what a test of workers does to it. */
export async function testBench() {
  const connection = await createTestDatabase();
  const db = await Database.connect(connection);
  const { host, port, database, user, password } = connection;
  const client = new Client({ host, port, database, user, password: password?.reveal() });
  await client.connect();
  onTestFinished(async () => {
    await client.end();
    await db.close();
  });
  return {
    db,
    connection,
    sql: async (text: string, values: unknown[] = []) => (await client.query(text, values)).rows,
    /** As if the worker had not been heard of for so long. */
    async silence(workerId: string, seconds: number): Promise<void> {
      const text =
        "update workers set last_heartbeat = clock_timestamp() - $2 * interval '1 s' where worker_id = $1";
      await client.query(text, [workerId, seconds]);
    },
    /** So many jobs of a type that are running on a worker. */
    async running(workerId: string, count: number, job: { jobType?: string; maxRetries?: number } = {}) {
      const jobType = job.jobType ?? workerId;
      await db.jobs.createMany(Array.from({ length: count }, () => ({ ...job, jobType })));
      const { leases } = await db.jobs.claim({ workerId, maxJobs: count, jobTypes: [jobType] });
      if (leases.length !== count) throw new Error(`claimed ${leases.length} of ${count} jobs`);
      return leases.map(({ id, epoch }) => ({ jobId: id, epoch }));
    },
  };
}

export type TestBench = Awaited<ReturnType<typeof testBench>>;
