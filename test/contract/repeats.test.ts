import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { ConnectError } from "@connectrpc/connect";
import { describe, expect, test } from "vitest";
import { EvaluationView } from "../../gen/ltb/v1/evaluation_pb.ts";
import { JobStatus, LeaseOutcome } from "../../gen/ltb/v1/job_pb.ts";
import { reasonOf } from "../../src/client/errors.ts";
import { clientsOf } from "../../src/client/services.ts";
import { newId } from "../../src/ids.ts";
import { contract, sample } from "./support.ts";

// A call whose answer was lost is sent again: nothing may happen twice, and the answer is that of the first.

const service = contract();
const api = () => clientsOf(service.transport("gRPC"));

/** Prepares what the call needs, and answers the call. `id` is a text that no other case has. */
type Case = (id: string) => Promise<() => Promise<unknown>>;

const workerId = "w";
const evaluation = { input: "i", output: "o", score: 0.5 };

async function newBenchmark(): Promise<string> {
  return (await api().benchmarks.createBenchmark(sample)).benchmark?.id ?? "";
}

/** A worker with leases on as many jobs as were asked for, which have a benchmark. */
async function claimed(jobType: string, count: number, more: object = {}) {
  const { jobs, workers } = api();
  const benchmarkId = await newBenchmark();
  await workers.registerWorker({ workerId, capacity: 1_000 });
  await jobs.batchCreateJobs({
    jobs: Array.from({ length: count }, () => ({ jobType, benchmarkId, ...more })),
  });
  const { leases } = await jobs.claimJobs({ workerId, jobTypes: [jobType], maxJobs: count });
  return leases.map(({ job, epoch }) => ({ jobId: job?.id ?? "", epoch }));
}

const newJob = async (jobType: string) => (await api().jobs.createJob({ jobType })).job?.id ?? "";

const cases: Record<string, Case> = {
  CompleteJobs: async (type) => {
    const refs = await claimed(type, 4);
    const wrong = { ...evaluation, score: Number.NaN };
    const evaluations = [[], [evaluation, evaluation], [{ ...evaluation, sampleId: "s" }], [wrong]];
    const items = refs.map((ref, index) => ({ ...ref, evaluations: evaluations[index] ?? [] }));
    return () => api().jobs.completeJobs({ workerId, items });
  },
  FailJobs: async (type) => {
    const [first, last, never, wrong] = await claimed(type, 4, { maxRetries: 1 });
    const items = [
      { ...wrong, error: "e", retryAfter: { seconds: 604_801n } },
      { ...first, error: "e" },
      { ...never, error: "e", retryable: false },
      { ...last, error: "e", retryAfter: { seconds: 60n } },
    ];
    return () => api().jobs.failJobs({ workerId, items });
  },
  ReleaseJobs: async (type) => {
    const items = await claimed(type, 2);
    return () => api().jobs.releaseJobs({ workerId, items });
  },
  UpdateJobProgress: async (type) => {
    const refs = await claimed(type, 2);
    const items = refs.map((ref) => ({ ...ref, progress: 0.5, message: "half" }));
    return () => api().jobs.updateJobProgress({ workerId, items });
  },
  Heartbeat: async (type) => {
    const leases = await claimed(type, 2);
    return () => api().workers.heartbeat({ workerId, leases, cpu: 0.5 });
  },
  RegisterWorker: async (name) => () =>
    api().workers.registerWorker({ workerId: name, capacity: 3, tags: ["a"], metadata: { a: 1 } }),
  DrainWorker: async (name) => {
    await api().workers.registerWorker({ workerId: name });
    return () => api().workers.drainWorker({ workerId: name, reason: "why" });
  },
  CancelJob: async (type) => {
    const [ref] = await claimed(type, 1);
    return () => api().jobs.cancelJob({ id: ref?.jobId ?? "", reason: "why" });
  },
  SetJobLimit: async (limitKey) => () => api().jobs.setJobLimit({ limitKey, maxRunning: 5, perMinute: 5 }),
  PauseJobs: async (jobType) => {
    await newJob(jobType);
    return () => api().jobs.pauseJobs({ jobType });
  },
  ResumeJobs: async (jobType) => {
    await newJob(jobType);
    await api().jobs.pauseJobs({ jobType });
    return () => api().jobs.resumeJobs({ jobType });
  },
  SetBaseline: async (dataset) => {
    const { benchmark } = await api().benchmarks.createBenchmark({ ...sample, dataset });
    return () => api().benchmarks.setBaseline({ benchmarkId: benchmark?.id ?? "" });
  },
  CreateBenchmark: async (requestId) => () => api().benchmarks.createBenchmark({ ...sample, requestId }),
  CreateEvaluation: async (requestId) => {
    const benchmarkId = await newBenchmark();
    return () => api().benchmarks.createEvaluation({ ...evaluation, benchmarkId, requestId });
  },
  BatchCreateEvaluations: async (requestId) => {
    const benchmarkId = await newBenchmark();
    const evaluations = [evaluation, { ...evaluation, sampleId: "s" }, { ...evaluation, score: Number.NaN }];
    return () => api().benchmarks.batchCreateEvaluations({ benchmarkId, evaluations, requestId });
  },
  CreateJob: async (requestId) => () =>
    api().jobs.createJob({ jobType: requestId, payload: { a: 1 }, uniqueKey: "k", requestId }),
  BatchCreateJobs: async (requestId) => {
    const jobs = [0, 1, 2].map((priority) => ({ jobType: requestId, priority, payload: { a: 1 } }));
    return () => api().jobs.batchCreateJobs({ jobs, requestId });
  },
  ClaimJobs: async (requestId) => {
    await api().workers.registerWorker({ workerId, capacity: 1_000 });
    for (let index = 0; index < 5; index++) await newJob(requestId);
    return () => api().jobs.claimJobs({ workerId, jobTypes: [requestId], maxJobs: 2, requestId });
  },
  CreateUser: async (requestId) => () =>
    api().users.createUser({
      username: requestId,
      email: `${requestId}@example.org`,
      credential: { case: "password", value: "correct horse battery staple 7" },
      requestId,
    }),
  CreateAuditLog: async (requestId) => () =>
    api().audit.createAuditLog({ action: "deploy", entityType: "site", requestId }),
};

/** How many rows each table has, but for the events, of which any number says the same. */
async function countRows(): Promise<Record<string, number>> {
  const { rows } = await service.database.query<{ name: string }>(
    `select relname as name from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace
      and relname not in ('job_events', 'benchmark_events') order by relname`,
  );
  const counts = rows.map(({ name }) => `'${name}', (select count(*) from ${name})`);
  const counted = await service.database.query(`select json_build_object(${counts.join(", ")}) as counts`);
  return counted.rows[0]?.counts;
}

/** An answer without what time alone changes. */
function withoutTimes(answer: unknown): unknown {
  const moving = new Set([
    "$typeName",
    "updatedAt",
    "lastHeartbeat",
    "expiresIn",
    "deadlineIn",
    "oldestReadyAge",
  ]);
  return JSON.parse(
    JSON.stringify(answer, (key, value) => {
      if (moving.has(key)) return undefined;
      return typeof value === "bigint" ? `${value}` : value;
    }),
  );
}

describe("sent again after its answer was lost", () => {
  test.each(Object.entries(cases))("%s changes nothing, and is answered as before", async (_, prepare) => {
    const call = await prepare(newId());
    const first = withoutTimes(await call());
    const before = await countRows();
    expect(withoutTimes(await call())).toEqual(first);
    expect(await countRows()).toEqual(before);
  });

  test.each(Object.entries(cases))("%s at the same time as the first is one with it", async (_, prepare) => {
    const [alone, many] = [await prepare(newId()), await prepare(newId())];
    const [empty, single] = [await countRows(), await alone().then(countRows)];
    const answers = await Promise.all([1, 2, 3, 4].map(many));
    for (const answer of answers) expect(withoutTimes(answer)).toEqual(withoutTimes(answers[0]));
    const added = (counts: Record<string, number>, to: Record<string, number>) =>
      Object.fromEntries(Object.entries(counts).map(([name, count]) => [name, count - (to[name] ?? 0)]));
    expect(added(await countRows(), single)).toEqual(added(single, empty));
  });

  test("every method that a service config repeats is among these, or only reads", () => {
    const text = readFileSync(
      join(import.meta.dirname, "../../examples/service-config-request-id.json"),
      "utf8",
    );
    const named = [...text.matchAll(/"method": "(\w+)"/g)].flatMap(([, name]) => name ?? []);
    const changes = named.filter(
      (name) => !/^(Get|BatchGet|List|Export|Compare|Verify|Watch|WhoAmI)/.test(name),
    );
    expect(changes.sort()).toEqual(Object.keys(cases).sort());
  });
});

test("a failure sent again says what became of the job, also once it runs again or was cancelled", async () => {
  const type = newId();
  const [again, cancelled] = await claimed(type, 2);
  const { jobs } = api();
  const items = [again, cancelled].map((ref) => ({ ...ref, error: "e", retryAfter: { seconds: 0n } }));
  const retried = { outcome: LeaseOutcome.OK, status: JobStatus.PENDING };
  expect((await jobs.failJobs({ workerId, items })).results).toMatchObject([retried, retried]);
  await jobs.cancelJob({ id: cancelled?.jobId ?? "" });
  await service.maintain();
  await jobs.claimJobs({ workerId, jobTypes: [type] });
  expect((await jobs.failJobs({ workerId, items })).results).toMatchObject([retried, retried]);
});

test("jobs of a batch that is sent again stand in its order, and one that was deleted is named", async () => {
  const requestId = newId();
  const { jobs } = api();
  const batch = { jobs: [0, 1, 2].map((priority) => ({ jobType: requestId, priority })), requestId };
  const created = await jobs.batchCreateJobs(batch);
  const [, second] = created.jobs;
  await jobs.deleteJob({ id: second?.id ?? "" });
  const error = await jobs.batchCreateJobs(batch).catch((thrown: unknown) => thrown);
  expect(reasonOf(error)).toBe("NOT_FOUND");
  expect((error as ConnectError).rawMessage).toContain(second?.id);
});

test("a stream that is sent again stores evaluations with a sample id once", async () => {
  const benchmarkId = await newBenchmark();
  const evaluations = [0, 1, 2].map((index) => ({ ...evaluation, sampleId: `s${index}` }));
  async function* stream() {
    yield { benchmarkId, evaluations };
  }
  const { benchmarks } = api();
  expect(await benchmarks.streamEvaluations(stream())).toMatchObject({ inserted: 3, duplicates: 0 });
  expect(await benchmarks.streamEvaluations(stream())).toMatchObject({ inserted: 0, duplicates: 3 });
  const page = await benchmarks.listEvaluations({ benchmarkId, view: EvaluationView.BASIC });
  expect(page.evaluations).toHaveLength(3);
});

test.each([
  ["DeleteJob", newJob, (id: string) => api().jobs.deleteJob({ id })],
  ["DeleteBenchmark", newBenchmark, (id: string) => api().benchmarks.deleteBenchmark({ id })],
  [
    "DeleteJobLimit",
    async (limitKey: string) => {
      await api().jobs.setJobLimit({ limitKey, maxRunning: 1 });
      return limitKey;
    },
    (limitKey: string) => api().jobs.deleteJobLimit({ limitKey }),
  ],
  [
    "DeregisterWorker",
    async (name: string) => {
      await api().workers.registerWorker({ workerId: name });
      return name;
    },
    (name: string) => api().workers.deregisterWorker({ workerId: name }),
  ],
] as const)("%s sent again finds nothing, and changes nothing", async (_, prepare, call) => {
  const id = await prepare(newId());
  await call(id);
  const before = await countRows();
  expect(reasonOf(await call(id).catch((thrown: unknown) => thrown))).toBe("NOT_FOUND");
  expect(await countRows()).toEqual(before);
});
