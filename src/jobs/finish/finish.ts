import { z } from "zod";
import { exampleId } from "../../database/statement/examples.ts";
import { type Fragment, sql, statement } from "../../database/statement/sql.ts";
import { arrayOf } from "../../database/statement/table.ts";
import type { JsonValue } from "../../validation.ts";
import { recordChanges } from "../record-changes.ts";

/** One end of a lease that a worker reports. */
export interface End {
  jobId: string;
  epoch: number;
  workerId: string;
}

export interface Completed extends End {
  result: JsonValue;
}

export interface Failed extends End {
  error: string;
  retryable: boolean;
  retryAfterMs: number | null;
}

/** Job, epoch and worker of each, as the first three arrays of an `unnest`. */
export function leaseArrays(ends: readonly End[]): Fragment {
  return sql.fragment`${arrayOf(
    "uuid",
    ends.map((end) => end.jobId),
  )}, ${arrayOf(
    "int4",
    ends.map((end) => end.epoch),
  )},
    ${arrayOf(
      "text",
      ends.map((end) => end.workerId),
    )}`;
}

const example = { jobId: exampleId, epoch: 1, workerId: "w" };

// Locks in one order: slots by worker, leases by job, then the jobs themselves. A lease is held only by its worker in its
// epoch, whether or not its time has run out: what has been done is accepted until someone else has been given the job.
//
// Leases are deleted without being locked before, which took another 2.4 µs each. They are reached in the order of the items, by
// key, or all read by their key: our connections plan no scans of whole tables (see driver.ts), so no join brings them out of
// order. Only renewals meet them here, since all others that touch a lease hold its worker's slot; should a plan reach them in
// another order all the same (behind a pooler), PostgreSQL undoes one of the two statements and it is run again. Deleted by key,
// not by ctid: a renewal may have moved the row since the statement began.
const held = (ends: readonly End[], columns: Fragment, more: Fragment): Fragment => sql.fragment`
  i as materialized (
    select * from unnest(
      ${leaseArrays(ends)}
      ${more}
    ) with ordinality as i (job_id, epoch, worker_id ${columns}, ordinality)
  ), slot as materialized (
    select worker_id from worker_slots where worker_id in (select worker_id from i) order by worker_id for update
  ), gone as (
    delete from job_leases l
    using (select i.* from i, (select count(*) from slot) s order by i.job_id) i
    where l.job_id = i.job_id and l.epoch = i.epoch and l.worker_id = i.worker_id
    returning l.claimed_at, l.attempt, i.*
  ), clock as materialized (
    select clock_timestamp() as at, count(*) from gone
  )`;

/**
 * A CTE that puts the attempts of `ended` (id, epoch) in line for the sealer of the audit trail: one row a statement, none
 * without attempts.
 */
export function recordUnsealed(ended: Fragment): Fragment {
  return sql.fragment`
  unsealed as (
    insert into audit_unsealed (entry_kind, entry_ids, epochs)
    select 'job_attempt', array_agg(id), array_agg(epoch) from ${ended} having count(*) > 0
  )`;
}

// What every end of an attempt leaves behind. `ended` has id, epoch, attempt, worker_id, claimed_at, and what a fragment names.
const attempts = (outcome: Fragment, error: Fragment): Fragment => sql.fragment`
  attempt as (
    insert into job_attempts (job_id, epoch, attempt, worker_id, started_at, ended_at, outcome, error)
    select id, epoch, attempt, worker_id, claimed_at, clock.at, ${outcome}, ${error} from ended, clock
  ), ${recordUnsealed(sql.fragment`ended`)}`;

const freed = (completed: Fragment, failed: Fragment): Fragment => sql.fragment`
  freed as (
    update worker_slots s
    set used = greatest(s.used - e.jobs, 0), completed = s.completed + e.completed, failed = s.failed + e.failed
    from (
      select worker_id, count(*)::integer as jobs, count(*) filter (where ${completed}) as completed,
        count(*) filter (where ${failed}) as failed
      from ended group by worker_id
    ) e
    where s.worker_id = e.worker_id
  )`;

const released = (over: Fragment): Fragment => sql.fragment`
  unlocked as (
    delete from job_keys k using ended e
    where ${over} and e.unique_key is not null and k.job_type = e.job_type and k.unique_key = e.unique_key
      and k.job_id = e.id
  )`;

const endedItemsRow = z.object({
  /** Positions of the items, from 1; null: all of them. */
  positions: z.array(z.number()).nullable(),
});

// One row instead of one an item, because nearly always every lease is found.
const endedItems = sql.fragment`
  select case when count(*) < (select count(*) from i) then coalesce(array_agg(ordinality::integer), '{}') end as positions
  from ended`;

const yes = sql.fragment`true`;
const no = sql.fragment`false`;

// One commit for all of them. In batches of 500 a completion takes PostgreSQL 20 µs, of which 6 are the job, 4 job_finished, 3
// job_attempts and 3 the lease; naming the attempts for the sealer takes 0.4 since ids are stored uncompressed.
export const completeLeases = statement("job_complete", {
  row: endedItemsRow,
  build: (items: readonly Completed[]) => sql.fragment`
    with ${held(
      items,
      sql.fragment`, result`,
      sql.fragment`, ${arrayOf(
        "jsonb",
        items.map((item) => item.result),
      )}`,
    )}, ended as (
      update jobs j
      set status = 'completed', result = g.result, error = null, progress = 1, completed_at = clock.at,
        updated_at = clock.at, version = j.version + 1
      from gone g, clock
      where j.id = g.job_id and j.status = 'running' and j.epoch = g.epoch
      returning j.id, j.epoch, j.job_type, j.benchmark_id, j.unique_key, g.worker_id, g.claimed_at, g.attempt, g.ordinality
    ), finished as (
      insert into job_finished (job_id, finished_at, status, job_type, worker_id)
      select id, clock.at, 'completed', job_type, worker_id from ended, clock
    ), ${attempts(sql.fragment`'completed'`, sql.fragment`null`)}, ${freed(yes, no)}, ${released(yes)},
    ${recordChanges(sql.fragment`ended`, sql.fragment`'running'`, sql.fragment`'completed'`)}
    ${endedItems}`,
  examples: [[[{ ...example, result: {} }]]],
});

const endedRow = z.object({
  position: z.number(),
  willRetry: z.boolean(),
  runAt: z.string().nullable(),
});

// The pause before retry n is 2^n seconds, at most 5 minutes, of which a random half is left out: jobs that failed together
// do not come back together.
const backoff = sql.fragment`
  (least(power(2, j.retry_count), 300) * (0.5 + random() / 2)) * interval '1 s'`;

// `g` has retryable, retry_after_ms and error; `outcome` says how such attempts ended.
const failJobs = (outcome: Fragment): Fragment => sql.fragment`
  ended as (
    update jobs j
    set status = case when g.retryable and j.retry_count < j.max_retries then 'pending' else 'failed' end,
      retry_count = j.retry_count + (g.retryable and j.retry_count < j.max_retries)::integer,
      run_at = case when g.retryable and j.retry_count < j.max_retries
        then clock.at + coalesce(g.retry_after_ms * interval '1 ms', ${backoff}) else j.run_at end,
      assigned_worker_id = case when g.retryable and j.retry_count < j.max_retries then null else j.assigned_worker_id end,
      completed_at = case when g.retryable and j.retry_count < j.max_retries then null else clock.at end,
      error = g.error, updated_at = clock.at, version = j.version + 1
    from gone g, clock
    where j.id = g.job_id and j.status = 'running' and j.epoch = g.epoch
    returning j.id, j.epoch, j.job_type, j.benchmark_id, j.unique_key, j.status, j.run_at, g.worker_id, g.claimed_at, g.attempt,
      g.ordinality, g.error, ${outcome} as outcome
  ), scheduled as (
    insert into job_scheduled (run_at, job_id) select run_at, id from ended where status = 'pending'
  ), finished as (
    insert into job_finished (job_id, finished_at, status, job_type, worker_id)
    select id, clock.at, 'failed', job_type, worker_id from ended, clock where status = 'failed'
  ), ${attempts(sql.fragment`outcome`, sql.fragment`error`)}, ${freed(no, yes)},
  ${released(sql.fragment`e.status = 'failed'`)},
  ${recordChanges(
    sql.fragment`ended`,
    sql.fragment`'running'`,
    sql.fragment`(case status when 'pending' then 'scheduled' else 'failed' end)`,
  )}`;

export const failLeases = statement("job_fail", {
  row: endedRow,
  build: (items: readonly Failed[]) => sql.fragment`
    with ${held(
      items,
      sql.fragment`, error, retryable, retry_after_ms`,
      sql.fragment`,
        ${arrayOf(
          "text",
          items.map((item) => item.error),
        )},
        ${arrayOf(
          "bool",
          items.map((item) => item.retryable),
        )},
        ${arrayOf(
          "int4",
          items.map((item) => item.retryAfterMs),
        )}`,
    )}, ${failJobs(sql.fragment`'failed'`)}
    select ordinality as position, status = 'pending' as will_retry, case status when 'pending' then run_at end as run_at
    from ended`,
  examples: [[[{ ...example, error: "e", retryable: true, retryAfterMs: null }]]],
});

// Ends leases as `late` tells, a condition over a lease `l` and the time `now_at.at`. At most as many leases as the workers have
// slots, so they are simply all read: an index over expires_at would be written by every renewal. A lease that its worker is
// just using is left for the next round.
const expiry = (late: Fragment, limit: number, error: Fragment): Fragment => sql.fragment`
    with now_at as materialized (select clock_timestamp() as at), late as materialized (
      select l.job_id, l.worker_id from job_leases l, now_at where ${late} limit ${limit}
    ), slot as materialized (
      select worker_id from worker_slots where worker_id in (select worker_id from late) order by worker_id
      for update skip locked
    ), locked as materialized (
      select l.job_id, l.epoch, row_number() over () as ordinality, true as retryable,
        null::integer as retry_after_ms, coalesce(l.deadline_at < now_at.at, false) as timed_out
      from (
        select l.* from job_leases l, now_at, (select count(*) from slot) s
        where l.job_id in (select job_id from late) and ${late}
          and (l.worker_id in (select worker_id from slot)
            or not exists (select from worker_slots w where w.worker_id = l.worker_id))
        order by l.job_id for update of l skip locked
      ) l, now_at
    ), gone as (
      delete from job_leases l using locked i where l.job_id = i.job_id and l.epoch = i.epoch
      returning l.claimed_at, l.attempt, l.worker_id, i.*,
        case when i.timed_out then 'the attempt ran past its timeout' else ${error} end as error
    ), clock as materialized (
      select clock_timestamp() as at, count(*) from gone
    ), ${failJobs(sql.fragment`(case when g.timed_out then 'timed_out' else 'expired' end)`)}
    select ordinality as position, status = 'pending' as will_retry, case status when 'pending' then run_at end as run_at
    from ended`;

/** Ends the leases that have run out; those from before `backSince`, when an outage ended, only `termMs` after it. */
export const expireLeases = statement("job_expire", {
  row: endedRow,
  build: (limit: number, backSince: string | null, termMs: number) =>
    expiry(
      sql.fragment`least(l.expires_at, l.deadline_at) < now_at.at and (
        ${backSince}::timestamptz is null or l.claimed_at > ${backSince}::timestamptz
        or now_at.at > ${backSince}::timestamptz + ${termMs} * interval '1 ms'
      )`,
      limit,
      sql.fragment`'the lease expired: worker ' || l.worker_id || ' stopped renewing it'`,
    ),
  examples: [[100, null, 30_000]],
});

/** Ends all leases of workers that are being removed, whose slots the transaction has locked. */
export const expireLeasesOf = statement("job_expire_workers", {
  row: endedRow,
  build: (workers: readonly string[], limit: number) =>
    expiry(
      sql.fragment`l.worker_id = any (${sql.array(workers, "text")})`,
      limit,
      sql.fragment`'worker ' || l.worker_id || ' was silent for too long and has been removed'`,
    ),
  examples: [[["w"], 100]],
});

// Back in its old place: the sequence and priority are the job's own.
export const releaseLeases = statement("job_release", {
  row: endedItemsRow,
  build: (items: readonly End[]) => sql.fragment`
    with ${held(items, sql.fragment``, sql.fragment``)}, ended as (
      update jobs j
      set status = 'pending', assigned_worker_id = null, updated_at = clock.at, version = j.version + 1
      from gone g, clock
      where j.id = g.job_id and j.status = 'running' and j.epoch = g.epoch
      returning j.id, j.epoch, j.job_type, j.benchmark_id, j.sequence, j.lane_id, j.priority, g.worker_id, g.claimed_at, g.attempt,
        g.ordinality
    ), ready as (
      insert into job_ready (job_id, sequence, lane_id, priority) select id, sequence, lane_id, priority from ended
    ), ${attempts(sql.fragment`'released'`, sql.fragment`null`)}, ${freed(no, no)},
    ${recordChanges(sql.fragment`ended`, sql.fragment`'running'`, sql.fragment`'pending'`)}
    ${endedItems}`,
  examples: [[[example]]],
});

// Asked for the items that no lease was found for: what has become of the job, and whether this very end was recorded.
export const explainEnds = statement("job_explain_ends", {
  row: z.object({
    status: z.string().nullable(),
    outcome: z.string().nullable(),
    isCurrent: z.boolean(),
    runAt: z.string().nullable(),
  }),
  build: (ends: readonly End[]) => sql.fragment`
    select j.status, a.outcome, coalesce(j.epoch = i.epoch, false) as is_current, j.run_at
    from unnest(
      ${leaseArrays(ends)}
    ) with ordinality as i (job_id, epoch, worker_id, ordinality)
    left join jobs j on j.id = i.job_id
    left join job_attempts a on a.job_id = i.job_id and a.epoch = i.epoch and a.worker_id = i.worker_id
    order by i.ordinality`,
  examples: [[[example]]],
});
