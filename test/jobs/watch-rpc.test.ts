import { Code, type ConnectError, createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { expect, onTestFinished, test } from "vitest";
import { JobStatus, JobView } from "../../gen/ltb/v1/job_pb.ts";
import { JobService, type WatchJobsResponse } from "../../gen/ltb/v1/job_service_pb.ts";
import { startTestService } from "../cli/support.ts";
import { unknownId } from "../harness/examples.ts";
import { eventually } from "../harness/waiting.ts";
import { reasonOf } from "../rpc/support.ts";

async function start() {
  const service = await startTestService();
  onTestFinished(() => service.stop());
  return {
    service,
    jobs: createClient(JobService, createGrpcTransport({ baseUrl: `http://${service.address}` })),
  };
}

/** Reads a stream in the background. */
function reading(stream: AsyncIterable<WatchJobsResponse>) {
  const watch: { messages: WatchJobsResponse[]; failure?: ConnectError } = { messages: [] };
  void (async () => {
    for await (const message of stream) watch.messages.push(message);
  })().catch((error) => {
    watch.failure = error;
  });
  return watch;
}

test("a watch tells of changes and deletions, resumes by cursor, and ends with UNAVAILABLE when the server drains", async () => {
  const { service, jobs } = await start();
  const watch = reading(jobs.watchJobs({ view: JobView.FULL }));
  await eventually(() => watch.messages.length > 0);
  expect(watch.messages[0]?.job).toBeUndefined();
  const { job } = await jobs.createJob({ jobType: "t", payload: { a: 1 } });
  const id = job?.id ?? "";
  const told = (expected: object) =>
    expect.poll(() => watch.messages).toContainEqual(expect.objectContaining(expected));
  const pending = { id, status: JobStatus.PENDING, payload: { a: 1 } };
  await told({ deleted: false, job: expect.objectContaining(pending) });
  await jobs.cancelJob({ id });
  await told({ deleted: false, job: expect.objectContaining({ id, status: JobStatus.CANCELLED }) });
  await jobs.deleteJob({ id });
  await told({ deleted: true, job: expect.objectContaining({ id }) });
  const resumed = reading(jobs.watchJobs({ afterCursor: watch.messages[0]?.cursor ?? "" }));
  await eventually(() => resumed.messages.some(({ deleted }) => deleted));
  const started = performance.now();
  await service.stop();
  expect(performance.now() - started).toBeLessThan(3_000);
  await eventually(() => watch.failure !== undefined && resumed.failure !== undefined);
  expect(watch.failure?.code).toBe(Code.Unavailable);
  expect(watch.failure && reasonOf(watch.failure)).toBe("SHUTTING_DOWN");
});

test("bad requests are refused before anything is watched", async () => {
  const { jobs } = await start();
  const failure = async (request: Parameters<typeof jobs.watchJobs>[0]) => {
    const watch = reading(jobs.watchJobs(request));
    await eventually(() => watch.failure !== undefined);
    expect(watch.messages).toEqual([]);
    return watch.failure && [watch.failure.code, reasonOf(watch.failure)];
  };
  expect(await failure({ afterCursor: "x" })).toEqual([Code.InvalidArgument, "INVALID_CURSOR"]);
  const foreign = Buffer.from("[1000000000000,1]").toString("base64url");
  expect(await failure({ afterCursor: foreign })).toEqual([Code.OutOfRange, "CURSOR_EXPIRED"]);
  expect(await failure({ ids: ["x"] })).toEqual([Code.InvalidArgument, "INVALID_ARGUMENT"]);
  const ids = Array.from({ length: 1_001 }, () => unknownId);
  expect(await failure({ ids })).toEqual([Code.InvalidArgument, "INVALID_ARGUMENT"]);
});
