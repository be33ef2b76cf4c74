import { z } from "zod";
import { example, type Fragment, fragmentOf, sql, statement } from "../../database/statement/sql.ts";
import { table } from "../../database/statement/table.ts";
import { limits } from "../../limits.ts";
import type { Json } from "../../validation.ts";
import * as parts from "../parts.ts";
import { rejectedResult } from "./rejection.ts";
import { settledTokens, tellsUsage, type Usage, usageColumns } from "./settle-tokens.ts";

/** One end of a lease that a worker reports. */
export interface End {
  jobId: string;
  epoch: number;
  workerId: string;
}

/** How the evaluations that came with a completion were stored. */
export interface EvaluationCounts {
  evaluationsInserted: number;
  evaluationsDuplicate: number;
  evaluationsConflict: number;
}

export interface Completed extends End, EvaluationCounts, Usage {
  result: Json;
}

export interface Release extends End {
  /** Whether a worker gave it back. Else it never reached one: it keeps its place, as often as may be. */
  byWorker: boolean;
  /** The job is due after so many milliseconds. Default: 0, at once. */
  delayMs?: number;
  /** Whether no other job with its limit key starts meanwhile, at most `limits.holdMs`. Default: false. */
  holdLimitKey?: boolean;
}

export interface Failed extends End, Usage {
  error: string;
  retryable: boolean;
  retryAfterMs: number | null;
}

/** The columns that name a lease, for a table of items. */
export const leaseColumns = { jobId: "uuid", epoch: "int4", workerId: "text" } as const;

export const completedColumns = {
  ...leaseColumns,
  result: "jsonb",
  evaluationsInserted: "int4",
  evaluationsDuplicate: "int4",
  evaluationsConflict: "int4",
  ...usageColumns,
} as const;

export const exampleLease = { jobId: example.id, epoch: 1, workerId: "w" };

const slots = parts.lockedSlots("item");
const lockedItems = (items: Fragment): Fragment => sql.fragment`
  item as materialized (
    select * from ${items}
  ), ${slots}`;

/**
 * Locks the leases among these that are held, and tells the benchmark of each job. What is written before
 * their completion in the same transaction is thus written once. `isGone`: the job was made for a benchmark
 * that was deleted, whether or not another has its id by now.
 */
export const lockHeldLeases = statement("job_lock_leases", {
  row: z.object({ position: z.number(), benchmarkId: z.string().nullable(), isGone: z.boolean() }),
  build: (ends: readonly End[]) => sql.fragment`
    with ${lockedItems(table("item", ends, { ...leaseColumns, ordinality: true }))}
    select item.ordinality as position, j.benchmark_id, j.benchmark_id is not null
      and not exists (select from benchmarks b where ${parts.isOfJob("b", "j")}) as is_gone
    from (select item.* from item, (select count(*) from slot) s order by item.job_id) item
    join job_leases lease
      on lease.job_id = item.job_id and lease.epoch = item.epoch and lease.worker_id = item.worker_id
    join jobs j on j.id = lease.job_id
    order by lease.job_id for update of lease`,
  examples: [[[exampleLease]]],
});

const noEvaluations = { evaluationsInserted: 0, evaluationsDuplicate: 0, evaluationsConflict: 0 };

// Locks in one order: slots by worker, leases by job, then the jobs themselves. A lease is held only by its
// worker in its epoch, whether or not its time has run out: what has been done is accepted until someone else
// has been given the job.
//
// Leases are deleted without being locked before, which took another 2.4 µs each. They are reached in the
// order of the items, by key, or all read by their key: our connections plan no scans of whole tables (see
// driver.ts), so no join brings them out of order. Only renewals meet them here, since all others that touch
// a lease hold its worker's slot; should a plan reach them in another order all the same (behind a pooler),
// PostgreSQL undoes one of the two statements and it is run again. Deleted by key, not by ctid: a renewal may
// have moved the row since the statement began.
const clock = parts.clockAfter("gone");
export const heldLeases = (items: Fragment, which = sql.fragment``): Fragment => sql.fragment`
  ${lockedItems(items)}, gone as (
    delete from job_leases lease
    using (select item.* from item, (select count(*) from slot) s order by item.job_id) item
    where lease.job_id = item.job_id and lease.epoch = item.epoch and lease.worker_id = item.worker_id
      ${which}
    returning lease.claimed_at, lease.attempt, item.*
  ), ${clock}`;

/** Positions of the items, from 1; null: all, as nearly always, so that one row answers thousands. */
const endedItemsRow = z.object({ positions: z.array(z.number()).nullable() });
export const endedItems = sql.fragment`
  select
    case when count(*) < (select count(*) from item)
      then coalesce(array_agg(ordinality::integer), '{}') end as positions
  from ended`;

const nothing = sql.fragment`null`;
const usage = sql.fragment`, j.limit_key, j.tokens, gone.tokens_used`;
const counts = sql.fragment`, evaluations_inserted, evaluations_duplicate, evaluations_conflict`;

const tokensUsed = sql.fragment`, tokens_used`;
const countsAndUsage = sql.fragment`${counts}${tokensUsed}`;

/**
 * Completes the jobs of `gone` at the time of `clock`: the CTE `ended`, and those that record it.
 * @param settles whether any attempt tells what it used
 */
const completion = (settles: boolean): Fragment => sql.fragment`
  ended as (
    update jobs j
    set status = 'completed', result = gone.result, error = null, progress = 1, completed_at = clock.at,
      updated_at = clock.at, version = j.version + 1
    from gone, clock
    where j.id = gone.job_id and j.status = 'running' and j.epoch = gone.epoch
    returning
      j.id, j.epoch, j.job_type, j.benchmark_id, j.unique_key, j.has_dependants, gone.worker_id,
      gone.claimed_at, gone.attempt, gone.ordinality, gone.evaluations_inserted, gone.evaluations_duplicate,
      gone.evaluations_conflict ${settles ? usage : sql.fragment``}
  ), ${parts.finishedJobs("completed")}, ${settles ? sql.fragment`${settledTokens}, ` : sql.fragment``}
  ${parts.endedAttempts("ended", sql.fragment`'completed'`, nothing, settles ? countsAndUsage : counts)},
  ${parts.freedKeys("ended")}`;

export const completedJobs = { plain: completion(false), settling: completion(true) };

// All have one commit. In batches of 500 a completion takes PostgreSQL 20 µs, of which 6 are the job, 4
// job_finished, 3 job_attempts, 3 the lease, and 0.4 the line for the sealer, whose ids are not compressed.
const completing = (name: string, how: keyof typeof completedJobs, item: Completed) =>
  statement(name, {
    row: endedItemsRow,
    build: (items: readonly Completed[]) => sql.fragment`
    with ${heldLeases(table("item", items, { ...completedColumns, ordinality: true }))},
    ${completedJobs[how]}, ${parts.freedSlots("ended", "completed")},
    ${parts.recordChanges("ended", "running", "completed")}
    ${endedItems}`,
    examples: [[[item]]],
  });

const exampleCompleted = { ...exampleLease, result: {}, ...noEvaluations };
const complete = completing("job_complete", "plain", exampleCompleted);
const completeAndSettle = completing("job_complete_and_settle", "settling", {
  ...exampleCompleted,
  tokensUsed: 1_000,
});

/** Completes jobs whose leases are held. */
export const completeLeases = (items: readonly Completed[]) =>
  tellsUsage(items) ? completeAndSettle(items) : complete(items);

export const endedRow = z.object({
  position: z.number(),
  willRetry: z.boolean(),
  runAt: z.string().nullable(),
});

// The pause before retry n is 2^n seconds up to a limit. A random part of up to a half is left out, so that
// jobs that failed together do not come back together.
const longestPause = fragmentOf(String(limits.retryPauseSeconds));
const backoff = sql.fragment`
  (least(power(2, j.retry_count), ${longestPause}) * (0.5 + random() / 2)) * interval '1 s'`;

const willRetry = sql.fragment`gone.retryable and j.retry_count < j.max_retries`;

const stateAfterFailure = {
  each: sql.fragment`(case status when 'pending' then 'scheduled' else 'failed' end)`,
  among: ["scheduled", "failed"],
} as const;

export const retries = sql.fragment`
  select
    ordinality as position, status = 'pending' as will_retry,
    case status when 'pending' then run_at end as run_at
  from ended`;

// `gone` has retryable, retry_after_ms and error; `outcome` says how such attempts ended, `place` sets where
// the jobs stand in line, and `slots` frees those of their workers.
export const failures = (
  outcome: Fragment,
  {
    place = sql.fragment``,
    slots = parts.freedSlots("ended", "failed"),
    answer = retries,
    settles = false,
  } = {},
): Fragment => sql.fragment`
  ended as (
    update jobs j
    set status = case when ${willRetry} then 'pending' else 'failed' end,
      retry_count = j.retry_count + (${willRetry})::integer,
      run_at = case when ${willRetry}
        then clock.at + coalesce(gone.retry_after_ms * interval '1 ms', ${backoff}) else j.run_at end,
      assigned_worker_id = case when ${willRetry} then null else j.assigned_worker_id end,
      completed_at = case when ${willRetry} then null else clock.at end,
      error = gone.error, updated_at = clock.at, version = j.version + 1 ${place}
    from gone, clock
    where j.id = gone.job_id and j.status = 'running' and j.epoch = gone.epoch
    returning
      j.id, j.epoch, j.job_type, j.benchmark_id, j.unique_key, j.has_dependants, j.status, j.run_at,
      gone.worker_id, gone.claimed_at, gone.attempt, gone.ordinality, gone.error, ${outcome} as outcome
      ${settles ? usage : sql.fragment``}
  ), ${settles ? sql.fragment`${settledTokens}, ` : sql.fragment``} scheduled as (
    insert into job_scheduled (run_at, job_id) select run_at, id from ended where status = 'pending'
  ), ${parts.finishedJobs("failed", sql.fragment`status = 'failed'`)},
  ${parts.endedAttempts("ended", sql.fragment`outcome`, sql.fragment`error`, settles ? tokensUsed : undefined)},
  ${slots}, ${parts.freedKeys("ended", sql.fragment`ended.status = 'failed'`)},
  ${parts.recordChanges("ended", "running", stateAfterFailure)}
  ${answer}`;

const failedColumns = {
  ...leaseColumns,
  error: "text",
  retryable: "bool",
  retryAfterMs: "int4",
  ...usageColumns,
} as const;

const failing = (name: string, settles: boolean, item: Failed) => {
  const failed = failures(sql.fragment`'failed'`, { settles });
  return statement(name, {
    row: endedRow,
    build: (items: readonly Failed[]) => sql.fragment`
    with ${heldLeases(table("item", items, { ...failedColumns, ordinality: true }))},
    ${failed}`,
    examples: [[[item]]],
  });
};

const exampleFailed = { ...exampleLease, error: "e", retryable: true, retryAfterMs: null };
const fail = failing("job_fail", false, exampleFailed);
const failAndSettle = failing("job_fail_and_settle", true, { ...exampleFailed, tokensUsed: 1_000 });

/** Fails attempts whose leases are held. */
export const failLeases = (items: readonly Failed[]) =>
  tellsUsage(items) ? failAndSettle(items) : fail(items);

// What brought its worker down, or never ended, may do so again: it goes behind all jobs that wait.
const behind = sql.fragment`, sequence = default`;

const expired = failures(sql.fragment`(case when gone.timed_out then 'timed_out' else 'expired' end)`, {
  place: behind,
});

// Ends leases as `late` tells, a condition over `lease` and the time `now_at.at`. At most as many leases as
// the workers have slots, so they are simply all read: an index over expires_at would be written by every
// renewal. A lease that its worker is just using is left for the next round.
const expiry = (late: Fragment, limit: number, error: Fragment): Fragment => sql.fragment`
  with now_at as materialized (select clock_timestamp() as at), late as materialized (
    select lease.job_id, lease.worker_id from job_leases lease, now_at where ${late} limit ${limit}
  ), ${parts.lockedSlots("late", sql.fragment`skip locked`)}, item as materialized (
    select lease.job_id, lease.epoch, row_number() over () as ordinality, true as retryable,
      null::integer as retry_after_ms, coalesce(lease.deadline_at < now_at.at, false) as timed_out
    from (
      select lease.* from job_leases lease, now_at, (select count(*) from slot) s
      where lease.job_id in (select job_id from late) and ${late}
        and (lease.worker_id in (select worker_id from slot)
          or not exists (select from worker_slots ws where ws.worker_id = lease.worker_id))
      order by lease.job_id for update of lease skip locked
    ) lease, now_at
  ), gone as (
    delete from job_leases lease using item where lease.job_id = item.job_id and lease.epoch = item.epoch
    returning lease.claimed_at, lease.attempt, lease.worker_id, item.*,
      case when item.timed_out then 'the attempt ran past its timeout' else ${error} end as error
  ), ${parts.clockAfter("gone")}, ${expired}`;

/** Ends the leases that ran out; those from before an outage only `termMs` after its end, `backSince`. */
export const expireLeases = statement("job_expire", {
  row: endedRow,
  build: (limit: number, backSince: string | null, termMs: number) =>
    expiry(
      sql.fragment`least(lease.expires_at, lease.deadline_at) < now_at.at and (
        ${backSince}::timestamptz is null or lease.claimed_at > ${backSince}::timestamptz
        or now_at.at > ${backSince}::timestamptz + ${termMs} * interval '1 ms'
      )`,
      limit,
      sql.fragment`'the lease expired: worker ' || lease.worker_id || ' stopped renewing it'`,
    ),
  examples: [[100, null, 30_000]],
});

/** Ends all leases of workers that are being removed, whose slots the transaction has locked. */
export const expireLeasesOf = statement("job_expire_workers", {
  row: endedRow,
  build: (workers: readonly string[], limit: number) =>
    expiry(
      sql.fragment`lease.worker_id = any (${sql.array(workers, "text")})`,
      limit,
      sql.fragment`'worker ' || lease.worker_id || ' was silent for too long and has been removed'`,
    ),
  examples: [[["w"], 100]],
});

const release = (keeps: Fragment) => sql.fragment`
  ${parts.returnedLanes("ended")}, ${parts.returnedJobs("ended", { keeps })},
  ${parts.endedAttempts("ended", sql.fragment`'released'`, nothing)},
  ${parts.freedSlots("ended")}, ${parts.recordChanges("ended", "running", "pending")}`;

const releasedFewer = (times: number) => sql.fragment`
  exists (select from jobs j where j.id = lease.job_id and j.release_count < ${fragmentOf(String(times))})`;

const releaseOf = (items: readonly Release[], which: Fragment, place?: Fragment) => sql.fragment`
    with ${heldLeases(table("item", items, { ...leaseColumns, byWorker: "bool", ordinality: true }), which)},
    ended as (
      update jobs j
      set status = 'pending', assigned_worker_id = null, updated_at = clock.at, version = j.version + 1,
        release_count = j.release_count + gone.by_worker::integer ${place ?? sql.fragment``}
      from gone, clock
      where j.id = gone.job_id and j.status = 'running' and j.epoch = gone.epoch
      returning
        j.id, j.epoch, j.benchmark_id, ${parts.laneColumns}, ${parts.lineColumns},
        gone.worker_id, gone.claimed_at, gone.attempt, gone.ordinality
    ), ${release(place ? sql.fragment`false` : sql.fragment`true`)}
    ${endedItems}`;

// Back in its old place, as the sequence and priority are the job's own: the first time that a worker gives
// it back, and always where it had not reached one.
export const releaseLeases = statement("job_release", {
  row: endedItemsRow,
  build: (items: readonly Release[]) =>
    releaseOf(items, sql.fragment`and (not item.by_worker or ${releasedFewer(1)})`),
  examples: [[[{ ...exampleLease, byWorker: true }]]],
});

/** Gives back jobs that were given back before, and may be what makes their workers stop. */
export const releaseAgain = statement("job_release_again", {
  row: endedItemsRow,
  build: (items: readonly Release[]) =>
    releaseOf(items, sql.fragment`and ${releasedFewer(limits.freeReleases)}`, behind),
  examples: [[[{ ...exampleLease, byWorker: true }]]],
});

const spent = failures(sql.fragment`'released'`, {
  place: behind,
  slots: parts.freedSlots("ended"),
  answer: endedItems,
});

/** Fails the attempts of jobs that were given back too often for it to be free. */
export const exhaustLeases = statement("job_release_spent", {
  row: endedItemsRow,
  build: (items: readonly End[]) => sql.fragment`
    with ${heldLeases(sql.fragment`(
      select item.*, true as retryable, null::integer as retry_after_ms,
        ${`given back by workers more than ${limits.freeReleases} times`}::text as error
      from ${table("item", items, { ...leaseColumns, ordinality: true })}
    ) given`)}, ${spent}`,
  examples: [[[exampleLease]]],
});

// Items without a lease are asked for: what has become of the job, and whether this very end was recorded.
export const explainEnds = statement("job_explain_ends", {
  row: z.object({
    status: z.string().nullable(),
    outcome: z.string().nullable(),
    isCurrent: z.boolean(),
    /** Whether a retry was left when the attempt ended. */
    mayRetry: z.boolean(),
    runAt: z.string().nullable(),
    /** The error of the attempt, if it ended because its result was rejected. */
    rejection: z.string().nullable(),
    evaluationsInserted: z.number(),
    evaluationsDuplicate: z.number(),
    evaluationsConflict: z.number(),
  }),
  build: (ends: readonly End[]) => sql.fragment`
    select j.status, att.outcome, coalesce(j.epoch = item.epoch, false) as is_current,
      coalesce(att.attempt <= j.max_retries, false) as may_retry, j.run_at,
      case when att.error like ${`${rejectedResult}%`} then att.error end as rejection,
      coalesce(att.evaluations_inserted, 0) as evaluations_inserted,
      coalesce(att.evaluations_duplicate, 0) as evaluations_duplicate,
      coalesce(att.evaluations_conflict, 0) as evaluations_conflict
    from ${table("item", ends, { ...leaseColumns, ordinality: true })}
    left join jobs j on j.id = item.job_id
    left join job_attempts att
      on att.job_id = item.job_id and att.epoch = item.epoch and att.worker_id = item.worker_id
    order by item.ordinality`,
  examples: [[[exampleLease]]],
});
