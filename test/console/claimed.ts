import type { Database } from "../../src/storage.ts";

/** A job of the type that a worker of its own has been given. */
export async function claimed(db: Database, jobType: string) {
  const workerId = `worker of ${jobType}`;
  await db.workers.register({ workerId, jobTypes: [jobType], capacity: 10 });
  const job = await db.jobs.create({ jobType });
  const { leases } = await db.jobs.claim({ workerId, jobTypes: [jobType], leaseMs: 600_000 });
  const [lease] = leases;
  if (lease?.id !== job.id) throw new Error("another job was claimed");
  return { workerId, job, lease: { jobId: job.id, epoch: lease.epoch } };
}
