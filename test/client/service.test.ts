import { setTimeout as sleep } from "node:timers/promises";
import { Code } from "@connectrpc/connect";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { EvaluationView } from "../../gen/ltb/v1/evaluation_pb.ts";
import { JobAttemptOutcome, JobStatus } from "../../gen/ltb/v1/job_pb.ts";
import { JsonFormat } from "../../gen/ltb/v1/json_pb.ts";
import { WorkerStatus } from "../../gen/ltb/v1/worker_pb.ts";
import {
  createClient,
  JobError,
  type LtbClient,
  reasonOf,
  runWorker,
  violationsOf,
  type WorkerOptions,
  withEvaluations,
} from "../../src/client/index.ts";
import { loadConfig } from "../../src/config.ts";
import { createLogger } from "../../src/log.ts";
import { type RunningService, serve } from "../../src/serve.ts";
import { silentLog } from "../harness/log.ts";
import { createTestDatabase } from "../harness/postgres.ts";
import { eventually } from "../harness/waiting.ts";

// Client and worker against the service itself.

let service: RunningService;
let client: LtbClient;
let address: string;

async function startService(port = 0): Promise<RunningService> {
  const env = {
    LTB_GRPC_ADDRESS: `127.0.0.1:${port}`,
    LTB_HTTP_ADDRESS: "127.0.0.1:0",
    LTB_AUTH: "off",
  };
  const config = {
    ...loadConfig({ env, cwd: import.meta.dirname }),
    database: { kind: "external", connection, migration: undefined, replica: undefined, listen: true },
  } as const;
  return serve(config, { log: createLogger("error", { write: (line) => process.stderr.write(line) }) });
}

const connection = await createTestDatabase();
beforeAll(async () => {
  service = await startService();
  address = `127.0.0.1:${service.grpcAddress.port}`;
  client = createClient({ address });
});
afterAll(async () => {
  client.close();
  await service.stop();
});

/** A worker for one type of jobs, which is also its name. */
function work(
  jobType: string,
  handler: WorkerOptions["handlers"][string],
  options: Partial<WorkerOptions> = {},
) {
  const worker = runWorker({
    address,
    workerId: jobType,
    handlers: { [jobType]: handler },
    log: silentLog,
    drainTimeoutMs: 500,
    ...options,
  });
  onTestFinished(() => worker.stop());
  return worker;
}

async function create(jobType: string, fields: object = {}): Promise<string> {
  const { job } = await client.jobs.createJob({ jobType, ...fields });
  return job?.id ?? "";
}

async function ended(id: string, status: JobStatus = JobStatus.COMPLETED) {
  return eventually(async () => {
    const { job } = await client.jobs.getJob({ id });
    return job?.status === status && job;
  });
}

async function stats(jobType: string) {
  const { pending, running, completed, failed } = await client.jobs.getJobStats({ jobType });
  return { pending, running, completed, failed };
}

test("errors of the service tell reason and field", async () => {
  const failure = await client.jobs.createJob({ jobType: "" }).catch((thrown: unknown) => thrown);
  expect(failure).toMatchObject({ code: Code.InvalidArgument });
  expect(reasonOf(failure)).toBe("INVALID_ARGUMENT");
  expect(violationsOf(failure)).toMatchObject([{ field: "job_type" }]);
});

test("a job is run, its result and evaluations are stored, and the worker leaves", async () => {
  const { benchmark } = await client.benchmarks.createBenchmark({
    name: "b",
    provider: "p",
    model: "m",
    dataset: "d",
  });
  const benchmarkId = benchmark?.id ?? "";
  const id = await create("evaluate", { payload: { prompt: "2 + 2?" }, benchmarkId });
  const worker = work("evaluate", ({ payload }, { progress, lease }) => {
    progress(0.5, "asking");
    expect(lease.attempt).toBe(1);
    return withEvaluations({ prompt: payload?.prompt ?? "", score: 1 }, [
      { sampleId: "s1", provider: "p", model: "m", input: "2 + 2?", output: "4", score: 1 },
    ]);
  });
  const job = await ended(id);
  expect(job).toMatchObject({
    assignedWorkerId: "evaluate",
    attempts: [{ outcome: JobAttemptOutcome.COMPLETED }],
  });
  const { evaluations } = await client.benchmarks.listEvaluations({ benchmarkId, view: EvaluationView.FULL });
  expect(evaluations).toMatchObject([{ sampleId: "s1", output: "4", score: 1 }]);
  await worker.stop();
  await expect(client.workers.getWorker({ workerId: "evaluate" })).rejects.toMatchObject({
    code: Code.NotFound,
  });
});

test("documents travel as text, so that a handler may read all digits of a number", async () => {
  const documents = { payloadJson: '{"n":9007199254740993}', metadataJson: '{"m":1.50}' };
  const id = await create("digits", documents);
  work("digits", ({ payload, metadata, payloadJson }) => ({
    ...{ payload, metadata, payloadJson, half: "\ud800" },
  }));
  await ended(id);
  const { job } = await client.jobs.getJob({ id, jsonFormat: JsonFormat.TEXT });
  expect(JSON.parse(job?.resultJson ?? "")).toEqual({
    payload: { n: 2 ** 53 },
    metadata: { m: 1.5 },
    payloadJson: '{"n": 9007199254740993}',
    half: "\ufffd",
  });
});

test("evaluations that the service refuses fail the job for good, and say why", async () => {
  const id = await create("refused");
  work("refused", () => withEvaluations({}, [{ sampleId: "s", input: "i", score: 1 }]));
  const { error } = await ended(id, JobStatus.FAILED);
  expect(error).toMatch(/^result rejected: evaluations\[0\]/);
});

test("a result that is too large fails its job alone", async () => {
  const ids = await Promise.all([0, 1, 2].map((n) => create("large", { payload: { n } })));
  work("large", ({ payload }) => (payload?.n === 1 ? "x".repeat(1_100_000) : "fine"), { capacity: 3 });
  const { error } = await ended(ids[1] ?? "", JobStatus.FAILED);
  expect(error).toMatch(/^result rejected: result_json: must have at most /);
  await Promise.all([ended(ids[0] ?? ""), ended(ids[2] ?? "")]);
});

test("failures are retried as the handler says", async () => {
  const id = await create("flaky");
  const lost = await create("flaky", { payload: { hopeless: true } });
  work("flaky", ({ payload }, { lease }) => {
    if (payload?.hopeless) throw new JobError("no such model", { retryable: false });
    if (lease.attempt < 3) throw new JobError(`attempt ${lease.attempt}`, { retryAfterMs: 10 });
    return "third time";
  });
  expect(await ended(id)).toMatchObject({
    retryCount: 2,
    attempts: [{ error: "attempt 1" }, { error: "attempt 2" }, { outcome: JobAttemptOutcome.COMPLETED }],
  });
  expect(await ended(lost, JobStatus.FAILED)).toMatchObject({ error: "no such model", retryCount: 0 });
});

test("a timeout is recorded as one, whether the worker heeds it or not", async () => {
  const limits = { timeoutSeconds: 1, maxRetries: 0 };
  const [heeding, deaf] = [await create("heeding", limits), await create("deaf", limits)];
  work("heeding", (_, { signal }) => sleep(10_000, undefined, { signal }));
  work("deaf", () => sleep(2_500));
  for (const id of [heeding, deaf]) {
    expect(await ended(id, JobStatus.FAILED)).toMatchObject({
      error: "the attempt ran past its timeout",
      attempts: [{ outcome: JobAttemptOutcome.TIMED_OUT, error: "the attempt ran past its timeout" }],
    });
  }
});

test("cancelling a job aborts its handler", async () => {
  const id = await create("endless");
  const causes: string[] = [];
  work("endless", async (_, { signal, progress }) => {
    const beat = setInterval(() => progress(0.1), 50);
    await new Promise((resolve) => signal.addEventListener("abort", resolve));
    clearInterval(beat);
    causes.push(signal.reason.reason);
  });
  await eventually(async () => (await stats("endless")).running === 1);
  await client.jobs.cancelJob({ id });
  await eventually(async () => causes.length === 1);
  expect(causes).toEqual(["cancelled"]);
  await ended(id, JobStatus.CANCELLED);
});

test("1,000 jobs with a capacity of 8 are each run once", async () => {
  const jobs = Array.from({ length: 1_000 }, (_, n) => ({ jobType: "many", payload: { n } }));
  await client.jobs.batchCreateJobs({ jobs });
  const runs = new Map<string, number>();
  work(
    "many",
    async ({ id }) => {
      runs.set(id, (runs.get(id) ?? 0) + 1);
      await sleep(1);
    },
    { capacity: 8 },
  );
  await eventually(async () => (await stats("many")).completed === 1_000);
  expect([runs.size, Math.max(...runs.values())]).toEqual([1_000, 1]);
});

test("an operator's drain lets the worker finish, and gives it no more", async () => {
  const id = await create("drained");
  const { promise, resolve } = Promise.withResolvers<void>();
  work("drained", () => promise);
  await eventually(async () => (await stats("drained")).running === 1);
  await client.workers.drainWorker({ workerId: "drained" });
  const next = await create("drained");
  resolve();
  await ended(id);
  await sleep(300);
  expect(await stats("drained")).toMatchObject({ pending: 1, running: 0 });
  expect((await client.workers.getWorker({ workerId: "drained" })).worker?.status).toBe(
    WorkerStatus.DRAINING,
  );
  expect((await client.jobs.getJob({ id: next })).job?.status).toBe(JobStatus.PENDING);
});

test("stop gives back what has not started", async () => {
  for (let n = 0; n < 5; n++) await create("stopped");
  const { promise, resolve } = Promise.withResolvers<void>();
  const worker = work("stopped", () => promise, { prefetch: 4 });
  await eventually(async () => (await stats("stopped")).running === 5);
  const stopped = worker.stop();
  await eventually(async () => (await stats("stopped")).pending === 4);
  resolve();
  await stopped;
  expect(await stats("stopped")).toEqual({ pending: 4, running: 0, completed: 1, failed: 0 });
});

test("a worker and its jobs survive a restart of the service", async () => {
  const jobs = Array.from({ length: 60 }, (_, n) => ({ jobType: "restart", payload: { n } }));
  await client.jobs.batchCreateJobs({ jobs });
  let runs = 0;
  work(
    "restart",
    async () => {
      runs++;
      await sleep(50);
      return "done";
    },
    { capacity: 4, prefetch: 2 },
  );
  await eventually(async () => (await stats("restart")).completed > 8);
  const { port } = service.grpcAddress;
  await service.stop();
  await sleep(300);
  service = await startService(port);
  await eventually(async () => (await stats("restart")).completed === 60);
  // At most what was just being granted as the service stopped runs a second time.
  expect(runs).toBeGreaterThanOrEqual(60);
  expect(runs).toBeLessThanOrEqual(66);
});
