import { z } from "zod";
import type { Executor } from "../../database/statement/executor.ts";
import {
  columnsOf,
  example,
  type Fragment,
  fragmentOf,
  sql,
  statement,
} from "../../database/statement/sql.ts";
import { arrayOf, table } from "../../database/statement/table.ts";
import { limits } from "../../limits.ts";
import type { JsonObject } from "../../validation.ts";
import type { Lane } from "../limits/lanes.ts";
import { recordChanges } from "../parts.ts";
import { jobRow } from "../rows.ts";

/** The request of one worker in a claim. */
export interface Demand {
  workerId: string;
  maxJobs: number;
  leaseMs: number;
  requestId: string | undefined;
}

/** A job with the right to run it. */
export const leaseRow = jobRow.extend({
  payload: z.custom<JsonObject>(),
  workerId: z.string(),
  /** Milliseconds that were left when the lease was granted. */
  expiresInMs: z.number(),
  /** Until the attempt fails by the job's timeout; null where it has none. */
  deadlineInMs: z.number().nullable(),
});

export type Lease = z.output<typeof leaseRow>;

// A claim answers only the fields of a job that differ between jobs and are not known here: with all 29
// columns of a lease, PostgreSQL took 1.2 µs more per job.
const claimedRow = leaseRow
  .omit({ jobType: true, requiredTags: true, limitKey: true, workerId: true, status: true, result: true })
  .omit({ progress: true, progressMessage: true, completedAt: true, updatedAt: true })
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

type ClaimedRow = z.output<typeof claimedRow>;

export interface Claim {
  /** In the order in which they should start. */
  leases: readonly Lease[];
  /** True if another claim took some of the jobs that this one had seen: there may be more. */
  contended: boolean;
  /** Demands whose request id another claim was given leases for before: these are to go back. */
  repeats: ReadonlySet<Demand>;
  /** True if there were more jobs than one answer holds. */
  isFull: boolean;
}

/** How many jobs of a limited key may start now. */
interface Quota {
  limitKey: string;
  free: number;
}

/** How many jobs of a key a claim has started. */
type Started = Omit<Quota, "free"> & { started: number };

const exampleDemand: Demand = { workerId: "w", maxJobs: 1, leaseMs: 30_000, requestId: "r" };

// Lanes that may be taken from: neither paused, nor limited unless this claim holds their quota.
const openLanes = (lanes: readonly string[]): Fragment => sql.fragment`
  job_lanes lane where lane.id = any (${arrayOf("uuid", lanes)}) and not exists (
    select from job_pauses pause
    where pause.job_type in ('', lane.job_type) and pause.limit_key in ('', coalesce(lane.limit_key, ''))
      and (pause.limit_key = '' or lane.limit_key is not null)
  )`;

// An empty claim asks whether that was for want of jobs and slots, or because others were faster.
const isClaimable = statement("job_is_claimable", {
  row: z.object({ claimable: z.boolean() }),
  build: (lanes: readonly string[], workers: readonly string[]) => sql.fragment`
    select
      exists (select from worker_slots where worker_id = any (${sql.array(workers, "text")})
        and used < capacity)
      and exists (
        select from ${openLanes(lanes)}
          and not exists (select from job_limits lim where lim.limit_key = lane.limit_key)
          and exists (select from job_ready ready where ready.lane_id = lane.id)
      ) as claimable`,
  examples: [[[example.id], ["w"]]],
});

const isReady = statement("job_is_ready", {
  row: z.object({ ready: z.boolean() }),
  build: (lanes: readonly string[]) => sql.fragment`
    select exists (
      select from ${openLanes(lanes)} and exists (select from job_ready ready where ready.lane_id = lane.id)
    ) as ready`,
  examples: [[[example.id]]],
});

// Limited keys that have a job ready in these lanes; without any limit this reads an empty table.
const limitedKeys = statement("job_limited_keys", {
  row: z.object({ limitKey: z.string() }),
  build: (lanes: readonly string[]) => sql.fragment`
    select lim.limit_key from job_limits lim
    where exists (
      select from ${openLanes(lanes)} and lane.limit_key = lim.limit_key
        and exists (select from job_ready ready where ready.lane_id = lane.id)
    )`,
  examples: [[[example.id]]],
});

const lockLimits = statement("job_lock_limits", {
  row: z.object({ limitKey: z.string() }),
  build: (keys: readonly string[]) => sql.fragment`
    select limit_key from job_limits where limit_key = any (${sql.array(keys, "text")})
    order by limit_key for update`,
  examples: [[["k"]]],
});

// A snapshot of its own, taken once the limits are locked: it sees every claim that held them before.
const countQuotas = statement("job_count_quotas", {
  row: z.object({ limitKey: z.string(), free: z.number() }),
  build: (keys: readonly string[]) => sql.fragment`
    select lim.limit_key, greatest(least(
      coalesce(
        lim.max_running - (select count(*) from job_leases lease where lease.limit_key = lim.limit_key),
        ${noLimit}
      ),
      coalesce(
        lim.per_minute - (
          select coalesce(sum(start.started), 0) from job_limit_starts start
          where start.limit_key = lim.limit_key and start.started_at > clock_timestamp() - interval '1 minute'
        ),
        ${noLimit}
      )
    ), 0)::integer as free
    from job_limits lim where lim.limit_key = any (${sql.array(keys, "text")})`,
  examples: [[["k"]]],
});

/** A key without one of the limits leaves as many as one demand can ask for. */
const noLimit = fragmentOf(String(limits.batchItems));

const recordStarts = statement("job_record_starts", {
  row: z.object({ limitKey: z.string() }),
  build: (starts: readonly Started[]) => sql.fragment`
    with item as materialized (
      select * from ${table("item", starts, { limitKey: "text", started: "int4" })}
    ), old as (
      delete from job_limit_starts start using item
      where start.limit_key = item.limit_key
        and start.started_at < clock_timestamp() - make_interval(mins => ${limits.limitStartsMinutes})
    )
    insert into job_limit_starts (limit_key, started_at, started)
    select item.limit_key, clock_timestamp(), item.started
    from item join job_limits lim on lim.limit_key = item.limit_key
    returning limit_key`,
  examples: [[[{ limitKey: "k", started: 1 }]]],
});

// Locks in this order: slots by worker, ready rows (never waited for), jobs by id.
//
// The heads of the lanes are read without locks, and only those picked are then locked: locking as many rows
// in each lane as are wanted in all halves the rate with 20 lanes. A ready row that another claim holds is
// passed over, so what is taken can be less than what was seen. No more is taken than one answer holds, by
// the bytes in the ready rows: all payloads of a claim are in memory at once, and a lease that is given back
// is an attempt for nothing. In batches of 500 a claim takes PostgreSQL 16 µs a job, of which 5 are the job
// itself, 3 its lease and 2 the answer; locking the ready rows takes 0.4, and the places by limit key nothing
// that shows.
const claim = statement("job_claim", {
  row: claimedRow,
  build: (lanes: readonly string[], demands: readonly Demand[], quotas: readonly Quota[]) => sql.fragment`
    with demand as materialized (
      select * from ${table("demand", demands, demandColumns)}
    ), slot as materialized (
      select worker_id, id, capacity - used as free
      from worker_slots
      where worker_id in (select worker_id from demand)
      order by worker_id for update
    ), granted as materialized (
      -- A worker may be there with several demands, which share its free slots in their order.
      select *, sum(free) over (order by ordinality) as upto, sum(free)
        over (order by ordinality) - free as after
      from (
        select dem.*, slot.id as slot_id, least(
          dem.max_jobs,
          greatest(slot.free - (sum(dem.max_jobs) over earlier - dem.max_jobs), 0)
        ) as free
        from demand dem join slot using (worker_id)
        window earlier as (partition by dem.worker_id order by dem.ordinality)
      ) dem
    ), total as materialized (
      -- The clock is read once the slots are locked.
      select least(coalesce(sum(free), 0), ${mostJobs})::integer as wanted, clock_timestamp() as at
      from granted
    ), lane as materialized (
      select ln.id, ln.limit_key, case when lim.limit_key is not null
        then coalesce(quota.free, 0) end as left_now
      from (select lane.* from ${openLanes(lanes)}) ln
      left join job_limits lim on lim.limit_key = ln.limit_key
      left join ${table("quota", quotas, { limitKey: "text", free: "int4" })}
        on quota.limit_key = ln.limit_key
    ), head as materialized (
      select lane.limit_key, lane.left_now, rdy.*
      from lane cross join lateral (
        select ready.ctid as tid, ready.priority, ready.sequence, ready.bytes
        from job_ready ready where ready.lane_id = lane.id
        order by ready.priority desc, ready.sequence
        limit (select least(wanted, coalesce(lane.left_now, wanted)) from total)
      ) rdy
    ), best as materialized (
      select tid, row_number() over running = 1 or sum(bytes) over running <= ${limits.pageBytes} as fits
      from (
        select tid, priority, sequence, bytes from (
          select tid, priority, sequence, bytes, left_now,
            row_number() over (partition by limit_key order by priority desc, sequence) as place_in_key
          from head
        ) ranked
        where left_now is null or place_in_key <= left_now
        order by priority desc, sequence
        limit (select wanted from total)
      ) first
      window running as (order by priority desc, sequence rows unbounded preceding)
    ), taken as (
      delete from job_ready where ctid = any (array(
        select ctid from job_ready where ctid = any (array(select tid from best where fits))
        for update skip locked
      ))
      returning job_id, priority, sequence
    ), placed as materialized (
      select job_id, row_number() over (order by priority desc, sequence) as place from taken
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
        j.version, j.created_at, j.created_by, j.run_at, j.unique_key, j.error, given.demand, j.payload,
        j.metadata
    ), lease as (
      insert into job_leases (job_id, claimed_at, expires_at, deadline_at, epoch, attempt, worker_id,
        limit_key)
      select job.id, total.at, total.at + job.lease_ms * interval '1 ms',
        case when job.timeout_seconds > 0 then total.at + job.timeout_seconds * interval '1 s' end,
        job.epoch, job.retry_count + 1, job.worker_id, job.limit_key
      from job, total
    ), occupied as (
      update worker_slots ws set used = ws.used + held.jobs
      from (select worker_id, count(*)::integer as jobs from job group by worker_id) held
      where ws.worker_id = held.worker_id
    ), answered as (
      insert into requests (actor, method, request_id, body_hash, result)
      select worker_id, 'ClaimJobs', request_id, '', jsonb_agg(jsonb_build_array(id, epoch) order by place)
      from job where request_id is not null group by worker_id, request_id
      -- The same claim that was sent to another server is waited for here, and its answer is that of both.
      on conflict (actor, method, request_id) do nothing
      returning actor, request_id
    ), ${start}
    select ${claimedColumns} from job order by job.place`,
  examples: [[[example.id], [exampleDemand], [{ limitKey: "k", free: 1 }]]],
});

/** At most so many jobs fit into one answer, however small they are; one more shows that there are more. */
const mostJobs = fragmentOf(String(Math.ceil(limits.pageBytes / limits.jobBytes)));

const start = recordChanges("job", "pending", "running");

const demandColumns = {
  workerId: "text",
  maxJobs: "int4",
  leaseMs: "int4",
  requestId: "text",
  ordinality: true,
} as const;

const isFirst = sql.fragment`job.place = (select min(place) from job)`;
const claimedColumns = columnsOf(claimedRow, "job", {
  isRepeat: sql.fragment`job.request_id is not null
    and (job.worker_id, job.request_id) not in (select actor, request_id from answered)`,
  startedAt: sql.fragment`case when ${isFirst} then (select at from total) end`,
  seen: sql.fragment`case when ${isFirst} then (select count(*) from best where fits) end`,
  isFull: sql.fragment`case when ${isFirst} then exists (select from best where not fits) end`,
});

/**
 * Leases the best ready jobs of the lanes to the workers: by priority, then age, among the jobs that were
 * committed and not being claimed when the claim began. The first worker gets the first jobs. All of them
 * together fit into one answer.
 */
export async function claimJobs(
  db: Executor,
  lanes: readonly Lane[],
  demands: readonly Demand[],
): Promise<Claim> {
  if (lanes.length === 0) return nothing;
  const ids = lanes.map(({ id }) => id);
  const claim = await claimWithinLimits(db, lanes, ids, demands);
  if (claim.leases.length > 0) return claim;
  const workers = demands.map(({ workerId }) => workerId);
  const { claimable } = await db.one(isClaimable(ids, workers));
  return { ...nothing, contended: claimable };
}

const nothing: Claim = { leases: [], contended: false, isFull: false, repeats: new Set() };

/** Whether any job of these lanes could be claimed now. */
export async function hasReadyJobs(db: Executor, lanes: readonly Lane[]): Promise<boolean> {
  return (await db.one(isReady(lanes.map(({ id }) => id)))).ready;
}

async function claimWithinLimits(
  db: Executor,
  lanes: readonly Lane[],
  ids: readonly string[],
  demands: readonly Demand[],
): Promise<Claim> {
  const claimOf = (rows: readonly ClaimedRow[]) => ({
    leases: leasesOf(rows, lanes, demands),
    contended: rows.length < (rows[0]?.seen ?? 0),
    repeats: new Set(rows.flatMap(({ isRepeat, demand }) => (isRepeat && demands[demand - 1]) || [])),
    isFull: rows[0]?.isFull ?? false,
  });
  const limited = lanes.some(({ limitKey }) => limitKey !== null) ? await db.any(limitedKeys(ids)) : [];
  if (limited.length === 0) return claimOf(await db.any(claim(ids, demands, [])));
  // The rows of the limits stay locked until the claim is committed: what is counted after that is exact.
  return db.transaction(async (transaction) => {
    const keys = limited.map(({ limitKey }) => limitKey);
    await transaction.any(lockLimits(keys));
    const quotas = await transaction.any(countQuotas(keys));
    const result = claimOf(await transaction.any(claim(ids, demands, quotas)));
    await transaction.any(recordStarts(countStarted(result.leases)));
    return result;
  });
}

/**
 * The jobs as the statement left them, of which it answers only what is not known here. They are spelled out
 * because a claim makes thousands of them: to spread the rest of a row takes 20 µs, this 0.03.
 */
function leasesOf(
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
      timeoutSeconds: row.timeoutSeconds,
      workerId: demand.workerId,
      requiredTags: [...lane.requiredTags],
      runAt: row.runAt,
      benchmarkId: row.benchmarkId,
      limitKey: lane.limitKey,
      uniqueKey: row.uniqueKey,
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

function countStarted(leases: readonly Lease[]): Started[] {
  const counts = new Map<string, number>();
  for (const { limitKey } of leases) if (limitKey) counts.set(limitKey, (counts.get(limitKey) ?? 0) + 1);
  return [...counts].map(([limitKey, started]) => ({ limitKey, started }));
}
