import { z } from "zod";
import { fetched, jsonSize, page } from "../../database/statement/page.ts";
import {
  equalities,
  example,
  type Fragment,
  fragmentOf,
  sql,
  statement,
} from "../../database/statement/sql.ts";
import { arrayOf, table } from "../../database/statement/table.ts";
import { limits } from "../../limits.ts";
import type { JobsQuery, NewestPosition, PriorityPosition } from "../input.ts";
import { isOfJob } from "../parts.ts";
import { attemptRow, type JobAttempt, type JobStatus, jobColumns, jobRow, workerJoins } from "../rows.ts";
import { lineOrder } from "../turns.ts";
import { createdWithin, matchConditions, readsDocuments, within } from "./conditions.ts";

const examplePosition: NewestPosition = { order: "newest", key: example.time, id: example.id };

// The latest attempts, oldest first; one that is still running is its lease. All of their errors have to fit
// into one message.
const attemptsOf = (id: string, limit: number): Fragment => sql.fragment`(
  select epoch, attempt, worker_id, started_at, ended_at, outcome,
    left(error, ${limits.attemptErrorLength}) as error, tokens_used
  from job_attempts where job_id = ${id}
  union all
  select epoch, attempt, worker_id, claimed_at, null, null, null, null from job_leases where job_id = ${id}
  order by epoch desc limit ${limit}
) a`;

export const listAttempts = statement("job_attempts", {
  row: attemptRow,
  build: (id: string, limit: number) => sql.fragment`
    select * from ${attemptsOf(id, limit)} order by epoch`,
  examples: [[example.id, 100]],
});

const utc = (time: string): Fragment =>
  fragmentOf(`to_char(${time} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`);

// One statement, and so one moment: a job that is running has an attempt that runs, and any other has none.
export const getWithAttempts = statement("job_get", {
  row: jobRow.extend({ attempts: z.custom<readonly JobAttempt[]>() }),
  build: (id: string, limit: number) => sql.fragment`
    select
      ${jobColumns("j")}, coalesce(
        (
          select json_agg(
            json_build_object(
              'epoch', epoch, 'attempt', attempt, 'workerId', worker_id, 'startedAt', ${utc("started_at")},
              'endedAt', ${utc("ended_at")}, 'outcome', outcome, 'error', error, 'tokensUsed', tokens_used
            ) order by epoch
          )
          from ${attemptsOf(id, limit)}
        ), '[]'
      ) as attempts
    from jobs j ${workerJoins("j")}
    where j.id = ${id}`,
  examples: [[example.id, 100]],
});

export const existingJobs = statement("job_existing", {
  row: z.object({ id: z.string() }),
  build: (ids: readonly string[]) => sql.fragment`
    select id from jobs where id = any (${arrayOf("uuid", ids)})`,
  examples: [[[example.id]]],
});

// Ids of the jobs that match, newest first, by whatever holds them in that order: - ended ones by when they
// ended, from the primary key of job_finished, or by worker from its index; - running ones from the leases,
// of which there are only as many as the workers have slots; - all, pending ones, those of a benchmark and
// those named by their ids from jobs. Further filters are applied to `scanRows` jobs at most, so that no page
// takes long however few match: it may hold fewer than were asked for, or none, and still be followed by
// another.
export const scanJobs = statement("job_scan", {
  row: z.object({
    ids: z.array(z.string()).nullable(),
    keys: z.array(z.string()).nullable(),
    scanned: z.number(),
    lastKey: z.string().nullable(),
    lastId: z.string().nullable(),
  }),
  prepared: false,
  build: (query: JobsQuery, limit: number, after: NewestPosition | undefined) => sql.fragment`
    with scanned as materialized (
      select j.key, j.id, ${sql.and(conditions(query))} as matches,
        row_number() over (order by j.key desc, j.id desc) as place
      from (${source(query, after)}) j
    ), found as (
      select key, id, place from scanned where matches order by place limit ${limit}
    )
    select
      (select array_agg(id order by place) from found) as ids,
      (select array_agg(key::text order by place) from found) as keys,
      (select count(*) from scanned) as scanned,
      (select key::text from scanned order by place desc limit 1) as last_key,
      (select id from scanned order by place desc limit 1) as last_id`,
  examples: [
    [{ status: "completed", jobType: "t", workerId: "w", benchmarkId: example.id }, 2, undefined],
    [{ status: "failed" }, 2, examplePosition],
    [{ status: "running", jobType: "t", workerId: "w" }, 2, examplePosition],
    [{ jobType: "t", benchmarkId: example.id }, 2, examplePosition],
    [{ status: "pending" }, 2, undefined],
    [
      { status: "failed", ids: [example.id], limitKey: "k", fairKey: "k", createdBy: example.id },
      2,
      examplePosition,
    ],
    [{ ids: [example.id], createdAfter: example.time, createdBefore: example.time }, 2, undefined],
    [{ status: "failed", createdAfter: example.time, createdBefore: example.time }, 2, undefined],
    [{ status: "failed", endedAfter: example.time, endedBefore: example.time }, 2, examplePosition],
    [{ status: "failed", ids: [example.id], endedAfter: example.time }, 2, undefined],
    [{ status: "failed", requiredTags: ["gpu"], errorContains: "429", metadata: { a: 1 } }, 2, undefined],
    [{ requiredTags: ["gpu"], errorContains: "429", metadata: { a: 1 } }, 2, undefined],
  ],
});

const columns = fragmentOf(
  `j.id, j.status, j.job_type, j.benchmark_id, j.limit_key, j.fair_key, j.created_by, j.created_at,
  j.required_tags, j.error, j.metadata`,
);

/** Most jobs that a page looks at. Documents may be of 1 MiB each, so fewer are read where these decide. */
export const scanRows = (query: JobsQuery): number =>
  readsDocuments(query) ? limits.scanDocuments : limits.scanRows;

/** Whether a status is one of those of jobs that have ended. */
export const isEnded = (status: JobStatus | undefined): boolean =>
  status !== undefined && status !== "pending" && status !== "running";

function source(query: JobsQuery, after: NewestPosition | undefined): Fragment {
  const { status, benchmarkId, workerId, ids, createdAfter, endedAfter, endedBefore } = query;
  const rest = (key: Fragment, id: Fragment) =>
    after
      ? sql.fragment`(${key}, ${id}) < (${after.key}::timestamptz, ${after.id}::uuid)`
      : sql.fragment`true`;
  if (status === "running" && !ids) {
    return sql.fragment`
      select j.created_at as key, lease.worker_id, ${columns}
      from job_leases lease join jobs j on j.id = lease.job_id
      where ${rest(sql.fragment`j.created_at`, sql.fragment`j.id`)}`;
  }
  if (isEnded(status) && !ids) {
    return sql.fragment`
      select fin.finished_at as key, fin.worker_id, ${columns}
      from (
        select * from job_finished fin
        where ${sql.and([
          sql.fragment`fin.status = ${status ?? null}`,
          rest(sql.fragment`fin.finished_at`, sql.fragment`fin.job_id`),
          workerId !== undefined && sql.fragment`fin.worker_id = ${workerId}`,
          // No job ends before it was created.
          createdAfter !== undefined && sql.fragment`fin.finished_at >= ${createdAfter}`,
          ...within(sql.fragment`fin.finished_at`, endedAfter, endedBefore),
        ])}
        order by fin.finished_at desc, fin.job_id desc limit ${scanRows(query)}
      ) fin join jobs j on j.id = fin.job_id`;
  }
  const key = isEnded(status) ? sql.fragment`j.completed_at` : sql.fragment`j.created_at`;
  return sql.fragment`
    select ${key} as key, holder.worker_id, ${columns}
    from (
      select * from jobs j
      where ${sql.and([
        rest(key, sql.fragment`j.id`),
        ids && sql.fragment`j.id = any (${arrayOf("uuid", ids)})`,
        benchmarkId !== undefined && sql.fragment`j.benchmark_id = ${benchmarkId}`,
        ...createdWithin(query),
        ...within(sql.fragment`j.completed_at`, endedAfter, endedBefore),
      ])}
      order by ${key} desc, j.id desc limit ${scanRows(query)}
    ) j left join lateral (
      select worker_id from job_leases where job_id = j.id
      union all select worker_id from job_finished
      where status = j.status and finished_at = j.completed_at and job_id = j.id
    ) holder on ${workerId === undefined ? sql.fragment`false` : sql.fragment`true`}`;
}

function conditions({ status, workerId, ...match }: JobsQuery) {
  return [
    ...equalities({ status }, "j"),
    workerId !== undefined && sql.fragment`j.worker_id is not distinct from ${workerId}`,
    ...matchConditions(match),
  ];
}

// The order of claims over all lanes of a type is merged from the heads of its lanes.
export const scanReady = statement("job_scan_ready", {
  row: z.object({ id: z.string(), priority: z.number(), turn: z.number(), sequence: z.number() }),
  prepared: false,
  build: (lanes: readonly string[], limit: number, after: PriorityPosition | undefined) => sql.fragment`
    select r.job_id as id, r.priority, r.turn, r.sequence
    from unnest(${arrayOf("uuid", lanes)}) as lane (id) cross join lateral (
      select * from job_ready ready
      where ${sql.and([sql.fragment`ready.lane_id = lane.id`, after && isAfter(after)])}
      order by ${lineOrder} limit ${limit}
    ) r
    order by ${lineOrder} limit ${limit}`,
  examples: [
    [[example.id], 2, undefined],
    [[example.id], 2, { order: "priority", priority: 0, turn: 0, sequence: 1 }],
  ],
});

const isAfter = ({ priority, turn, sequence }: PriorityPosition) => sql.fragment`(
  ready.priority < ${priority}
  or (ready.priority = ${priority} and (ready.turn, ready.sequence) > (${turn}::bigint, ${sequence}::bigint))
)`;

/** The columns of a page's rows. Large ones are read only where they are asked for. */
const pageColumns = {
  full: jobColumns("r"),
  brief: jobColumns("r", {
    payload: sql.fragment`null::text`,
    result: sql.fragment`null::text`,
    metadata: sql.fragment`null::text`,
  }),
};
const pageJoins = workerJoins("r");
const briefSize = sql.fragment`600 + coalesce(octet_length(r.error), 0)`;
const fullSize = sql.fragment`
  r.bytes + coalesce(octet_length(r.error), 0) + ${jsonSize(sql.fragment`r.result`)}`;

// The jobs with these ids, in their order.
export const pageJobs = statement("job_page", {
  row: jobRow.extend(fetched),
  prepared: false,
  build: (ids: readonly string[], full: boolean) =>
    page({
      rows: sql.fragment`
        select j.*, wanted.ordinality
        from ${table(
          "wanted",
          ids.map((id) => ({ id })),
          { id: "uuid", ordinality: true },
        )}
        join jobs j on j.id = wanted.id`,
      columns: full ? pageColumns.full : pageColumns.brief,
      joins: pageJoins,
      size: full ? fullSize : briefSize,
      order: sql.fragment`r.ordinality`,
    }),
  examples: [
    [[example.id], true],
    [[example.id], false],
  ],
});

/** Adds up the jobs in each state over rows of job_stat_deltas. */
export const stateSums = sql.fragment`
  coalesce(sum(pending), 0)::integer as pending, coalesce(sum(scheduled), 0)::integer as scheduled,
  coalesce(sum(running), 0)::integer as running, coalesce(sum(completed), 0)::integer as completed,
  coalesce(sum(failed), 0)::integer as failed, coalesce(sum(cancelled), 0)::integer as cancelled`;

export const stateSumsRow = z.object({
  pending: z.number(),
  scheduled: z.number(),
  running: z.number(),
  completed: z.number(),
  failed: z.number(),
  cancelled: z.number(),
});

export const jobStatsRow = stateSumsRow.extend({
  jobType: z.string(),
  /** Age of the oldest ready job in milliseconds; null if none is ready. */
  oldestPendingAgeMs: z.number().nullable(),
});

/**
 * The recursive CTE `head` (lane_id, priority, sequence, job_id): the first job of each priority of lanes.
 * @param lanes a FROM item `lane` with their ids
 */
export const laneHeads = (lanes: Fragment): Fragment => sql.fragment`
  head (lane_id, priority, sequence, job_id) as (
    select lane.id, first.priority, first.sequence, first.job_id
    from ${lanes} cross join lateral (
      select * from job_ready where lane_id = lane.id order by ${lineOrder} limit 1
    ) first
    union all
    select head.lane_id, next.priority, next.sequence, next.job_id
    from head cross join lateral (
      select * from job_ready where lane_id = head.lane_id and priority < head.priority
      order by ${lineOrder} limit 1
    ) next
  )`;

/**
 * Since when the job has been ready that a `head` names. A subquery, as the planner takes a recursion for
 * many rows: joined with jobs it would read all of them for the few heads.
 */
export const readySince = sql.fragment`(
  select greatest(j.created_at, coalesce(j.run_at, j.created_at)) from jobs j where j.id = head.job_id
)`;

// Sums deltas, which maintenance keeps few; the oldest job of a lane and priority is the first of its index
// range, found by walking the distinct priorities. That says nothing of one benchmark, for which it is left
// out.
export const statsByType = (
  jobType: string | undefined,
  benchmarkId: string | undefined,
): Fragment => sql.fragment`
    with recursive totals as (
      select job_type, ${stateSums} from job_stat_deltas
      where ${sql.and([
        benchmarkId === undefined
          ? sql.fragment`benchmark_id is null`
          : sql.fragment`benchmark_id = ${benchmarkId}`,
        jobType !== undefined && sql.fragment`job_type = ${jobType}`,
      ])}
      group by job_type
    ), ${laneHeads(sql.fragment`(
      select id from job_lanes
      where ${benchmarkId === undefined} and job_type in (select job_type from totals where pending > 0)
    ) lane`)}, oldest as (
      select lane.job_type, min(${readySince}) as since
      from head join job_lanes lane on lane.id = head.lane_id group by lane.job_type
    )
    select
      t.job_type, t.pending, t.scheduled, t.running, t.completed, t.failed, t.cancelled,
      (case when t.pending > 0
        then greatest(extract(epoch from clock_timestamp() - o.since) * 1000, 0) end)::double precision
        as oldest_pending_age_ms
    from totals t left join oldest o on o.job_type = t.job_type`;

export const readStats = statement("job_stats", {
  row: jobStatsRow,
  prepared: false,
  build: (jobType: string | undefined, benchmarkId: string | undefined) => sql.fragment`
    ${statsByType(jobType, benchmarkId)} order by t.job_type`,
  examples: [
    [undefined, undefined],
    ["t", example.id],
  ],
});

// No row answers where the job's benchmark was deleted, or is being deleted.
export const benchmarkOfJob = statement("job_benchmark", {
  row: z.object({ id: z.string() }),
  build: (id: string) => sql.fragment`
    select b.id from jobs j join benchmarks b on ${isOfJob("b", "j")}
    where j.id = ${id}
      and not exists (select from benchmark_deletions deletion where deletion.benchmark_id = b.id)`,
  examples: [[example.id]],
});

export const keyHolder = statement("job_key_holder", {
  row: z.object({ id: z.string() }),
  build: (jobType: string, uniqueKey: string) => sql.fragment`
    select job_id as id from job_keys where job_type = ${jobType} and unique_key = ${uniqueKey}`,
  examples: [["t", "k"]],
});
