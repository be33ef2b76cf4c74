import { timestampMs } from "@bufbuild/protobuf/wkt";
import {
  type Job,
  type JobAttempt,
  JobAttemptOutcome,
  JobAttemptOutcomeSchema,
  JobStatus,
  JobStatusSchema,
} from "../../../gen/ltb/v1/job_pb.ts";

/** The states of a job by the names that people use. */
export const jobStatuses = {
  pending: JobStatus.PENDING,
  running: JobStatus.RUNNING,
  completed: JobStatus.COMPLETED,
  failed: JobStatus.FAILED,
  cancelled: JobStatus.CANCELLED,
} as const;

export type JobStatusName = keyof typeof jobStatuses;

/** The state of a job in a word; a pending one that is not due yet is `scheduled`. */
export function jobStatusName({ status, runAt }: Job): string {
  if (status === JobStatus.PENDING && runAt !== undefined && timestampMs(runAt) > Date.now())
    return "scheduled";
  return JobStatusSchema.value[status]?.localName.toLowerCase() ?? String(status);
}

export function hasEnded({ status }: Job): boolean {
  return status === JobStatus.COMPLETED || status === JobStatus.FAILED || status === JobStatus.CANCELLED;
}

/** How an attempt ended, in a word or two. */
export function outcomeName({ outcome }: JobAttempt): string {
  if (outcome === JobAttemptOutcome.UNSPECIFIED) return "running";
  const name = JobAttemptOutcomeSchema.value[outcome]?.localName ?? String(outcome);
  return name.toLowerCase().replaceAll("_", " ");
}
