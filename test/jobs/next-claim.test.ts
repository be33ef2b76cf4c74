import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { expect, onTestFinished, test } from "vitest";
import { JobStatus, type Lease, LeaseOutcome } from "../../gen/ltb/v1/job_pb.ts";
import { JobService } from "../../gen/ltb/v1/job_service_pb.ts";
import { WorkerService } from "../../gen/ltb/v1/worker_service_pb.ts";
import { startTestService } from "../cli/support.ts";
import { failure } from "../rpc/support.ts";

const workerId = "w";

/** A service with a registered worker, and this many jobs. */
async function start({ count = 2, capacity = 1 } = {}) {
  const service = await startTestService();
  onTestFinished(() => service.stop());
  const transport = createGrpcTransport({ baseUrl: `http://${service.address}` });
  const jobs = createClient(JobService, transport);
  const workers = createClient(WorkerService, transport);
  await workers.registerWorker({ workerId, address: "here", capacity });
  await jobs.batchCreateJobs({
    jobs: Array.from({ length: count }, (_, n) => ({ jobType: "t", payload: { n } })),
  });
  const statusOf = async (lease: Lease | undefined) =>
    (await jobs.getJob({ id: lease?.job?.id ?? "" })).job?.status;
  return { jobs, workers, statusOf };
}

const refOf = (lease: Lease | undefined) => ({ jobId: lease?.job?.id ?? "", epoch: lease?.epoch ?? 0 });
const numbersOf = (leases: readonly Lease[]) => leases.map(({ job }) => job?.payload?.n);

test.each(["completeJobs", "failJobs"] as const)(
  "%s frees the slot and leases the next job in one call",
  async (method) => {
    const { jobs, statusOf } = await start();
    const [first] = (await jobs.claimJobs({ workerId })).leases;
    const report = {
      workerId,
      items: [{ ...refOf(first), retryable: false }],
      next: { lease: { seconds: 60n } },
    };
    const { results, leases, drain } = await jobs[method](report);
    expect(results).toMatchObject([{ outcome: LeaseOutcome.OK }]);
    expect(numbersOf(leases)).toEqual([1]);
    expect(leases[0]?.expiresIn?.seconds).toBe(60n);
    expect(leases[0]?.job?.status).toBe(JobStatus.RUNNING);
    expect(drain).toBe(false);
    expect(await statusOf(first)).toBe(method === "failJobs" ? JobStatus.FAILED : JobStatus.COMPLETED);
  },
);

test("without jobs it answers at once; without `next` nothing is claimed", async () => {
  const { jobs } = await start({ count: 2, capacity: 2 });
  const [first, second] = (await jobs.claimJobs({ workerId, maxJobs: 2 })).leases;
  const last = await jobs.completeJobs({ workerId, items: [refOf(first)], next: { maxJobs: 5 } });
  expect(last).toMatchObject({ results: [{ outcome: LeaseOutcome.OK }], leases: [], drain: false });
  await jobs.createJob({ jobType: "t" });
  const { leases } = await jobs.completeJobs({ workerId, items: [refOf(second)] });
  expect(leases).toEqual([]);
});

test("a report that is repeated is answered as before, with the same leases", async () => {
  const { jobs } = await start({ count: 3, capacity: 1 });
  const [first] = (await jobs.claimJobs({ workerId })).leases;
  const report = { workerId, items: [refOf(first)], next: { requestId: "r" } };
  const answers = [await jobs.completeJobs(report), await jobs.completeJobs(report)];
  expect(answers.map(({ results }) => results[0]?.outcome)).toEqual([LeaseOutcome.OK, LeaseOutcome.OK]);
  expect(answers.map(({ leases }) => numbersOf(leases))).toEqual([[1], [1]]);
  // ClaimJobs knows it, too.
  expect(numbersOf((await jobs.claimJobs({ workerId, requestId: "r" })).leases)).toEqual([1]);
});

test("a worker that drains gets no jobs, and is told", async () => {
  const { jobs, workers } = await start();
  const [first] = (await jobs.claimJobs({ workerId })).leases;
  await workers.drainWorker({ workerId });
  const { results, leases, drain } = await jobs.completeJobs({ workerId, items: [refOf(first)], next: {} });
  expect(results[0]?.outcome).toBe(LeaseOutcome.OK);
  expect([leases, drain]).toEqual([[], true]);
});

test("a claim that cannot be served takes nothing from the answer to the report", async () => {
  const { jobs, workers } = await start();
  const [first] = (await jobs.claimJobs({ workerId })).leases;
  await workers.deregisterWorker({ workerId });
  const { results, leases } = await jobs.completeJobs({ workerId, items: [refOf(first)], next: {} });
  expect(results).toHaveLength(1);
  expect(leases).toEqual([]);
  expect(ConnectError.from(await failure(jobs.claimJobs({ workerId }))).code).toBe(Code.NotFound);
});

test.each([
  ["next.max_jobs", { maxJobs: 1_001 }],
  ["next.request_id", { requestId: "r".repeat(129) }],
  ["next.lease", { lease: { seconds: 0n, nanos: 1 } }],
  ["next.job_types[0]", { jobTypes: [""] }],
])("a wrong %s is refused before anything is written", async (field, next) => {
  const { jobs, statusOf } = await start();
  const [first] = (await jobs.claimJobs({ workerId })).leases;
  const error = await failure(jobs.completeJobs({ workerId, items: [refOf(first)], next }));
  expect(error.code).toBe(Code.InvalidArgument);
  expect(error.message).toContain(field);
  expect(await statusOf(first)).toBe(JobStatus.RUNNING);
});
