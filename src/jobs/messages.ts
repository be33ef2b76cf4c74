import { create, fromJson, type MessageInitShape } from "@bufbuild/protobuf";
import { ValueSchema } from "@bufbuild/protobuf/wkt";
import * as pb from "../../gen/ltb/v1/job_pb.ts";
import { jsonTextOf, jsonValueOf } from "../validation.ts";
import { omitNulls, toTimestamp } from "../wire/convert.ts";
import { toDuration } from "../wire/duration.ts";
import { wireEnum } from "../wire/enums.ts";
import type { Lease } from "./claim/taking.ts";
import type { HistoryStep } from "./history/read.ts";
import type { JobLane } from "./limits/list-lanes.ts";
import type { JobLimit, JobPause } from "./limits/statements.ts";
import type { JobFailureGroup } from "./lists/failure-groups.ts";
import type { Job, JobAttempt } from "./rows.ts";
import type { EndResult } from "./writes.ts";

export const jobField = wireEnum<typeof pb.JobField>(pb.JobFieldSchema);

export const uniqueConflict = wireEnum<typeof pb.UniqueConflict>(pb.UniqueConflictSchema);

export const jobStatus = wireEnum<typeof pb.JobStatus>(pb.JobStatusSchema);
const attemptOutcome = wireEnum<typeof pb.JobAttemptOutcome>(pb.JobAttemptOutcomeSchema);
const leaseOutcome = wireEnum<typeof pb.LeaseOutcome>(pb.LeaseOutcomeSchema);

/** Makes a whole message without `create`: claims answer thousands, at 1.5 µs each instead of 7.5. */
export function jobMessage(job: Job, asText: boolean, attempts: readonly JobAttempt[] = []): pb.Job {
  const { payload, result, metadata } = job;
  return {
    $typeName: "ltb.v1.Job",
    id: job.id,
    jobType: job.jobType,
    payload: asText || payload === null ? undefined : jsonValueOf(payload),
    priority: job.priority,
    status: jobStatus.values[job.status],
    result: asText || result === null ? undefined : fromJson(ValueSchema, jsonValueOf(result)),
    error: job.error ?? "",
    retryCount: job.retryCount,
    maxRetries: job.maxRetries,
    snoozeCount: job.snoozeCount,
    maxSnoozes: job.maxSnoozes,
    timeoutSeconds: job.timeoutSeconds,
    tokens: job.tokens,
    assignedWorkerId: job.workerId ?? "",
    requiredTags: job.requiredTags,
    runAt: toTimestamp(job.runAt),
    startBy: toTimestamp(job.startBy),
    benchmarkId: job.benchmarkId ?? "",
    limitKey: job.limitKey ?? "",
    uniqueKey: job.uniqueKey ?? "",
    fairKey: job.fairKey ?? "",
    fairWeight: job.fairWeight,
    metadata: asText || metadata === null ? undefined : jsonValueOf(metadata),
    progress: job.progress,
    progressMessage: job.progressMessage ?? "",
    epoch: job.epoch,
    startedAt: toTimestamp(job.startedAt),
    completedAt: toTimestamp(job.completedAt),
    createdAt: toTimestamp(job.createdAt),
    updatedAt: toTimestamp(job.updatedAt),
    createdBy: job.createdBy ?? "",
    version: job.version,
    dependsOn: job.dependsOn ?? [],
    onDependencyFailure: job.runsAfterFailure ? pb.DependencyFailure.RUN : pb.DependencyFailure.CANCEL,
    waitsFor: job.waitsFor,
    payloadJson: asText && payload !== null ? jsonTextOf(payload) : "",
    resultJson: asText && result !== null ? jsonTextOf(result) : "",
    metadataJson: asText && metadata !== null ? jsonTextOf(metadata) : "",
    attempts: attempts.map((attempt) => create(pb.JobAttemptSchema, attemptMessage(attempt))),
  };
}

function attemptMessage(attempt: JobAttempt): MessageInitShape<typeof pb.JobAttemptSchema> {
  const { outcome, error, startedAt, endedAt } = attempt;
  return {
    ...attempt,
    startedAt: toTimestamp(startedAt),
    endedAt: toTimestamp(endedAt),
    outcome: outcome === null ? pb.JobAttemptOutcome.UNSPECIFIED : attemptOutcome.values[outcome],
    error: error ?? "",
    tokensUsed: attempt.tokensUsed ?? undefined,
  };
}

export function leaseMessage(lease: Lease, asText: boolean): pb.Lease {
  return {
    $typeName: "ltb.v1.Lease",
    job: jobMessage(lease, asText),
    epoch: lease.epoch,
    attempt: lease.retryCount + 1,
    expiresIn: toDuration(lease.expiresInMs),
    deadlineIn: lease.deadlineInMs === null ? undefined : toDuration(lease.deadlineInMs),
  };
}

export function limitMessage(limit: JobLimit): MessageInitShape<typeof pb.JobLimitSchema> {
  const { started, tokens, moreAt, updatedAt } = limit;
  return {
    ...omitNulls(limit),
    startedLastMinute: started,
    tokensLastMinute: BigInt(tokens),
    moreAt: toTimestamp(moreAt),
    updatedAt: toTimestamp(updatedAt),
  };
}

export function laneMessage(lane: JobLane): MessageInitShape<typeof pb.JobLaneSchema> {
  const { id: _, oldestReadyAgeMs: age, ...fields } = omitNulls(lane);
  return { ...fields, ...(age !== undefined && { oldestReadyAge: toDuration(age) }) };
}

export function pauseMessage(pause: JobPause): MessageInitShape<typeof pb.JobPauseSchema> {
  const { createdAt, endsAt } = pause;
  return { ...omitNulls(pause), createdAt: toTimestamp(createdAt), endsAt: toTimestamp(endsAt) };
}

export function failureGroupMessage(
  group: JobFailureGroup,
): MessageInitShape<typeof pb.JobFailureGroupSchema> {
  const { firstAt, lastAt, jobIds, ...rest } = group;
  return { ...rest, firstAt: toTimestamp(firstAt), lastAt: toTimestamp(lastAt), jobIds };
}

export function historyMessage(step: HistoryStep): MessageInitShape<typeof pb.QueueHistoryStepSchema> {
  const { start, waitP50Ms, waitP95Ms, runP50Ms, runP95Ms, ...counts } = step;
  const times = Object.entries({
    waitP50: waitP50Ms,
    waitP95: waitP95Ms,
    runP50: runP50Ms,
    runP95: runP95Ms,
  });
  const known = times.flatMap(([name, ms]) => (ms === null ? [] : [[name, toDuration(ms)]]));
  return { ...counts, startTime: toTimestamp(start), ...Object.fromEntries(known) };
}

/** Converts an outcome to the answer to a worker's report. */
export function endMessage(jobId: string, { outcome, field, reason }: EndResult) {
  return {
    jobId,
    outcome: leaseOutcome.values[outcome],
    // The wire has durations where the library has milliseconds.
    ...(field !== undefined && { field: field.replace(/^(retry_after|delay)_ms$/, "$1") }),
    ...(reason !== undefined && { reason }),
  };
}

/** The same for a report after which the job may be run again. */
export function endMessageWithStatus(jobId: string, { status, runAt, ...end }: EndResult) {
  return {
    ...endMessage(jobId, end),
    ...(status && { status: jobStatus.values[status] }),
    ...(runAt && { runAt: toTimestamp(runAt) }),
  };
}
