import { Code } from "@connectrpc/connect";
import { z } from "zod";
import { type AuditEntry, auditEntries } from "../audit/record.ts";
import type { Origin } from "../call-scope.ts";
import type { Executor } from "../database/statement/executor.ts";
import { example, type Fragment, sql, statement } from "../database/statement/sql.ts";
import { table } from "../database/statement/table.ts";
import { notFound, ServiceError } from "../errors.ts";
import { limits } from "../limits.ts";
import { jsonBytes } from "../validation.ts";
import {
  createdTurns,
  exampleDependency,
  type InsertParts,
  isReady,
  withDependencies,
} from "./dependencies/insert.ts";
import { type Dependency, lockDependencies } from "./dependencies/lock.ts";
import type { ParsedJob } from "./input.ts";
import { keptBenchmarks, madeLanes, readyJobs, readyJobsByTurns, recordChanges, takenKeys } from "./parts.ts";
import type { Job } from "./rows.ts";

export type JobToCreate = ParsedJob & {
  id: string;
  /** See `laneIdOf`. */
  laneId: string;
  /** About how many a message takes for the job: see `bytesOf`. */
  bytes: number;
  /** Who creates it, for the audit trail; many callers share the statement. */
  origin: Origin | undefined;
};

/** The job as it was created, or why it was not. */
export type Creation = Job | ServiceError;

export const exampleJob: JobToCreate = {
  id: example.id,
  laneId: example.id,
  bytes: 1_000,
  jobType: "t",
  payload: {},
  priority: 0,
  maxRetries: 3,
  maxSnoozes: 1_000,
  timeoutSeconds: 300,
  tokens: 0,
  fairWeight: 1,
  requiredTags: [],
  onUniqueConflict: "refuse",
  dependsOn: [],
  runsAfterFailure: false,
  origin: undefined,
};

const jobColumns = {
  id: "uuid",
  laneId: "uuid",
  bytes: "int4",
  payload: "jsonb",
  priority: "int4",
  maxRetries: "int4",
  maxSnoozes: "int4",
  timeoutSeconds: "int4",
  tokens: "int4",
  runAt: "timestamptz",
  delayMs: "int8",
  startWithinMs: "int8",
  benchmarkId: "uuid",
  uniqueKey: "text",
  fairKey: "text",
  fairWeight: "float8",
  metadata: "jsonb",
  createdBy: "uuid",
  ordinality: true,
} as const;

const isCreated = sql.fragment`entry.entity_id in (select id::text from created)`;

const state = sql.fragment`(case when run_at > now() then 'scheduled' else 'pending' end)`;
// Parts that are the same for all jobs are made once.
const benchmark = keptBenchmarks("given");
const keyed = takenKeys("item", sql.fragment`ordinality`);
const isNoRepeat = sql.fragment`
  (unique_key is null or exists (select from keyed where keyed.job_id = item.id))`;
const nothing = sql.fragment``;

/** What a statement has that puts all jobs into line as soon as they are due, where no lane is fair. */
const plainly: InsertParts = {
  before: nothing,
  itemColumns: nothing,
  itemJoin: nothing,
  itemCondition: sql.fragment`and not exists (select from wanted where fair)`,
  turns: nothing,
  columns: nothing,
  returning: nothing,
  places: readyJobs("created", sql.fragment`bytes`, isReady),
  isScheduled: sql.fragment`run_at > now()`,
  changes: recordChanges("created", null, { each: state, among: ["pending", "scheduled"] }),
};

const byTurns: InsertParts = {
  ...plainly,
  itemCondition: nothing,
  turns: createdTurns(sql.fragment`true`),
  places: readyJobsByTurns("created", sql.fragment`bytes`, isReady),
};

// Each lane slows down every claim, so their number is bounded; a few more may slip in at the same time. They
// are counted only where there is a new one.
const newLanes = madeLanes(sql.fragment`
  select id, job_type, required_tags, limit_key, has_keys from wanted
  where is_missing and (
    not is_new
    or (select count(*) from job_lanes) + (select count(*) from wanted where is_new) <= ${limits.lanes}
  )
  order by id`);

const laneColumns = {
  id: "uuid",
  jobType: "text",
  requiredTags: "jsonb",
  limitKey: "text",
  hasKeys: "bool",
} as const;

/** The lanes of jobs, each once, and whether any of its jobs has a key to take turns by. */
function lanesOf(jobs: readonly JobToCreate[]) {
  const withKeys = new Set(jobs.filter(hasFairKey).map(({ laneId }) => laneId));
  const lanes = jobs.map(({ laneId: id, jobType, requiredTags, limitKey }) => {
    return [id, { id, jobType, requiredTags, limitKey, hasKeys: withKeys.has(id) }] as const;
  });
  return [...new Map(lanes).values()];
}

/** Whether a job has a key of its own to take turns by. */
export const hasFairKey = ({ fairKey }: Pick<ParsedJob, "fairKey">) => (fairKey ?? null) !== null;

// One statement writes the job, its place in line, its key, the statistics, the event and the audit entry.
// Rows go in by the order of the items, so that "oldest first" holds within a batch too; keys are inserted in
// their own order, so that batches wait for each other instead of deadlocking. In batches of 1,000 half of
// what a job takes of PostgreSQL is its audit entry: a seventh is the JSON of the changes, a twelfth the
// columns that are the same in all. Its place in line, the statistics and the indexes of the trail hardly
// show.
const insertion = (jobs: readonly JobToCreate[], own: InsertParts): Fragment => sql.fragment`
    with ${own.before}wanted as materialized (
      select
        wanted.id, wanted.job_type, wanted.limit_key, wanted.has_keys, lane.fair,
        array(select jsonb_array_elements_text(wanted.required_tags)) as required_tags,
        lane.id is null as is_new, lane.id is null or lane.retired_at is not null
          or (wanted.has_keys and not lane.fair) as is_missing
      from ${table("wanted", lanesOf(jobs), laneColumns)} left join job_lanes lane on lane.id = wanted.id
    ), ${newLanes}, given as materialized (
      select * from ${table("given", jobs, jobColumns)}
    ), ${benchmark}, item as materialized (
      select
        given.*, lane.job_type, lane.required_tags, lane.limit_key,
        coalesce(run_at, now() + delay_ms * interval '1 ms') as due_at,
        greatest(coalesce(run_at, now() + delay_ms * interval '1 ms'), now())
          + start_within_ms * interval '1 ms' as start_by ${own.itemColumns}
      from given
      join wanted lane on lane.id = given.lane_id
        and (not lane.is_missing or lane.id in (select id from made)) ${own.itemJoin}
      where (given.benchmark_id is null or given.benchmark_id in (select id from benchmark))
        ${own.itemCondition}
    ), ${keyed}${own.turns}, created as (
      insert into jobs (
        id, lane_id, bytes, job_type, required_tags, limit_key, payload, priority, max_retries,
        max_snoozes, timeout_seconds, tokens, run_at, start_by, benchmark_id, unique_key, fair_key,
        fair_weight, metadata, created_by ${own.columns}
      )
      select
        id, lane_id, bytes, job_type, required_tags, limit_key, payload, priority, max_retries,
        max_snoozes, timeout_seconds, tokens, due_at, start_by, benchmark_id, unique_key, fair_key,
        fair_weight, metadata, created_by ${own.columns}
      from item where ${isNoRepeat}
      order by ordinality
      returning
        id, sequence, lane_id, priority, bytes, run_at, start_by, job_type, benchmark_id ${own.returning}
    ), ${own.places}, scheduled as (
      insert into job_scheduled (run_at, job_id) select run_at, id from created where ${own.isScheduled}
    ), deadline as (
      insert into job_start_deadlines (start_by, job_id)
      select start_by, id from created where start_by is not null
    ), ${own.changes}, ${auditEntries(jobs.map(entryOf), isCreated)}
    select
      now() as created_at, count(*) as inserted,
      case when count(*) < ${jobs.length} then array_agg(id) end as ids,
      case when count(*) < ${jobs.length} then exists (select from wanted where fair) end as is_fair
    from created`;

const insertedRow = z.object({
  createdAt: z.string(),
  inserted: z.number(),
  ids: z.array(z.string()).nullable(),
  /** Where jobs are left out: whether any of the lanes is fair. */
  isFair: z.boolean().nullable(),
});

/** Creates jobs that have no keys to take turns by: none of them if any goes to a fair lane. */
const insertJobs = statement("job_insert", {
  row: insertedRow,
  build: (jobs: readonly JobToCreate[]) => insertion(jobs, plainly),
  examples: [[[exampleJob]]],
});

/**
 * Creates jobs of which some take turns. It is a statement of its own: the parts for it would be a good share
 * of one that creates a single job.
 */
export const insertJobsByTurns = statement("job_insert_by_turns", {
  row: insertedRow,
  build: (jobs: readonly JobToCreate[]) => insertion(jobs, byTurns),
  examples: [[[exampleJob]]],
});

export const insertDependants = statement("job_insert_dependent", {
  row: insertedRow,
  build: (jobs: readonly JobToCreate[], dependencies: readonly Dependency[]) =>
    insertion(jobs, withDependencies(dependencies)),
  examples: [[[exampleJob], [exampleDependency]]],
});

const refusedColumns = {
  laneId: "uuid",
  jobType: "text",
  uniqueKey: "text",
  benchmarkId: "uuid",
  ordinality: true,
} as const;

const explainRefusals = statement("job_explain_refusals", {
  row: z.object({ hasBenchmark: z.boolean(), hasLane: z.boolean(), holder: z.string().nullable() }),
  build: (jobs: readonly JobToCreate[]) => sql.fragment`
    select
      item.benchmark_id is null
        or exists (
          select from benchmarks b where b.id = item.benchmark_id
            and not exists (select from benchmark_deletions deletion where deletion.benchmark_id = b.id)
        ) as has_benchmark,
      exists (select from job_lanes lane where lane.id = item.lane_id) as has_lane,
      (
        select key.job_id from job_keys key
        where key.job_type = item.job_type and key.unique_key = item.unique_key
      ) as holder
    from ${table("item", jobs, refusedColumns)}
    order by item.ordinality`,
  examples: [[[exampleJob]]],
});

type SizedJob = Pick<
  ParsedJob,
  "payload" | "metadata" | "requiredTags" | "limitKey" | "uniqueKey" | "fairKey"
>;

/** About how many bytes a message takes for the job, without its result and error. */
export function bytesOf(job: SizedJob): number {
  const { payload, metadata, requiredTags, limitKey, uniqueKey, fairKey } = job;
  const given = [requiredTags, limitKey ?? null, uniqueKey ?? null, fairKey ?? null];
  return limits.jobBytes + jsonBytes(payload) + jsonBytes(metadata ?? null) + jsonBytes(given);
}

/**
 * Creates jobs by one statement, after another for what they depend on. A job that cannot be created does not
 * hold up the others.
 * @throws as `lockDependencies`
 */
export async function createJobs(db: Executor, jobs: readonly JobToCreate[]): Promise<readonly Creation[]> {
  if (!jobs.some(isDependent)) return created(db, jobs, await insert(db, jobs));
  return db.transaction(async (transaction) => {
    const dependencies = await lockDependencies(transaction, jobs);
    const open = dependencies.filter(({ isOpen }) => isOpen);
    const waiting = Map.groupBy(open, ({ jobId }) => jobId);
    const inserted = await transaction.one(insertDependants(jobs, dependencies));
    return created(transaction, jobs, inserted, ({ id }) => waiting.get(id)?.length ?? 0);
  });
}

/** Whether a job is created to run after others. */
export const isDependent = ({ dependsOn }: JobToCreate): boolean => dependsOn.length > 0;

async function created(
  db: Executor,
  jobs: readonly JobToCreate[],
  { createdAt, inserted, ids }: z.output<typeof insertedRow>,
  waitsFor: (job: JobToCreate) => number = () => 0,
): Promise<readonly Creation[]> {
  const asCreated = (job: JobToCreate) => newJob(job, createdAt, waitsFor(job));
  if (inserted === jobs.length) return jobs.map(asCreated);
  const found = new Set(ids);
  const refused = jobs.filter(({ id }) => !found.has(id));
  const reasons = await db.any(explainRefusals(refused));
  const refusals = new Map(refused.map((job, position) => [job, refusalOf(job, reasons[position])]));
  return jobs.map((job) => refusals.get(job) ?? asCreated(job));
}

async function insert(db: Executor, jobs: readonly JobToCreate[]): Promise<z.output<typeof insertedRow>> {
  const plain = jobs.some(hasFairKey) ? undefined : await db.one(insertJobs(jobs));
  return plain && !plain.isFair ? plain : db.one(insertJobsByTurns(jobs));
}

/** A job that is ready, or waits for so many others. */
export function newJob(created: JobToCreate, createdAt: string, waitsFor = 0): Job {
  const { laneId: _lane, bytes: _bytes, origin: _origin, onUniqueConflict: _, ...fields } = created;
  const { delayMs, startWithinMs, ...job } = fields;
  const runAt = job.runAt ?? (typeof delayMs === "number" ? later(createdAt, delayMs) : null);
  const dueAt = runAt !== null && runAt > createdAt ? runAt : createdAt;
  return {
    ...job,
    runAt,
    startBy: typeof startWithinMs === "number" ? later(dueAt, startWithinMs) : null,
    benchmarkId: job.benchmarkId ?? null,
    limitKey: job.limitKey ?? null,
    metadata: job.metadata ?? null,
    uniqueKey: job.uniqueKey ?? null,
    fairKey: job.fairKey ?? null,
    createdBy: job.createdBy ?? null,
    status: "pending",
    result: null,
    error: null,
    retryCount: 0,
    snoozeCount: 0,
    workerId: null,
    progress: 0,
    progressMessage: null,
    epoch: 0,
    startedAt: null,
    completedAt: null,
    createdAt,
    updatedAt: createdAt,
    version: 1,
    dependsOn: job.dependsOn.length > 0 ? job.dependsOn : null,
    waitsFor,
  };
}

/** The time so many milliseconds after another, to the microsecond. */
function later(time: string, ms: number): string {
  const millis = new Date(Date.parse(`${time.slice(0, 23)}Z`) + ms).toISOString().slice(0, 23);
  return `${millis}${time.slice(23)}`;
}

function refusalOf(job: JobToCreate, reason: z.output<typeof explainRefusals.row> | undefined): ServiceError {
  if (reason && !reason.hasBenchmark) return notFound("benchmark", job.benchmarkId ?? "");
  if (reason && !reason.hasLane) return tooManyLanes();
  return keyTaken(job.jobType, job.uniqueKey ?? "", reason?.holder ?? null);
}

/** RESOURCE_EXHAUSTED for a job that would need a lane more. */
export function tooManyLanes(): ServiceError {
  const message =
    `jobs wait, or have waited within the last hour, in ${limits.lanes} combinations of job_type, ` +
    "required_tags and limit_key. Use fewer limit keys and tags: what differs from job to job belongs into " +
    "payload or metadata";
  return new ServiceError(Code.ResourceExhausted, "TOO_MANY_LANES", message);
}

/** The unique key belongs to another live job; null where that has just ended. */
export function keyTaken(jobType: string, uniqueKey: string, holder: string | null): ServiceError {
  const who = holder ? `job ${holder}` : "a job that has just ended: try again";
  const message = `unique_key "${uniqueKey}" of job type "${jobType}" is taken by ${who}`;
  return new ServiceError(Code.AlreadyExists, "UNIQUE_KEY_TAKEN", message, {
    metadata: { entity: "job", ...(holder && { id: holder }) },
    violations: [{ field: "unique_key", description: `is taken by ${who}` }],
  });
}

/** The entry of the audit trail for its creation. */
export function entryOf({
  id,
  laneId: _lane,
  bytes: _bytes,
  origin,
  createdBy: _by,
  requiredTags,
  dependsOn,
  runsAfterFailure,
  delayMs,
  fairWeight,
  tokens,
  onUniqueConflict: _,
  ...job
}: JobToCreate): AuditEntry {
  const delay = typeof delayMs === "number" ? { delay: `${delayMs / 1000}s` } : {};
  const after = {
    ...job,
    ...delay,
    ...(requiredTags.length > 0 && { requiredTags }),
    ...(fairWeight !== 1 && { fairWeight }),
    ...(tokens > 0 && { tokens }),
    ...(dependsOn.length > 0 && { dependsOn, runsAfterFailure }),
  };
  return { action: "create", entityType: "job", entityId: id, changes: { after }, origin };
}
