import { create } from "@bufbuild/protobuf";
import { Code } from "@connectrpc/connect";
import { beforeEach, expect, test } from "vitest";
import { LeaseOutcome } from "../../gen/ltb/v1/job_pb.ts";
import { CompleteJobsItemSchema } from "../../gen/ltb/v1/job_service_pb.ts";
import { newId } from "../../src/ids.ts";
import { completeJobs } from "../../src/jobs/finish/complete.ts";
import { sample } from "../harness/examples.ts";
import { eventually } from "../harness/waiting.ts";
import { queue } from "./support.ts";

const q = queue();
let benchmarkId: string;
beforeEach(async () => {
  await q.reset();
  await q.worker("w");
  benchmarkId = (await q.db.benchmarks.create(sample)).id;
});

const ann = newId();
const ben = newId();
const row = { input: "i", output: "o", score: 1 };

const jobsOf = (count: number, more: object = {}) =>
  q.db.jobs.createMany(Array.from({ length: count }, () => ({ jobType: "t", benchmarkId, ...more })));

async function claim(maxJobs = 100) {
  const { leases } = await q.db.jobs.claim({ workerId: "w", maxJobs });
  return leases.map(({ id, epoch }) => ({ jobId: id, epoch }));
}

async function complete(ref: { jobId: string; epoch: number } | undefined, evaluations: object[] = [row]) {
  const message = create(CompleteJobsItemSchema, { ...ref, evaluations });
  return (await completeJobs(q.db, "w", [message])).results;
}

const countRuns = async () => (await q.client.query("select from job_attempts")).rowCount;

test("its pending, scheduled and running jobs fail at once with that reason, and none of them runs again", async () => {
  await jobsOf(58);
  const [ended, running] = await claim(2);
  await q.db.jobs.complete("w", [ended ?? { jobId: "", epoch: 0 }]);
  const [scheduled] = await jobsOf(1, { runAt: "2999-01-01T00:00:00Z", uniqueKey: "k" });
  const [other] = await q.db.jobs.createMany([{ jobType: "other" }]);
  await q.db.benchmarks.delete(benchmarkId);
  expect(await q.db.jobs.getStats()).toMatchObject({
    pending: 1,
    scheduled: 0,
    running: 0,
    completed: 1,
    failed: 58,
  });
  const error = `benchmark ${benchmarkId} was deleted`;
  for (const id of [running?.jobId, scheduled?.id])
    expect(await q.db.jobs.get(id ?? "")).toMatchObject({ status: "failed", error, retryCount: 0 });
  // The worker of the running one is told to stop.
  const { lost } = await q.db.workers.heartbeat({ workerId: "w", leases: running ? [running] : [] });
  expect(lost).toEqual([running]);
  expect(await complete(running)).toMatchObject([{ outcome: LeaseOutcome.STALE }]);
  expect(await claim()).toEqual([{ jobId: other?.id, epoch: 1 }]);
  expect(await countRuns()).toBe(2);
});

test("more jobs than one batch fail, also where the maintenance of another server goes on", async () => {
  await jobsOf(1_000);
  await jobsOf(600);
  await q.client.query("insert into benchmark_deletions (benchmark_id) values ($1)", [benchmarkId]);
  await q.other.maintain();
  expect(await q.db.jobs.getStats()).toMatchObject({ pending: 0, failed: 1_600 });
  await expect(q.db.benchmarks.get(benchmarkId)).rejects.toMatchObject({ code: Code.NotFound });
});

test("no job is made for it from the moment when its deletion began", async () => {
  await q.client.query("insert into benchmark_deletions (benchmark_id) values ($1)", [benchmarkId]);
  await expect(jobsOf(1)).rejects.toMatchObject({ code: Code.NotFound, metadata: { entity: "benchmark" } });
});

test("jobs that are made while it is being deleted are refused, or fail with the others", async () => {
  await jobsOf(20);
  const making = Array.from({ length: 40 }, (_, index) =>
    (index % 2 ? q.db : q.other).jobs.create({ jobType: "t", benchmarkId }).then(
      ({ id }) => id,
      ({ code }) => {
        expect(code).toBe(Code.NotFound);
      },
    ),
  );
  await q.db.benchmarks.delete(benchmarkId);
  const made = (await Promise.all(making)).filter((id) => id !== undefined);
  expect(await q.db.jobs.getStats()).toMatchObject({ pending: 0, failed: 20 + made.length });
});

test("a transaction that makes jobs for it holds up the end of the deletion, and its jobs fail too", async () => {
  const [made, commit] = [Promise.withResolvers<string>(), Promise.withResolvers<void>()];
  const making = q.db.transaction(async ({ jobs }) => {
    made.resolve((await jobs.create({ jobType: "t", benchmarkId })).id);
    await commit.promise;
  });
  const id = await made.promise;
  const deleting = q.other.benchmarks.delete(benchmarkId);
  // The deletion has been asked for, and waits for the lock of the transaction.
  const waiting = async () => (await q.client.query("select from pg_locks where not granted")).rowCount;
  await eventually(async () => ((await waiting()) ?? 0) > 0);
  commit.resolve();
  await making;
  await deleting;
  expect(await q.db.jobs.get(id)).toMatchObject({ status: "failed" });
});

test("a failed job is not retried without its benchmark, nor into another's with the same id", async () => {
  const [job] = await jobsOf(1, { createdBy: ann });
  const retry = () => q.db.jobs.retry(job?.id ?? "");
  await q.db.jobs.cancel(job?.id ?? "");
  await q.db.benchmarks.delete(benchmarkId);
  const missing = { code: Code.NotFound, metadata: { entity: "benchmark", id: benchmarkId } };
  await expect(retry()).rejects.toMatchObject(missing);
  await q.db.benchmarks.create({ ...sample, id: benchmarkId, createdBy: ben });
  await expect(retry()).rejects.toMatchObject(missing);
  expect(await q.db.jobs.retryMany({ jobType: "t" })).toMatchObject({ affected: 0, skipped: 1 });
});

test("a job does not write into the younger benchmark of another user that has the id of its own", async () => {
  await jobsOf(4, { createdBy: ann });
  const [ref, ...others] = await claim(4);
  // As a restored backup, or a hand in the database, leaves it.
  await q.client.query("update benchmarks set created_by = $2, created_at = now() where id = $1", [
    benchmarkId,
    ben,
  ]);
  for (const given of [{}, { benchmarkId }, { benchmarkId: benchmarkId.toUpperCase() }]) {
    const evaluations = [{ ...row, ...given }];
    expect(await complete(others.pop(), evaluations)).toMatchObject([
      {
        outcome: LeaseOutcome.REJECTED,
        field: "evaluations",
        reason: expect.stringContaining("was deleted"),
      },
    ]);
  }
  expect((await q.db.benchmarks.get(benchmarkId)).completedIterations).toBe(0);
  await q.client.query("update benchmarks set created_by = $2 where id = $1", [benchmarkId, ann]);
  expect(await complete(ref)).toMatchObject([{ outcome: LeaseOutcome.OK, evaluationsInserted: 1 }]);
});
