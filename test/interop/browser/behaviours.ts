import type { MessageInitShape } from "@bufbuild/protobuf";
import { Code, ConnectError, createClient, type Transport } from "@connectrpc/connect";
import { BadRequestSchema, RequestInfoSchema } from "../../../gen/google/rpc/error_details_pb.ts";
import { BenchmarkService } from "../../../gen/ltb/v1/benchmark_service_pb.ts";
import { JobStatus, type Lease, LeaseOutcome } from "../../../gen/ltb/v1/job_pb.ts";
import {
  type CompleteJobsItemSchema,
  type CreateJobRequestSchema,
  JobService,
} from "../../../gen/ltb/v1/job_service_pb.ts";
import { JsonFormat } from "../../../gen/ltb/v1/json_pb.ts";
import { SystemService } from "../../../gen/ltb/v1/system_service_pb.ts";
import { WorkerService } from "../../../gen/ltb/v1/worker_service_pb.ts";
import { assert, fails, report, same } from "./report.ts";

const ROWS = 10_000;
const BATCH = 1_000;

/** What takes several calls: the life of a worker, evaluations, pages, watches, errors, deadlines. */
export async function behaviours(client: string, transport: Transport): Promise<void> {
  const jobs = createClient(JobService, transport);
  const workers = createClient(WorkerService, transport);
  const benchmarks = createClient(BenchmarkService, transport);
  const system = createClient(SystemService, transport);
  const run = crypto.randomUUID().slice(0, 8);
  const jobType = `browser-${run}`;
  const [me, other] = [`browser-${run}-1`, `browser-${run}-2`];
  const benchmarkId = crypto.randomUUID();

  const check = (what: string, act: () => Promise<unknown>) => report("behaviour", client, what, act);
  const seconds = (number: number) => ({
    seconds: BigInt(Math.floor(number)),
    nanos: Math.round((number % 1) * 1e9),
  });
  const createJob = async (fields: MessageInitShape<typeof CreateJobRequestSchema> = {}) => {
    const { job } = await jobs.createJob({ jobType, ...fields } as MessageInitShape<
      typeof CreateJobRequestSchema
    >);
    assert(job !== undefined, "a job is answered");
    return job;
  };
  const claim = async ({ workerId = me, maxJobs = 1, lease = 60, wait = 5 } = {}) =>
    (await jobs.claimJobs({ workerId, maxJobs, lease: seconds(lease), wait: seconds(wait) })).leases;
  const claimOne = async (options?: Parameters<typeof claim>[0]) => {
    const [lease] = await claim(options);
    assert(lease !== undefined, "a job is claimed");
    return lease;
  };
  const ref = ({ job, epoch }: Lease) => ({ jobId: job?.id ?? "", epoch });
  const complete = async (
    lease: Lease,
    fields: MessageInitShape<typeof CompleteJobsItemSchema> = {},
    workerId = me,
  ) => {
    const item = { ...ref(lease), ...fields } as MessageInitShape<typeof CompleteJobsItemSchema>;
    const [result] = (await jobs.completeJobs({ workerId, items: [item] })).results;
    assert(result !== undefined, "a result is answered");
    return result;
  };
  const heartbeat = (leases: Lease[] = [], lease = 60) =>
    workers.heartbeat({ workerId: me, leases: leases.map(ref), lease: seconds(lease) });

  await check("registers", async () => {
    for (const workerId of [me, other]) {
      const answer = await workers.registerWorker({ workerId, capacity: 8, jobTypes: [jobType] });
      same([Number(answer.heartbeatInterval?.seconds), answer.worker?.workerId], [5, workerId]);
    }
  });

  await check("claims, and completes with evaluations", async () => {
    await benchmarks.createBenchmark({
      id: benchmarkId,
      name: jobType,
      provider: "p",
      model: "m",
      dataset: jobType,
    });
    const job = await createJob({ benchmarkId, payload: { a: 1 } });
    const lease = await claimOne();
    same([lease.job?.id, Number(lease.epoch), lease.attempt, lease.job?.payload], [job.id, 1, 1, { a: 1 }]);
    const evaluations = [0, 1].map((n) => ({ sampleId: `job-${n}`, input: "?", output: "!", score: n }));
    const done = { result: { kind: { case: "stringValue" as const, value: "4" } }, evaluations };
    const first = await complete(lease, done);
    same([first.outcome, Number(first.evaluationsInserted)], [LeaseOutcome.OK, 2]);
    same((await complete(lease, done)).outcome, LeaseOutcome.OK);
    same((await jobs.getJob({ id: job.id })).job?.status, JobStatus.COMPLETED);
  });

  await check("claims in a long poll", async () => {
    setTimeout(() => void createJob(), 500);
    same((await complete(await claimOne({ wait: 10 }))).outcome, LeaseOutcome.OK);
  });

  await check("renews by heartbeat", async () => {
    await createJob();
    const lease = await claimOne({ lease: 2 });
    for (let beat = 0; beat < 3; beat++) {
      await pause(1_000);
      same((await heartbeat([lease], 2)).lost.length, 0);
    }
    same((await complete(lease)).outcome, LeaseOutcome.OK);
  });

  await check("reports progress", async () => {
    const job = await createJob();
    const lease = await claimOne();
    const items = [{ ...ref(lease), progress: 0.5, message: "half" }];
    same((await jobs.updateJobProgress({ workerId: me, items })).results[0]?.outcome, LeaseOutcome.OK);
    same((await jobs.getJob({ id: job.id })).job?.progress, 0.5);
    same((await complete(lease)).outcome, LeaseOutcome.OK);
  });

  await check("fails, with and without a retry", async () => {
    await createJob();
    await createJob();
    const [first, second] = await claim({ maxJobs: 2 });
    assert(first !== undefined && second !== undefined, "two jobs are claimed");
    const items = [
      { ...ref(first), error: "later", retryAfter: seconds(3600) },
      { ...ref(second), error: "never", retryable: false },
    ];
    const { results } = await jobs.failJobs({ workerId: me, items });
    same(
      results.map(({ outcome, status }) => [outcome, status]),
      [
        [LeaseOutcome.OK, JobStatus.PENDING],
        [LeaseOutcome.OK, JobStatus.FAILED],
      ],
    );
  });

  await check("is cancelled, as the heartbeat tells", async () => {
    const job = await createJob();
    const lease = await claimOne();
    await jobs.cancelJob({ id: job.id, reason: "enough" });
    same(
      (await heartbeat([lease])).cancelled.map(({ jobId }) => jobId),
      [job.id],
    );
    same((await complete(lease)).outcome, LeaseOutcome.CANCELLED);
  });

  await check("loses a lease: STALE", async () => {
    const job = await createJob({ maxRetries: 3 });
    const lease = await claimOne({ lease: 1 });
    await pause(1_500);
    const taken = await claimOne({ workerId: other, wait: 20 });
    same([taken.job?.id, taken.epoch > lease.epoch], [job.id, true]);
    same(
      (await heartbeat([lease])).lost.map(({ jobId }) => jobId),
      [job.id],
    );
    same((await complete(lease)).outcome, LeaseOutcome.STALE);
    same((await complete(taken, {}, other)).outcome, LeaseOutcome.OK);
  });

  await check("writes 10,000 evaluations in batches, as pages have no client streaming", async () => {
    for (let start = 0; start < ROWS; start += BATCH) {
      const evaluations = Array.from({ length: BATCH }, (_, i) => ({
        sampleId: `s${start + i}`,
        input: `in ${start + i}`,
        output: "out",
        score: (start + i) / ROWS,
      }));
      const { results } = await benchmarks.batchCreateEvaluations({ benchmarkId, evaluations });
      same(new Set(results.map(({ outcome }) => outcome)).size, 1);
    }
    const evaluations = (async function* () {
      yield { benchmarkId, evaluations: [] };
    })();
    const error = await benchmarks.streamEvaluations(evaluations).then(
      () => undefined,
      (thrown: unknown) => ConnectError.from(thrown),
    );
    assert(error !== undefined, "the browser's transport refuses client streaming");
  });

  await check("pages through a list", async () => {
    const seen = new Set<string>();
    let [pageToken, pages] = ["", 0];
    do {
      const page = await benchmarks.listEvaluations({ benchmarkId, pageSize: 1000, pageToken });
      for (const { id } of page.evaluations) seen.add(id);
      pageToken = page.nextPageToken;
      pages++;
    } while (pageToken !== "");
    same(seen.size, ROWS + 2);
    return `${pages} pages`;
  });

  await check("reads a server stream to its end (export)", async () => {
    let rows = 0;
    for await (const { evaluations } of benchmarks.exportEvaluations({ benchmarkId }))
      rows += evaluations.length;
    same(rows, ROWS + 2);
  });

  await check("watches jobs and resumes by cursor", async () => {
    const stop = new AbortController();
    let cursor = "";
    let job: Awaited<ReturnType<typeof createJob>> | undefined;
    for await (const message of jobs.watchJobs({ jobType }, { signal: stop.signal })) {
      cursor = message.cursor;
      if (message.job && message.job.id === job?.id) break;
      job ??= await createJob();
    }
    stop.abort();
    same((await complete(await claimOne())).outcome, LeaseOutcome.OK);
    const resumed = new AbortController();
    for await (const message of jobs.watchJobs({ jobType, afterCursor: cursor }, { signal: resumed.signal }))
      if (message.job?.id === job?.id && message.job?.status === JobStatus.COMPLETED) break;
    resumed.abort();
  });

  await check("error details by reason", async () => {
    await fails(jobs.getJob({ id: crypto.randomUUID() }), Code.NotFound, "NOT_FOUND");
    const error = await fails(createJob({ maxRetries: 101 }), Code.InvalidArgument, "INVALID_ARGUMENT");
    same(
      error.findDetails(BadRequestSchema)[0]?.fieldViolations.map(({ field }) => field),
      ["max_retries"],
    );
    assert(error.findDetails(RequestInfoSchema)[0]?.requestId !== "", "the error names its request");
    await createJob({ uniqueKey: "once" });
    await fails(createJob({ uniqueKey: "once" }), Code.AlreadyExists, "UNIQUE_KEY_TAKEN");
    const limitKey = "schlüssel % ✓";
    await fails(jobs.deleteJobLimit({ limitKey }), Code.NotFound, "NOT_FOUND");
  });

  await check("request_id makes a create repeatable", async () => {
    const requestId = `${run}-create`;
    const first = await createJob({ requestId, payload: { a: 1 } });
    same((await createJob({ requestId, payload: { a: 1 } })).id, first.id);
    await fails(createJob({ requestId, payload: { a: 2 } }), Code.AlreadyExists, "REQUEST_ID_REUSED");
  });

  await check("with a wrong key", async () => {
    const headers = { authorization: "Bearer no" };
    await fails(system.getStats({}, { headers }), Code.Unauthenticated, "CREDENTIAL_INVALID");
  });

  await check("deadline of a stream; a claim answers before its own", async () => {
    const watching = (async () => {
      for await (const _ of jobs.watchJobs({ jobType: "none" }, { timeoutMs: 1_000 }));
    })();
    await fails(watching, Code.DeadlineExceeded);
    const waiting = { workerId: other, jobTypes: ["none"], wait: seconds(20) };
    same((await jobs.claimJobs(waiting, { timeoutMs: 2_000 })).leases.length, 0);
  });

  await check("cancels a call that waits", async () => {
    const stop = new AbortController();
    const waiting = { workerId: other, jobTypes: ["none"], wait: seconds(20) };
    const call = jobs.claimJobs(waiting, { signal: stop.signal });
    setTimeout(() => stop.abort(), 300);
    await fails(call, Code.Canceled);
  });

  await check("a message that is too large", async () => {
    await fails(
      createJob({ payload: { text: "x".repeat(5_000_000) } }),
      Code.ResourceExhausted,
      "MESSAGE_TOO_LARGE",
    );
    await createJob({ payload: { text: "x".repeat(900_000) } });
  });

  await check("numbers of a Struct are doubles", async () => {
    const payload = { n: 2 ** 53 + 1, max: Number.MAX_VALUE };
    same((await jobs.getJob({ id: (await createJob({ payload })).id })).job?.payload, payload);
  });

  await check("numbers of JSON text have all digits", async () => {
    const { id } = await createJob({ payloadJson: '{"n": 9007199254740993, "d": 1.50}' });
    const { job } = await jobs.getJob({ id, jsonFormat: JsonFormat.TEXT });
    same(job?.payloadJson, '{"d": 1.50, "n": 9007199254740993}');
  });

  await check("drains and deregisters", async () => {
    await jobs.cancelJobs({ jobType });
    await workers.drainWorker({ workerId: me });
    same((await heartbeat()).drain, true);
    for (const workerId of [me, other]) await workers.deregisterWorker({ workerId });
    await fails(heartbeat(), Code.NotFound, "NOT_FOUND");
  });
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
