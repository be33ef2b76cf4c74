import { timestampMs } from "@bufbuild/protobuf/wkt";
import { type Job, type JobAttempt, JobAttemptOutcome, JobStatus } from "../../../../../gen/ltb/v1/job_pb.ts";

/** One attempt, or the wait for the next, with the wait before it. Times are milliseconds since 1970. */
export interface Stretch {
  attempt: JobAttempt | undefined;
  /** Why it waited before. */
  wait: "first" | "scheduled" | "backoff" | "by hand" | "returned" | "snoozed";
  waitFrom: number;
  /** When the attempt began. Undefined: it has not. */
  from: number | undefined;
  /** When the attempt ended. Undefined: it has not. */
  to: number | undefined;
}

/** What a job went through, oldest first: waits and attempts. */
export function stretchesOf(job: Job): Stretch[] {
  const created = job.createdAt ? timestampMs(job.createdAt) : 0;
  const stretches: Stretch[] = [];
  let waitFrom = created;
  for (const [index, attempt] of job.attempts.entries()) {
    const before = job.attempts[index - 1];
    const from = attempt.startedAt ? timestampMs(attempt.startedAt) : waitFrom;
    const to = attempt.endedAt && timestampMs(attempt.endedAt);
    // Of a long history only the end is known.
    const known = before !== undefined || attempt.epoch <= 1;
    stretches.push({
      attempt,
      wait: waitOf(job, before, attempt),
      waitFrom: known ? waitFrom : from,
      from,
      to,
    });
    waitFrom = to ?? from;
  }
  if (job.status === JobStatus.PENDING) {
    const last = job.attempts.at(-1);
    stretches.push({
      attempt: undefined,
      wait: waitOf(job, last, undefined),
      waitFrom,
      from: undefined,
      to: undefined,
    });
  }
  return stretches;
}

function waitOf(job: Job, before: JobAttempt | undefined, next: JobAttempt | undefined): Stretch["wait"] {
  if (!before) return job.attempts.length <= 1 && job.runAt && job.retryCount === 0 ? "scheduled" : "first";
  const number = next?.attempt ?? job.retryCount + 1;
  if (before.outcome === JobAttemptOutcome.SNOOZED) return "snoozed";
  if (number > before.attempt) return "backoff";
  return number === before.attempt ? "returned" : "by hand";
}

/** The first and the last time of all, between which it is drawn. */
export function rangeOf(stretches: readonly Stretch[], now: number): [number, number] {
  const from = stretches[0]?.waitFrom ?? now;
  const last = stretches.at(-1);
  return [from, Math.max(from + 1, last?.to ?? now)];
}
