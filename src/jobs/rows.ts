import { z } from "zod";
import { type Fragment, sql } from "../database/statement/sql.ts";
import type { JsonObject, JsonValue } from "../validation.ts";

export const jobStatuses = ["pending", "running", "completed", "failed", "cancelled"] as const;

export type JobStatus = (typeof jobStatuses)[number];

/** A job as the database answers it. Times are ISO 8601 in UTC with six digits of microseconds. */
export const jobRow = z.object({
  id: z.string(),
  jobType: z.string(),
  /** Null where it was not read; likewise result and metadata. */
  payload: z.custom<JsonObject>().nullable(),
  priority: z.number(),
  status: z.enum(jobStatuses),
  result: z.custom<JsonValue>().nullable(),
  error: z.string().nullable(),
  retryCount: z.number(),
  maxRetries: z.number(),
  timeoutSeconds: z.number(),
  /** The worker_id of the worker that holds the job, or that ended it. */
  workerId: z.string().nullable(),
  requiredTags: z.array(z.string()),
  runAt: z.string().nullable(),
  benchmarkId: z.string().nullable(),
  limitKey: z.string().nullable(),
  uniqueKey: z.string().nullable(),
  metadata: z.custom<JsonObject>().nullable(),
  progress: z.number(),
  progressMessage: z.string().nullable(),
  epoch: z.number(),
  startedAt: z.string().nullable(),
  completedAt: z.string().nullable(),
  createdAt: z.string(),
  updatedAt: z.string(),
  createdBy: z.string().nullable(),
  version: z.number(),
});

/** A piece of work for a worker, with the state it is in. */
export type Job = z.output<typeof jobRow>;

/**
 * The columns of `jobRow` from jobs `j`, a lease `l` and a finished row `f` of it (see `holders`). Large ones
 * are read only where they are asked for.
 */
export function jobColumns(full: boolean, j: Fragment = sql.fragment`j`): Fragment {
  const wide = full
    ? sql.fragment`${j}.payload, ${j}.result, ${j}.metadata`
    : sql.fragment`null::jsonb as payload, null::jsonb as result, null::jsonb as metadata`;
  return sql.fragment`
    ${j}.id, ${j}.job_type, ${wide}, ${j}.priority, ${j}.status, ${j}.error, ${j}.retry_count,
    ${j}.max_retries, ${j}.timeout_seconds,
    coalesce(l.worker_id, f.worker_id) as worker_id, ${j}.required_tags, ${j}.run_at,
    ${j}.benchmark_id, ${j}.limit_key, ${j}.unique_key, ${j}.progress,
    ${j}.progress_message, ${j}.epoch, ${j}.started_at,
    ${j}.completed_at, ${j}.created_at, ${j}.updated_at,
    ${j}.created_by, ${j}.version`;
}

/** Joins what knows the worker's own name: the lease of a running job, the finished row of an ended one. */
export function holders(j: Fragment = sql.fragment`j`): Fragment {
  return sql.fragment`
    left join job_leases l on l.job_id = ${j}.id
    left join job_finished f
      on f.status = ${j}.status and f.finished_at = ${j}.completed_at and f.job_id = ${j}.id`;
}

export const attemptOutcomes = [
  "completed",
  "failed",
  "expired",
  "timed_out",
  "released",
  "cancelled",
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
});

/** One run of a job by a worker. */
export type JobAttempt = z.output<typeof attemptRow>;
