import { describe, expect, test } from "vitest";
import { JobStatus } from "../../gen/ltb/v1/job_pb.ts";
import type { Executor } from "../../src/database/statement/executor.ts";
import { EvaluationRepository } from "../../src/evaluations/repository.ts";
import { newId } from "../../src/ids.ts";
import { JobRepository } from "../../src/jobs/repository.ts";
import { jobService } from "../../src/jobs/service.ts";
import { WorkerRepository } from "../../src/workers/repository.ts";
import { testDatabase } from "../harness/database.ts";
import { sample } from "../harness/examples.ts";

const { db } = await testDatabase();

/** Runs statements, with a change between one of them (by default the first) and all later ones. */
function interrupted(change: () => Promise<unknown>, after = 1): Executor {
  const { executor } = db;
  let changed: Promise<unknown> | undefined;
  let begun = 0;
  const run = async <T>(statement: () => Promise<T>): Promise<T> => {
    begun++;
    if (begun < after) return statement();
    if (begun > after) await changed;
    const answer = statement();
    changed ??= answer.then(change);
    await changed;
    return answer;
  };
  return {
    ...executor,
    any: (query) => run(() => executor.any(query)),
    one: (query) => run(() => executor.one(query)),
    maybeOne: (query) => run(() => executor.maybeOne(query)),
  };
}

async function runningJob() {
  const workerId = newId();
  await db.workers.register({ workerId, capacity: 10, jobTypes: [workerId] });
  const { id } = await db.jobs.create({ jobType: workerId });
  const claim = () => db.jobs.claim({ workerId });
  const complete = () => db.jobs.complete(workerId, [{ jobId: id, epoch: 1 }]);
  return { id, workerId, claim, complete };
}

const jobsOn = (executor: Executor) => new JobRepository(executor, db.queue, { transaction: false });

describe("an answer is of one moment:", () => {
  test("a job with its attempts", async () => {
    const { id, claim, complete } = await runningJob();
    await claim();
    const jobs = jobsOn(interrupted(complete));
    const service = jobService({ jobs, transaction: (work) => db.transaction(work) });
    const { job } = await service.getJob({ $typeName: "ltb.v1.GetJobRequest", id, jsonFormat: 0 });
    const isRunning = job.status === JobStatus.RUNNING;
    expect(job.attempts?.map(({ endedAt }) => endedAt === undefined)).toEqual([isRunning]);
    expect(await db.jobs.getWithAttempts(id)).toEqual({
      ...(await db.jobs.get(id)),
      attempts: await db.jobs.attempts(id),
    });
  });

  test("jobs in a status, by their age and as they are claimed", async () => {
    for (const orderBy of ["newest", "priority"] as const) {
      const { id, workerId, claim } = await runningJob();
      const filter = { status: "pending", jobType: workerId, orderBy } as const;
      expect((await db.jobs.list(filter)).items).toMatchObject([{ id, status: "pending" }]);
      const { items } = await jobsOn(interrupted(claim)).list(filter);
      expect(items.filter(({ status }) => status !== "pending")).toEqual([]);
    }
  });

  test("jobs that a worker holds", async () => {
    const { id, workerId, claim } = await runningJob();
    await claim();
    const release = () => db.jobs.release(workerId, [{ jobId: id, epoch: 1 }]);
    const { items } = await jobsOn(interrupted(release)).list({ workerId });
    expect(items.filter((job) => job.workerId !== workerId)).toEqual([]);
  });

  test("the figures of workers and jobs", async () => {
    const { claim, complete } = await runningJob();
    await claim();
    const before = await db.workers.clusterStats();
    expect(before).toMatchObject({ usedCapacity: before.jobs.running });
    const workers = new WorkerRepository(interrupted(complete), db.queue, { transaction: false });
    const { usedCapacity, jobs } = await workers.clusterStats();
    expect(usedCapacity).toBe(jobs.running);
  });

  test("the counts and the metrics of a summary", async () => {
    const { id: benchmarkId } = await db.benchmarks.create(sample);
    const add = (more: object) => db.evaluations.create({ benchmarkId, input: "i", score: 1, ...more });
    await add({ output: "o", inputTokens: 5, outputTokens: 7, costUsd: 0.5 });
    const addFailed = () => add({ error: "e", inputTokens: 1 });
    // The first one only looks whether there is the benchmark.
    const evaluations = new EvaluationRepository(interrupted(addFailed, 2));
    for (const exact of [true, false]) {
      const summary = await evaluations.summarize(benchmarkId, ["score", "input_tokens"], { exact });
      const { evaluationCount: count, inputTokens } = summary;
      expect(summary).toMatchObject({
        isExact: exact,
        metrics: [{ count }, { count, sum: inputTokens }],
        failedCount: count - 1,
        outputTokens: 7,
        costUsd: 0.5,
      });
    }
    expect(await db.evaluations.summarize(benchmarkId, ["metrics.failed"], { exact: true })).toMatchObject({
      metrics: [{ name: "metrics.failed", count: 0 }],
    });
  });
});
