import type { DescMessage, DescMethodUnary, MessageInitShape } from "@bufbuild/protobuf";
import { createQueryOptions } from "@connectrpc/connect-query";
import { BenchmarkStatus, BenchmarkView } from "../../../../gen/ltb/v1/benchmark_pb.ts";
import { BenchmarkService } from "../../../../gen/ltb/v1/benchmark_service_pb.ts";
import { JobStatus } from "../../../../gen/ltb/v1/job_pb.ts";
import { JobService } from "../../../../gen/ltb/v1/job_service_pb.ts";
import { SystemService } from "../../../../gen/ltb/v1/system_service_pb.ts";
import { WorkerService } from "../../../../gen/ltb/v1/worker_service_pb.ts";
import { queryClient } from "../../data/queries.ts";
import { isKnown } from "../../data/session.ts";
import { sharing, transport } from "../../data/transport.ts";

/**
 * So many milliseconds the page waits for its first answers, to be drawn once and not anew for each. They are
 * few, as the frame around it is drawn with it.
 */
const patience = 100;

const ask = <I extends DescMessage, O extends DescMessage>(
  method: DescMethodUnary<I, O>,
  input: MessageInitShape<I>,
  by = { transport },
) => createQueryOptions(method, input, by);

/** What the parts of the overview ask, whoever looks at it. */
export const asked = {
  cluster: ask(WorkerService.method.getClusterStats, {}, sharing),
  jobs: ask(JobService.method.getJobStats, {}, sharing),
  history: ask(JobService.method.getQueueHistory, {}, sharing),
  lanes: ask(JobService.method.listJobLanes, { pageSize: 1_000 }, sharing),
  pauses: ask(JobService.method.listJobPauses, { pageSize: 1_000 }),
  limits: ask(JobService.method.listJobLimits, { pageSize: 1_000 }),
  stats: ask(SystemService.method.getStats, {}),
  info: ask(SystemService.method.getInfo, {}),
  running: ask(BenchmarkService.method.listBenchmarks, {
    status: BenchmarkStatus.RUNNING,
    view: BenchmarkView.SUMMARY,
    pageSize: 8,
  }),
  failedJobs: ask(JobService.method.listJobs, { status: JobStatus.FAILED, pageSize: 6 }),
  failedBenchmarks: ask(BenchmarkService.method.listBenchmarks, {
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
  // No type fits the options of all of them at once.
  const answers = Object.values(asked).map((query) => queryClient.ensureQueryData(query as never));
  await Promise.allSettled(answers);
}
