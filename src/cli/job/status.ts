import { timestampMs } from "@bufbuild/protobuf/wkt";
import {
  type Job,
  type JobAttempt,
  JobAttemptOutcome,
  JobAttemptOutcomeSchema,
  JobStatus,
  JobStatusSchema,
} from "../../../gen/ltb/v1/job_pb.ts";
import { wireEnum } from "../../wire/enums.ts";

const jobStatus = wireEnum<typeof JobStatus>(JobStatusSchema);
const attemptOutcome = wireEnum<typeof JobAttemptOutcome>(JobAttemptOutcomeSchema);

/** The states of a job by the names that people use. */
export const jobStatuses = jobStatus.values;

export type JobStatusName = keyof typeof jobStatuses;

/**
 * The state of a job in a word; a pending one is `waiting` until the jobs have ended that it depends on, and
 * then `scheduled` until it is due.
 */
export function jobStatusName({ status, runAt, waitsFor }: Job): string {
  if (waitsFor > 0) return "waiting";
  if (status === JobStatus.PENDING && runAt !== undefined && timestampMs(runAt) > Date.now())
    return "scheduled";
  return jobStatus.describe(status);
}

export function hasEnded({ status }: Job): boolean {
  return status === JobStatus.COMPLETED || status === JobStatus.FAILED || status === JobStatus.CANCELLED;
}

/** How an attempt ended, in a word or two. */
export function outcomeName({ outcome }: JobAttempt): string {
  if (outcome === JobAttemptOutcome.UNSPECIFIED) return "running";
  return attemptOutcome.describe(outcome).replaceAll("_", " ");
}
