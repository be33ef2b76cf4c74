import { z } from "zod";
import { columnsOf, type Fragment, fragmentOf, jsonColumn, sql } from "../database/statement/sql.ts";
import type { JsonObject, JsonValue } from "../validation.ts";

export const jobStatuses = ["pending", "running", "completed", "failed", "cancelled"] as const;

export type JobStatus = (typeof jobStatuses)[number];

/** A job as the database answers it. Times are ISO 8601 in UTC with six digits of microseconds. */
export const jobRow = z.object({
  id: z.string(),
  jobType: z.string(),
  /** Null where it was not read; likewise result and metadata. */
  payload: jsonColumn<JsonObject>().nullable(),
  priority: z.number(),
  status: z.enum(jobStatuses),
  result: jsonColumn<JsonValue>().nullable(),
  error: z.string().nullable(),
  retryCount: z.number(),
  maxRetries: z.number(),
  snoozeCount: z.number(),
  maxSnoozes: z.number(),
  timeoutSeconds: z.number(),
  /** The tokens that an attempt is estimated to use. */
  tokens: z.number(),
  /** The worker_id of the worker that holds the job, or that ended it. */
  workerId: z.string().nullable(),
  requiredTags: z.array(z.string()),
  runAt: z.string().nullable(),
  startBy: z.string().nullable(),
  benchmarkId: z.string().nullable(),
  limitKey: z.string().nullable(),
  uniqueKey: z.string().nullable(),
  fairKey: z.string().nullable(),
  fairWeight: z.number(),
  metadata: jsonColumn<JsonObject>().nullable(),
  progress: z.number(),
  progressMessage: z.string().nullable(),
  epoch: z.number(),
  startedAt: z.string().nullable(),
  completedAt: z.string().nullable(),
  createdAt: z.string(),
  updatedAt: z.string(),
  createdBy: z.string().nullable(),
  version: z.number(),
  /** Null: none. */
  dependsOn: z.array(z.string()).nullable(),
  runsAfterFailure: z.boolean(),
  /** How many of `dependsOn` have not been counted off. */
  waitsFor: z.number(),
});

/** A piece of work for a worker, with the state it is in. */
export type Job = z.output<typeof jobRow>;

/** The columns of `jobRow` from jobs `j`, with the worker's own name: see `workerJoins`. */
export function jobColumns(j: string, others: { [Field in keyof Job]?: Fragment } = {}): Fragment {
  return columnsOf(jobRow, j, {
    workerId: sql.fragment`coalesce(lease.worker_id, fin.worker_id)`,
    ...others,
  });
}

/** Joins what knows the worker's own name: the lease of a running job, the finished row of an ended one. */
export function workerJoins(j: string): Fragment {
  const job = fragmentOf(j);
  return sql.fragment`
    left join job_leases lease on lease.job_id = ${job}.id
    left join job_finished fin
      on fin.status = ${job}.status and fin.finished_at = ${job}.completed_at and fin.job_id = ${job}.id`;
}

export const attemptOutcomes = [
  "completed",
  "failed",
  "expired",
  "timed_out",
  "released",
  "cancelled",
  "snoozed",
] as const;

export const attemptRow = z.object({
  epoch: z.number(),
  /** retry_count + 1 when it began. */
  attempt: z.number(),
  workerId: z.string(),
  startedAt: z.string(),
  endedAt: z.string().nullable(),
  /** Null while it runs. */
  outcome: z.enum(attemptOutcomes).nullable(),
  error: z.string().nullable(),
  /** Null: its worker did not say. */
  tokensUsed: z.number().nullable(),
});

/** One run of a job by a worker. */
export type JobAttempt = z.output<typeof attemptRow>;
