import { create, fromJson, type MessageInitShape } from "@bufbuild/protobuf";
import { type Duration, DurationSchema, ValueSchema } from "@bufbuild/protobuf/wkt";
import {
  type JobAttemptSchema,
  type JobLaneSchema,
  type JobLimitSchema,
  type JobSchema,
  type LeaseSchema,
  JobAttemptOutcome as WireAttemptOutcome,
  LeaseOutcome as WireOutcome,
  JobStatus as WireStatus,
} from "../../gen/ltb/v1/job_pb.ts";
import { invalidField } from "../errors.ts";
import { defined, toTimestamp } from "../rpc/convert.ts";
import type { Lease } from "./claim.ts";
import type { JobLane, JobLimit } from "./limits.ts";
import type { Job, JobAttempt, JobStatus } from "./rows.ts";
import type { EndResult, LeaseOutcome } from "./writes.ts";

const statuses: Record<JobStatus, WireStatus> = {
  pending: WireStatus.PENDING,
  running: WireStatus.RUNNING,
  completed: WireStatus.COMPLETED,
  failed: WireStatus.FAILED,
  cancelled: WireStatus.CANCELLED,
};

const fromWire = new Map(Object.entries(statuses).map(([status, wire]) => [wire, status as JobStatus]));

export function wireStatus(status: JobStatus): WireStatus {
  return statuses[status];
}

/** A status of the wire; undefined if unspecified. */
export function jobStatusOf(wire: WireStatus, field = "status"): JobStatus | undefined {
  if (wire === WireStatus.UNSPECIFIED) return undefined;
  const status = fromWire.get(wire);
  if (!status) throw invalidField(field, `must be a value of JobStatus, is ${wire}`);
  return status;
}

const attemptOutcomes: Record<NonNullable<JobAttempt["outcome"]>, WireAttemptOutcome> = {
  completed: WireAttemptOutcome.COMPLETED,
  failed: WireAttemptOutcome.FAILED,
  expired: WireAttemptOutcome.EXPIRED,
  timed_out: WireAttemptOutcome.TIMED_OUT,
  released: WireAttemptOutcome.RELEASED,
  cancelled: WireAttemptOutcome.CANCELLED,
};

const leaseOutcomes: Record<LeaseOutcome, WireOutcome> = {
  ok: WireOutcome.OK,
  stale: WireOutcome.STALE,
  not_found: WireOutcome.NOT_FOUND,
  cancelled: WireOutcome.CANCELLED,
  rejected: WireOutcome.REJECTED,
};

export function jobMessage(
  job: Job,
  attempts: readonly JobAttempt[] = [],
): MessageInitShape<typeof JobSchema> {
  const { result, error, workerId, progressMessage, runAt, startedAt, completedAt, ...same } = job;
  return {
    ...defined(same),
    status: statuses[job.status],
    ...(result !== null && { result: fromJson(ValueSchema, result) }),
    error: error ?? "",
    assignedWorkerId: workerId ?? "",
    progressMessage: progressMessage ?? "",
    runAt: toTimestamp(runAt),
    startedAt: toTimestamp(startedAt),
    completedAt: toTimestamp(completedAt),
    createdAt: toTimestamp(job.createdAt),
    updatedAt: toTimestamp(job.updatedAt),
    attempts: attempts.map(attemptMessage),
  };
}

function attemptMessage(attempt: JobAttempt): MessageInitShape<typeof JobAttemptSchema> {
  const { outcome, error, startedAt, endedAt, epoch, workerId } = attempt;
  return {
    epoch,
    attempt: attempt.attempt,
    workerId,
    startedAt: toTimestamp(startedAt),
    endedAt: toTimestamp(endedAt),
    outcome: outcome === null ? WireAttemptOutcome.UNSPECIFIED : attemptOutcomes[outcome],
    error: error ?? "",
  };
}

export function leaseMessage(lease: Lease): MessageInitShape<typeof LeaseSchema> {
  const { expiresInMs, deadlineInMs, ...job } = lease;
  return {
    job: jobMessage(job),
    epoch: lease.epoch,
    attempt: lease.retryCount + 1,
    expiresIn: toDuration(expiresInMs),
    ...(deadlineInMs !== null && { deadlineIn: toDuration(deadlineInMs) }),
  };
}

export function limitMessage(limit: JobLimit): MessageInitShape<typeof JobLimitSchema> {
  return { ...defined(limit), updatedAt: toTimestamp(limit.updatedAt) };
}

export function laneMessage({ limitKey, ...lane }: JobLane): MessageInitShape<typeof JobLaneSchema> {
  return { ...lane, limitKey: limitKey ?? "" };
}

/** As a worker's report of a lease is answered. */
export function endMessage(jobId: string, { outcome, field, reason }: EndResult) {
  return {
    jobId,
    outcome: leaseOutcomes[outcome],
    // The wire has durations where the library has milliseconds.
    ...(field !== undefined && { field: field.replace(/_ms$/, "") }),
    ...(reason !== undefined && { reason }),
  };
}

export function toDuration(ms: number): Duration {
  const whole = Math.round(ms);
  return create(DurationSchema, {
    seconds: BigInt(Math.floor(whole / 1000)),
    nanos: (whole % 1000) * 1_000_000,
  });
}

/** A `Duration` in whole milliseconds; unset stays undefined. */
export function fromDuration(duration: Duration | undefined, field: string): number | undefined {
  if (!duration) return undefined;
  const { seconds, nanos } = duration;
  if (seconds < 0n || nanos < 0 || seconds > 315_576_000_000n)
    throw invalidField(field, "must be a duration of 0 or more");
  return Number(seconds) * 1000 + Math.ceil(nanos / 1_000_000);
}
