import { create, fromJson, type MessageInitShape } from "@bufbuild/protobuf";
import { type Duration, ValueSchema } from "@bufbuild/protobuf/wkt";
import {
  JobAttemptSchema,
  type JobLaneSchema,
  type JobLimitSchema,
  JobAttemptOutcome as WireAttemptOutcome,
  type Job as WireJob,
  type Lease as WireLease,
  LeaseOutcome as WireOutcome,
  JobStatus as WireStatus,
} from "../../gen/ltb/v1/job_pb.ts";
import { invalidField } from "../errors.ts";
import { defined, toTimestamp } from "../wire/convert.ts";
import type { Lease } from "./claim/claim.ts";
import type { JobLane, JobLimit } from "./limits/statements.ts";
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

/**
 * A whole message, not what `create` would make one of field by field: claims answer jobs by the thousand, and a lease takes
 * 1.5 µs like this instead of 7.5.
 */
export function jobMessage(job: Job, attempts: readonly JobAttempt[] = []): WireJob {
  return {
    $typeName: "ltb.v1.Job",
    id: job.id,
    jobType: job.jobType,
    payload: job.payload ?? undefined,
    priority: job.priority,
    status: statuses[job.status],
    result: job.result === null ? undefined : fromJson(ValueSchema, job.result),
    error: job.error ?? "",
    retryCount: job.retryCount,
    maxRetries: job.maxRetries,
    timeoutSeconds: job.timeoutSeconds,
    assignedWorkerId: job.workerId ?? "",
    requiredTags: job.requiredTags,
    runAt: toTimestamp(job.runAt),
    benchmarkId: job.benchmarkId ?? "",
    limitKey: job.limitKey ?? "",
    uniqueKey: job.uniqueKey ?? "",
    metadata: job.metadata ?? undefined,
    progress: job.progress,
    progressMessage: job.progressMessage ?? "",
    epoch: job.epoch,
    startedAt: toTimestamp(job.startedAt),
    completedAt: toTimestamp(job.completedAt),
    createdAt: toTimestamp(job.createdAt),
    updatedAt: toTimestamp(job.updatedAt),
    createdBy: job.createdBy ?? "",
    version: job.version,
    attempts: attempts.map((attempt) => create(JobAttemptSchema, attemptMessage(attempt))),
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

export function leaseMessage(lease: Lease): WireLease {
  return {
    $typeName: "ltb.v1.Lease",
    job: jobMessage(lease),
    epoch: lease.epoch,
    attempt: lease.retryCount + 1,
    expiresIn: toDuration(lease.expiresInMs),
    deadlineIn: lease.deadlineInMs === null ? undefined : toDuration(lease.deadlineInMs),
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
  return {
    $typeName: "google.protobuf.Duration",
    seconds: BigInt(Math.floor(whole / 1000)),
    nanos: (whole % 1000) * 1_000_000,
  };
}

/**
 * A `Duration` in whole milliseconds; unset stays undefined.
 * @throws INVALID_ARGUMENT naming `field` if it is not within `min` and `max` milliseconds
 */
export function fromDuration(
  duration: Duration | undefined,
  field: string,
  { min = 0, max = 315_576_000_000_000 }: { min?: number; max?: number } = {},
): number | undefined {
  if (!duration) return undefined;
  const ms = Number(duration.seconds) * 1000 + Math.ceil(duration.nanos / 1_000_000);
  if (ms >= min && ms <= max) return ms;
  throw invalidField(field, `must be a duration from ${min / 1000} s to ${max / 1000} s, is ${ms / 1000} s`);
}
