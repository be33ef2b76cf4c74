import { z } from "zod";
import { columnsOf, type Fragment, fragmentOf, jsonColumn, sql } from "../../database/statement/sql.ts";
import { arrayOf, table } from "../../database/statement/table.ts";
import { limits } from "../../limits.ts";
import type { JsonObject } from "../../validation.ts";
import type { Lane } from "../limits/lanes.ts";
import { jobRow } from "../rows.ts";
import { lineOrder } from "../turns.ts";

// What statements have in common that take jobs out of line for workers.

/** The request of one worker in a claim. */
export interface Demand {
  workerId: string;
  maxJobs: number;
  leaseMs: number;
  requestId: string | undefined;
}

/** A job with the right to run it. */
export const leaseRow = jobRow.extend({
  payload: jsonColumn<JsonObject>(),
  workerId: z.string(),
  /** Milliseconds that were left when the lease was granted. */
  expiresInMs: z.number(),
  /** Until the attempt fails by the job's timeout; null where it has none. */
  deadlineInMs: z.number().nullable(),
});

export type Lease = z.output<typeof leaseRow>;

// A claim answers only the fields of a job that differ between jobs and are not known here: with all 29
// columns of a lease, PostgreSQL took 1.2 µs more per job.
export const claimedRow = leaseRow
  .omit({ jobType: true, requiredTags: true, limitKey: true, workerId: true, status: true, result: true })
  .omit({ progress: true, progressMessage: true, completedAt: true, updatedAt: true, waitsFor: true })
  .omit({ expiresInMs: true, deadlineInMs: true })
  .extend({
    laneId: z.string(),
    /** Position of the demand that the job is for, from 1. */
    demand: z.number(),
    /** True: another claim with the demand's request id was given leases before. */
    isRepeat: z.boolean(),
    /** How many jobs the claim had seen that it may take; like `startedAt` in the first row only. */
    seen: z.number().nullable(),
    /** Whether it left some because one answer would not hold them; in the first row only. */
    isFull: z.boolean().nullable(),
  });

export type ClaimedRow = z.output<typeof claimedRow>;

/** How many jobs of a limited key may start now, and how many tokens they may be estimated to use. */
export interface Quota {
  limitKey: string;
  free: number;
  /** Null: any number. */
  tokensFree: number | null;
  /** A job that is estimated to use more fits where these would. Null: there is no such limit. */
  tokensPerMinute: number | null;
}

export const exampleDemand: Demand = { workerId: "w", maxJobs: 1, leaseMs: 30_000, requestId: "r" };

export const demandColumns = {
  workerId: "text",
  maxJobs: "int4",
  leaseMs: "int4",
  requestId: "text",
  ordinality: true,
} as const;

// Lanes that may be taken from: neither paused, nor limited unless this claim holds their quota.
export const openLanes = (lanes: readonly string[]): Fragment => sql.fragment`
  job_lanes lane where lane.id = any (${arrayOf("uuid", lanes)}) and not exists (
    select from job_pauses pause
    where pause.job_type in ('', lane.job_type) and pause.limit_key in ('', coalesce(lane.limit_key, ''))
      and (pause.limit_key = '' or lane.limit_key is not null)
  )`;

/** At most so many jobs fit into one answer, however small they are; one more shows that there are more. */
const mostJobs = fragmentOf(String(Math.ceil(limits.pageBytes / limits.jobBytes)));

const headsOf = (lane: string, most: Fragment): Fragment => sql.fragment`
  lateral (
    select ready.ctid as tid, ready.job_id, ready.priority, ready.turn, ready.sequence, ready.bytes
    from job_ready ready where ready.lane_id = ${fragmentOf(lane)}.id
    order by ${lineOrder}
    limit (select ${most} from total)
  ) ready`;

const asWanted = sql.fragment`order by ${lineOrder} limit (select wanted from total)`;

// Claims at the same time see the same jobs: with some to spare, one finds enough that others did not take.
const wantedAndSpare = fragmentOf(`wanted + least(wanted, ${limits.claimSpare})`);

/** The CTE `first` with the best jobs of those of these lanes that have no limit. */
export const firstJobs = (lanes: readonly string[]): Fragment => sql.fragment`
  first as materialized (
    select ready.* from (
      select lane.id from ${openLanes(lanes)}
        and not exists (select from job_limits lim where lim.limit_key = lane.limit_key)
    ) lane
    cross join ${headsOf("lane", wantedAndSpare)}
    order by ${lineOrder} limit (select ${wantedAndSpare} from total)
  )`;

const quotaColumns = { limitKey: "text", free: "int4", tokensFree: "int8", tokensPerMinute: "int4" } as const;

// A job that does not fit into the tokens that are left holds those of its key up that come after it: else
// smaller ones would pass it for ever.
/** The CTE `first` with the best jobs of these lanes, as far as the quotas of limited ones reach. */
export const firstJobsWithin = (lanes: readonly string[], quotas: readonly Quota[]): Fragment => sql.fragment`
  lane as materialized (
    select ln.id, ln.limit_key, quota.tokens_free, quota.tokens_per_minute,
      case when lim.limit_key is not null then coalesce(quota.free, 0) end as left_now
    from (select lane.* from ${openLanes(lanes)}) ln
    left join job_limits lim on lim.limit_key = ln.limit_key
    left join ${table("quota", quotas, quotaColumns)} on quota.limit_key = ln.limit_key
  ), first as materialized (
    select tid, priority, turn, sequence, bytes from (
      select lane.left_now, lane.tokens_free, ready.*, row_number() over in_key as place_in_key,
        sum(case when lane.tokens_per_minute is not null then least(
          (select j.tokens from jobs j where j.id = ready.job_id), lane.tokens_per_minute
        ) end) over in_key as tokens_in_key
      from lane cross join ${headsOf("lane", sql.fragment`least(wanted, coalesce(lane.left_now, wanted))`)}
      window in_key as (
        partition by lane.limit_key order by ${lineOrder} rows unbounded preceding
      )
    ) ranked
    where (left_now is null or place_in_key <= left_now)
      and (tokens_free is null or tokens_in_key <= tokens_free) ${asWanted}
  )`;

// Locks in this order: slots by worker, ready rows (never waited for), jobs by id.
//
// The heads of the lanes are read without locks, and only those picked are then locked: locking as many rows
// in each lane as are wanted in all halves the rate with 20 lanes. A ready row that another claim holds is
// passed over, so what is taken can be less than what was seen. No more is taken than one answer holds, by
// the bytes in the ready rows: all payloads of a claim are in memory at once, and a lease that is given back
// is an attempt for nothing. In batches of 500 a claim takes PostgreSQL 16 µs a job, of which 5 are the job
// itself, 3 its lease and 2 the answer; locking the ready rows takes 0.4, and the places by limit key nothing
// that shows.
/**
 * CTEs that lease the best jobs: `job`, and `best` with those that were seen.
 * @param first makes the CTE `first` (tid, priority, turn, sequence, bytes), of at most `total.wanted` jobs
 * Before it come `demand` (`demandColumns`) and `room` (worker_id, id, free), whose slots are locked.
 */
export const leasedJobs = (first: Fragment): Fragment => sql.fragment`
  granted as materialized (
    -- A worker may be there with several demands, which share its free slots in their order.
    select *, sum(free) over (order by ordinality) as upto, sum(free)
      over (order by ordinality) - free as after
    from (
      select dem.*, room.id as slot_id, least(
        dem.max_jobs,
        greatest(room.free - (sum(dem.max_jobs) over earlier - dem.max_jobs), 0)
      ) as free
      from demand dem join room using (worker_id)
      window earlier as (partition by dem.worker_id order by dem.ordinality)
    ) dem
  ), total as materialized (
    -- The clock is read once the slots are locked.
    select least(coalesce(sum(free), 0), ${mostJobs})::integer as wanted, clock_timestamp() as at
    from granted
  ), ${first}, best as materialized (
    select tid, row_number() over running = 1 or sum(bytes) over running <= ${limits.pageBytes} as fits
    from first
    window running as (order by ${lineOrder} rows unbounded preceding)
  ), taken as (
    delete from job_ready where ctid = any (array(
      select ctid from job_ready where ctid = any (array(select tid from best where fits))
      ${asWanted} for update skip locked
    ))
    returning job_id, priority, turn, sequence
  ), placed as materialized (
    select job_id, row_number() over (order by ${lineOrder}) as place from taken
  ), given as materialized (
    select placed.job_id, placed.place, gr.ordinality as demand, gr.worker_id, gr.slot_id, gr.lease_ms,
      gr.request_id
    from placed join granted gr on placed.place > gr.after and placed.place <= gr.upto
    order by placed.job_id
  ), job as (
    update jobs j
    set status = 'running', epoch = j.epoch + 1, assigned_worker_id = given.slot_id, started_at = total.at,
      updated_at = total.at, version = j.version + 1, progress = 0, progress_message = null
    from given, total
    where j.id = given.job_id and j.status = 'pending'
    -- What the parts below read comes first: a row is unpacked up to the last column that is asked for.
    returning
      j.id, j.epoch, j.job_type, j.benchmark_id, given.worker_id, given.request_id, given.place,
      given.lease_ms, j.timeout_seconds, j.retry_count, j.limit_key, j.lane_id, j.priority, j.max_retries,
      j.snooze_count, j.max_snoozes, j.tokens, j.start_by, j.version, j.created_at, j.created_by, j.run_at,
      j.unique_key, j.error, j.depends_on, j.runs_after_failure, j.fair_key, j.fair_weight, given.demand,
      j.payload, j.metadata
  ), lease as (
    insert into job_leases (job_id, claimed_at, expires_at, deadline_at, epoch, attempt, worker_id,
      limit_key)
    select job.id, total.at, total.at + job.lease_ms * interval '1 ms',
      case when job.timeout_seconds > 0 then total.at + job.timeout_seconds * interval '1 s' end,
      job.epoch, job.retry_count + 1, job.worker_id, job.limit_key
    from job, total
  ), answered as (
    insert into requests (actor, method, request_id, body_hash, result)
    select worker_id, 'ClaimJobs', request_id, '', jsonb_agg(jsonb_build_array(id, epoch) order by place)
    from job where request_id is not null group by worker_id, request_id
    -- The same claim that was sent to another server is waited for here, and its answer is that of both.
    on conflict (actor, method, request_id) do nothing
    returning actor, request_id
  )`;

/** How many of the jobs that a claim has seen it may take. */
export const seenJobs = sql.fragment`
  (select least(count(*), max(wanted))::integer from best, total where fits)`;

const isFirst = sql.fragment`job.place = (select min(place) from job)`;
/** What statements answer of leased jobs, in the order of `job.place`. */
export const claimedColumns = columnsOf(claimedRow, "job", {
  isRepeat: sql.fragment`job.request_id is not null
    and (job.worker_id, job.request_id) not in (select actor, request_id from answered)`,
  startedAt: sql.fragment`case when ${isFirst} then (select at from total) end`,
  seen: sql.fragment`case when ${isFirst} then ${seenJobs} end`,
  isFull: sql.fragment`case when ${isFirst} then exists (select from best where not fits) end`,
});

/**
 * The jobs as the statement left them, of which it answers only what is not known here. They are spelled out
 * because a claim makes thousands of them: to spread the rest of a row takes 20 µs, this 0.03.
 */
export function leasesOf(
  rows: readonly ClaimedRow[],
  lanes: readonly Lane[],
  demands: readonly Demand[],
): readonly Lease[] {
  const startedAt = rows[0]?.startedAt;
  if (!startedAt) return [];
  const byId = new Map(lanes.map((lane) => [lane.id, lane]));
  return rows.map((row) => {
    const lane = byId.get(row.laneId);
    const demand = demands[row.demand - 1];
    if (!lane || !demand) throw new Error("a job was claimed that nobody asked for");
    return {
      id: row.id,
      jobType: lane.jobType,
      payload: row.payload,
      priority: row.priority,
      status: "running",
      result: null,
      error: row.error,
      retryCount: row.retryCount,
      maxRetries: row.maxRetries,
      snoozeCount: row.snoozeCount,
      maxSnoozes: row.maxSnoozes,
      timeoutSeconds: row.timeoutSeconds,
      tokens: row.tokens,
      workerId: demand.workerId,
      requiredTags: [...lane.requiredTags],
      runAt: row.runAt,
      startBy: row.startBy,
      benchmarkId: row.benchmarkId,
      limitKey: lane.limitKey,
      uniqueKey: row.uniqueKey,
      fairKey: row.fairKey,
      fairWeight: row.fairWeight,
      dependsOn: row.dependsOn,
      runsAfterFailure: row.runsAfterFailure,
      waitsFor: 0,
      metadata: row.metadata,
      progress: 0,
      progressMessage: null,
      epoch: row.epoch,
      startedAt,
      completedAt: null,
      createdAt: row.createdAt,
      updatedAt: startedAt,
      createdBy: row.createdBy,
      version: row.version,
      expiresInMs: demand.leaseMs,
      deadlineInMs: row.timeoutSeconds > 0 ? row.timeoutSeconds * 1000 : null,
    };
  });
}
