import { Code, createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { expect, onTestFinished, test } from "vitest";
import { JobService } from "../../gen/ltb/v1/job_service_pb.ts";
import { HealthStatus, WorkerStatus } from "../../gen/ltb/v1/worker_pb.ts";
import { WorkerService } from "../../gen/ltb/v1/worker_service_pb.ts";
import { jobService } from "../../src/jobs/service.ts";
import { createLogger } from "../../src/log.ts";
import { provide } from "../../src/rpc/call/handler.ts";
import { startServer } from "../../src/server.ts";
import { workerService } from "../../src/workers/service.ts";
import { serverConfig } from "../harness/server-config.ts";
import { failure, reasonOf } from "../rpc/support.ts";
import { testBench } from "./support.ts";

async function connect() {
  const bench = await testBench();
  const { db } = bench;
  const server = await startServer({
    config: serverConfig,
    database: db,
    services: [provide(WorkerService, workerService(db.workers)), provide(JobService, jobService(db))],
    access: { auth: "off" },
    log: createLogger("silent"),
  });
  onTestFinished(() => server.stop());
  const transport = createGrpcTransport({ baseUrl: `http://127.0.0.1:${server.grpcAddress.port}` });
  return {
    ...bench,
    workers: createClient(WorkerService, transport),
    jobs: createClient(JobService, transport),
  };
}

const seconds = (count: number) => ({ seconds: BigInt(count), nanos: 0 });

test("a worker registers, beats, drains and leaves", async () => {
  const { workers, jobs } = await connect();
  const registration = {
    workerId: "w-1",
    address: "host:50052",
    capacity: 4,
    tags: ["gpu"],
    jobTypes: ["score"],
  };
  const { worker, heartbeatInterval } = await workers.registerWorker({
    ...registration,
    metadata: { zone: "a" },
    version: "1.2",
  });
  expect(worker).toMatchObject({
    ...registration,
    metadata: { zone: "a" },
    version: "1.2",
    status: WorkerStatus.IDLE,
    health: HealthStatus.HEALTHY,
    currentTasks: 0,
    completedTasks: 0n,
    load: 0,
  });
  expect(worker?.cpu).toBeUndefined();
  expect(heartbeatInterval).toMatchObject(seconds(5));

  await jobs.createJob({ jobType: "score", requiredTags: ["gpu"] });
  const { leases } = await jobs.claimJobs({ workerId: "w-1", maxJobs: 4 });
  const [{ epoch, job } = { epoch: 0, job: undefined }] = leases;
  const ref = { jobId: job?.id ?? "", epoch };
  const beat = await workers.heartbeat({
    workerId: "w-1",
    leases: [ref],
    cpu: 0.5,
    memory: 0,
    lease: seconds(60),
  });
  expect(beat).toMatchObject({ drain: false, cancelled: [], lost: [], expiresIn: seconds(60) });
  expect((await workers.getWorker({ workerId: "w-1" })).worker).toMatchObject({
    status: WorkerStatus.BUSY,
    currentTasks: 1,
    load: 0.25,
    cpu: 0.5,
    memory: 0,
  });

  const drained = await workers.drainWorker({ workerId: "w-1", reason: "upgrade" });
  expect(drained.worker).toMatchObject({ status: WorkerStatus.DRAINING, drainReason: "upgrade" });
  expect((await workers.heartbeat({ workerId: "w-1" })).drain).toBe(true);

  expect(await workers.deregisterWorker({ workerId: "w-1", reason: "done" })).toMatchObject({
    jobsReleased: 1,
  });
  const gone = await failure(workers.heartbeat({ workerId: "w-1" }));
  expect(gone.code).toBe(Code.NotFound);
  expect(reasonOf(gone)).toBe("NOT_FOUND");
});

test("a heartbeat tells which jobs were cancelled and which are lost", async () => {
  const { workers, db, running } = await connect();
  await db.workers.register({ workerId: "w", capacity: 3 });
  const [kept, cancelled, lost] = await running("w", 3);
  if (!kept || !cancelled || !lost) throw new Error("three were claimed");
  await db.jobs.cancel(cancelled.jobId);
  await db.jobs.release("w", [lost]);
  const reply = await workers.heartbeat({ workerId: "w", leases: [kept, cancelled, lost] });
  expect(reply).toMatchObject({ cancelled: [cancelled], lost: [lost], expiresIn: seconds(30) });
});

test("workers are listed page by page, with filters", async () => {
  const { workers, silence } = await connect();
  for (const workerId of ["a", "b", "c"]) await workers.registerWorker({ workerId, tags: ["x", workerId] });
  await silence("b", 31);
  const first = await workers.listWorkers({ pageSize: 2 });
  expect(first.workers.map(({ workerId }) => workerId)).toEqual(["c", "b"]);
  const second = await workers.listWorkers({ pageSize: 2, pageToken: first.nextPageToken });
  expect(second.workers.map(({ workerId }) => workerId)).toEqual(["a"]);
  expect(second.nextPageToken).toBe("");
  const offline = await workers.listWorkers({ status: WorkerStatus.OFFLINE, tags: ["x"] });
  expect(offline.workers).toMatchObject([{ workerId: "b", health: HealthStatus.UNHEALTHY }]);
  const active = await workers.listWorkers({ activeWithin: seconds(10), tags: ["x", "a"] });
  expect(active.workers.map(({ workerId }) => workerId)).toEqual(["a"]);
  const other = await failure(workers.listWorkers({ pageToken: first.nextPageToken, tags: ["x"] }));
  expect([other.code, reasonOf(other)]).toEqual([Code.InvalidArgument, "INVALID_PAGE_TOKEN"]);
});

test("stale workers are removed and their jobs run again", async () => {
  const { workers, jobs, running, silence } = await connect();
  await workers.registerWorker({ workerId: "dead", capacity: 2 });
  const [lease] = await running("dead", 1);
  await silence("dead", 61);
  expect(await workers.removeStaleWorkers({ olderThan: seconds(60) })).toMatchObject({
    removed: 1,
    jobsRequeued: 1,
  });
  const { job } = await jobs.getJob({ id: lease?.jobId ?? "" });
  expect(job).toMatchObject({ retryCount: 1, assignedWorkerId: "" });
  expect((await failure(workers.getWorker({ workerId: "dead" }))).code).toBe(Code.NotFound);
});

test("cluster statistics", async () => {
  const { workers, db, running } = await connect();
  expect(await workers.getClusterStats({})).toMatchObject({
    totalWorkers: 0,
    load: 0,
    health: HealthStatus.UNSPECIFIED,
  });
  await workers.registerWorker({ workerId: "w", capacity: 4 });
  const [done] = await running("w", 2);
  if (done) await db.jobs.complete("w", [done]);
  const stats = await workers.getClusterStats({});
  expect(stats).toMatchObject({
    totalWorkers: 1,
    busyWorkers: 1,
    healthyWorkers: 1,
    totalCapacity: 4,
    usedCapacity: 1,
    availableCapacity: 3,
    load: 0.25,
    runningJobs: 1,
    completedJobs: 1,
    completedLastMinute: 1,
    health: HealthStatus.HEALTHY,
  });
  expect(stats.averageDuration?.seconds).toBe(0n);
  expect(stats.averageDuration?.nanos).toBeGreaterThan(0);
});

test.each([
  ["register", "worker_id", { workerId: "" }],
  ["register", "worker_id", { workerId: "x".repeat(256) }],
  ["register", "capacity", { workerId: "w", capacity: 0 }],
  ["register", "capacity", { workerId: "w", capacity: 10_001 }],
  ["register", "tags", { workerId: "w", tags: Array.from({ length: 65 }, (_, index) => `t${index}`) }],
  ["register", "job_types[0]", { workerId: "w", jobTypes: [""] }],
  ["beat", "cpu", { workerId: "w", cpu: 1.1 }],
  ["beat", "memory", { workerId: "w", memory: Number.NaN }],
  ["beat", "leases[0].job_id", { workerId: "w", leases: [{ jobId: "1", epoch: 1 }] }],
  ["beat", "lease", { workerId: "w", lease: seconds(0) }],
  ["list", "page_size", { pageSize: 1001 }],
  ["list", "status", { status: 9 as WorkerStatus }],
  ["list", "active_within", { activeWithin: seconds(0) }],
  ["remove", "older_than", {}],
  ["remove", "older_than", { olderThan: seconds(0) }],
  ["drain", "reason", { workerId: "w", reason: "x".repeat(1025) }],
] as const)("%s refuses a wrong %s", async (call, field, request) => {
  const { workers } = await connect();
  const calls = {
    register: () => workers.registerWorker(request as object),
    beat: () => workers.heartbeat(request as object),
    list: () => workers.listWorkers(request as object),
    remove: () => workers.removeStaleWorkers(request as object),
    drain: () => workers.drainWorker(request as object),
  };
  const error = await failure(calls[call]());
  expect(error.code).toBe(Code.InvalidArgument);
  expect(error.rawMessage).toContain(`${field}: `);
});

test("durations out of range are refused in the words of the contract", async () => {
  const { workers } = await connect();
  const lease = await failure(workers.heartbeat({ workerId: "w", lease: seconds(3601) }));
  expect(lease.rawMessage).toContain("lease: must be 1 s to 1 h");
  const silence = await failure(workers.listWorkers({ activeWithin: seconds(0) }));
  expect(silence.rawMessage).toContain("active_within: must be more than 0 and at most 100 years");
});
