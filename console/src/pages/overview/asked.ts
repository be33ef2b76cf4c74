import type { DescMessage, DescMethodUnary, MessageInitShape } from "@bufbuild/protobuf";
import { createQueryOptions } from "@connectrpc/connect-query";
import { BenchmarkStatus } from "../../../../gen/ltb/v1/benchmark_pb.ts";
import { BenchmarkService } from "../../../../gen/ltb/v1/benchmark_service_pb.ts";
import { JobStatus } from "../../../../gen/ltb/v1/job_pb.ts";
import { JobService } from "../../../../gen/ltb/v1/job_service_pb.ts";
import { SystemService } from "../../../../gen/ltb/v1/system_service_pb.ts";
import { WorkerService } from "../../../../gen/ltb/v1/worker_service_pb.ts";
import { queryClient } from "../../data/queries.ts";
import { runningBenchmarks } from "../../data/running.ts";
import { isKnown } from "../../data/session.ts";
import { sharing, transport } from "../../data/transport.ts";

/**
 * So many milliseconds the page waits for its first answers, to be drawn once and not anew for each. They are
 * few, as the frame around it is drawn with it.
 */
const patience = 100;

/** A question of a part of the overview. */
export const ask = <I extends DescMessage, O extends DescMessage>(
  method: DescMethodUnary<I, O>,
  input: MessageInitShape<I>,
  by = { transport },
) => createQueryOptions(method, input, by);

const firstAnswers: (() => Promise<unknown>)[] = [];

/** A question that is asked before there is a page, too. */
const askEarly: typeof ask = (method, input, by) => {
  const query = ask(method, input, by);
  firstAnswers.push(() => queryClient.ensureQueryData(query));
  return query;
};

/** What the parts of the overview ask, whoever looks at it. */
export const asked = {
  cluster: askEarly(WorkerService.method.getClusterStats, {}, sharing),
  jobs: askEarly(JobService.method.getJobStats, {}, sharing),
  history: askEarly(JobService.method.getQueueHistory, {}, sharing),
  lanes: askEarly(JobService.method.listJobLanes, { pageSize: 1_000 }, sharing),
  pauses: askEarly(JobService.method.listJobPauses, { pageSize: 1_000 }),
  limits: askEarly(JobService.method.listJobLimits, { pageSize: 1_000 }),
  stats: askEarly(SystemService.method.getStats, {}),
  info: askEarly(SystemService.method.getInfo, {}),
  running: askEarly(BenchmarkService.method.listBenchmarks, runningBenchmarks),
  failedJobs: askEarly(JobService.method.listJobs, { status: JobStatus.FAILED, pageSize: 6 }),
  failedBenchmarks: askEarly(BenchmarkService.method.listBenchmarks, {
    status: BenchmarkStatus.FAILED,
    pageSize: 4,
  }),
};

/** Asks before there is a page, and waits for the first answers. */
export async function askOverview(): Promise<void> {
  const pause = new Promise((resolve) => setTimeout(resolve, patience));
  await Promise.race([askAll(), pause]);
}

async function askAll(): Promise<void> {
  // Who is not signed in would be refused each of them.
  if (!(await isKnown())) return;
  await Promise.allSettled(firstAnswers.map((answer) => answer()));
}
