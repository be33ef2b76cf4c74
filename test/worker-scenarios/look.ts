import { timestampMs } from "@bufbuild/protobuf/wkt";
import { EvaluationView } from "../../gen/ltb/v1/evaluation_pb.ts";
import { JobAttemptOutcomeSchema, JobStatus, JobStatusSchema } from "../../gen/ltb/v1/job_pb.ts";
import { JsonFormat } from "../../gen/ltb/v1/json_pb.ts";
import type { LtbClient } from "../../src/client/index.ts";
import { wireEnum } from "../../src/wire/enums.ts";
import type { ExpectedJob } from "./format.ts";

const statuses = wireEnum<typeof JobStatus>(JobStatusSchema);

/** Reads what there is now of the jobs that a scenario has by one name: `ExpectedJob` says what that is. */
export async function lookAt(
  { benchmarks, jobs }: LtbClient,
  { ids: [id = "", ...others], benchmarkId }: { ids: string[]; benchmarkId: string },
): Promise<Required<ExpectedJob>> {
  const { job } = await jobs.getJob({ id, jsonFormat: JsonFormat.TEXT });
  if (job === undefined) throw new Error("there is no such job");
  const stored = benchmarkId
    ? await benchmarks.listEvaluations({ benchmarkId, view: EvaluationView.FULL })
    : { evaluations: [] };
  const all = await jobs.listJobs({ ids: [id, ...others], pageSize: 1_000 });
  return {
    status: statuses.describe(job.status) as ExpectedJob["status"] & string,
    attempts: job.attempts.map(
      ({ outcome }) => JobAttemptOutcomeSchema.value[outcome]?.localName.toLowerCase() ?? "",
    ),
    result: job.resultJson === "" ? undefined : JSON.parse(job.resultJson),
    error: job.error,
    progress: job.progress,
    message: job.progressMessage,
    evaluations: stored.evaluations.map(({ sampleId, output }) => `${sampleId}: ${output}`).sort(),
    dueIn: job.runAt ? (timestampMs(job.runAt) - Date.now()) / 1_000 : 0,
    completed: all.jobs.filter(({ status }) => status === JobStatus.COMPLETED).length,
  };
}
