import { type Timestamp, timestampMs } from "@bufbuild/protobuf/wkt";
import { type Job, JobStatus } from "../../../../gen/ltb/v1/job_pb.ts";

/** From when to when something lasted, in milliseconds since 1970; without an end it goes on. */
export interface Span {
  from: number;
  to: number | undefined;
}

const at = (time: Timestamp | undefined): number | undefined => time && timestampMs(time);

/** When a pending job that is not due yet will be. */
export function dueAt({ status, runAt }: Job, now: number): number | undefined {
  const due = at(runAt);
  return status === JobStatus.PENDING && due !== undefined && due > now ? due : undefined;
}

/** How long the job waited for its latest attempt, or waits now. Undefined where it cannot be told. */
export function waitOf(job: Job): Span | undefined {
  const due = at(job.runAt);
  if (job.status === JobStatus.PENDING) {
    // After RetryJob a job waits since then.
    const from = due ?? at(job.epoch > 0 ? job.updatedAt : job.createdAt);
    return from === undefined ? undefined : { from, to: undefined };
  }
  const from = due ?? (job.epoch === 1 ? at(job.createdAt) : undefined);
  const to = at(job.startedAt);
  return from === undefined || to === undefined ? undefined : { from, to };
}

/** How long the latest attempt ran, or runs now. */
export function runOf(job: Job): Span | undefined {
  const from = at(job.startedAt);
  if (from === undefined || job.status === JobStatus.PENDING) return undefined;
  return { from, to: at(job.completedAt) };
}

/** The attempts that a job has used of those that it may: "2/4". */
export function attemptsOf({ status, retryCount, maxRetries, startedAt }: Job): string {
  const started = startedAt !== undefined && status !== JobStatus.PENDING;
  return `${Math.min(retryCount + (started ? 1 : 0), maxRetries + 1)}/${maxRetries + 1}`;
}
