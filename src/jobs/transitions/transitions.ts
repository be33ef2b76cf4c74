import { z } from "zod";
import type { AuditAction } from "../../audit/actions.ts";
import { auditRows, changesText } from "../../audit/record.ts";
import { example, type Fragment, fragmentOf, sql, statement } from "../../database/statement/sql.ts";
import * as parts from "../parts.ts";
import type { JobStatus } from "../rows.ts";
import { turnsGivenBack } from "../turns.ts";

export const idRow = z.object({ id: z.string() });

// Each of these changes jobs by id. Every job has one row that stands for its state: in job_leases,
// job_ready, job_scheduled or job_finished, or its own while it waits for others. Whoever changes the state
// locks that row first, so nobody waits for the job itself. All statements lock in one order: slots by
// worker, then those four, each by job, then jobs and keys. A job that is just being claimed is not found in
// the state that was asked for, and callers look again.

/**
 * Takes `wanted` out of line, and locks those that wait for others, which stand in none: the CTE `waiting`.
 * @param before the CTE whose locks come first
 */
export const lineExit = (before: string): Fragment => sql.fragment`
  lined as materialized (
    select ctid as tid from job_ready where ctid = any (array(
      select place.tid
      from wanted cross join lateral (
        select ctid as tid from job_ready
        where lane_id = wanted.lane_id and priority = wanted.priority and turn = 0
          and sequence = wanted.sequence
        union all select ctid from job_ready where job_id = wanted.id and turn > 0
      ) place, (select count(*) from ${fragmentOf(before)}) s
      where wanted.status = 'pending'
    ))
    order by job_id for update
  ), due as materialized (
    select sched.run_at, sched.job_id
    from wanted
    join job_scheduled sched on sched.run_at = wanted.run_at and sched.job_id = wanted.id,
      (select count(*) from lined) s
    where wanted.status = 'pending' order by sched.job_id for update of sched
  ), unready as (
    delete from job_ready where ctid = any (array(select tid from lined))
    returning job_id, lane_id, priority, turn
  ), unscheduled as (
    delete from job_scheduled sched using due where sched.run_at = due.run_at and sched.job_id = due.job_id
    returning sched.job_id
  ), waiting as materialized (
    select j.id, j.depends_on
    from jobs j
    where (select count(*) from due) >= 0 and j.id in (select id from wanted where status = 'pending') and j.status = 'pending' and j.waits_for > 0
    order by j.id for update of j
  )`;

/** Makes jobs wait for nobody that have left with `lineExit`. */
const unawaited = sql.fragment`
  unawaited as (
    delete from job_dependencies dep using waiting
    where dep.dependency_id = any (waiting.depends_on) and dep.job_id = waiting.id
  )`;

// In the audit trail a scheduled job is a pending one.
const statusOfState = sql.fragment`(case was when 'scheduled' then 'pending' else was end)`;
/** The state that a job was in, by its column `was`. */
export const state = { each: sql.fragment`was`, among: parts.states };
const statusChange = (after: object): Fragment => sql.fragment`
  jsonb_build_object('before', jsonb_build_object('status', ${statusOfState})) || ${changesText({ after })}::jsonb`;
const deletedJob = sql.fragment`
  jsonb_build_object('before', jsonb_strip_nulls(jsonb_build_object(
    'status', ${statusOfState}, 'job_type', job_type, 'benchmark_id', benchmark_id, 'unique_key', unique_key
  )))`;

/** Makes an entry of the audit trail for each of the jobs in a CTE. */
function auditJobs(action: AuditAction, jobs: string, changes: Fragment, atMost: number): Fragment {
  const [from, entityId] = [fragmentOf(jobs), sql.fragment`id::text`];
  return auditRows({ action, entityType: "job", entityId, changes, from, atMost });
}

type Stop = { status: "cancelled" | "failed"; reason: string | null; wanted: Fragment; atMost: number };

// A running job ends at once, its slot is freed and its lease is gone: the worker learns of it from its next
// heartbeat, and what it still sends is refused. `wanted` says which of the jobs `j`, of those that
// have not ended.
export const stop = ({ status, reason, wanted, atMost }: Stop): Fragment => sql.fragment`
    with wanted as materialized (
      select j.id, j.lane_id, j.priority, j.sequence, j.run_at, j.status, lease.worker_id
      from jobs j left join job_leases lease on lease.job_id = j.id
      where j.status in ('pending', 'running') and ${wanted}
    ), ${parts.lockedSlots("wanted")}, leased as materialized (
      select lease.job_id, lease.epoch
      from job_leases lease, (select count(*) from slot) s
      where lease.job_id in (select id from wanted) order by lease.job_id for update of lease
    ), unleased as (
      delete from job_leases lease using leased
      where lease.job_id = leased.job_id and lease.epoch = leased.epoch
      returning lease.job_id, lease.epoch, lease.attempt, lease.worker_id, lease.claimed_at
    ), ${lineExit("leased")}, ${turnsGivenBack("unready")}, ${unawaited}, free as materialized (
      select job_id, worker_id, epoch, attempt, claimed_at, 'running' as was from unleased
      union all select job_id, null, null, null, null, 'pending' from unready
      union all select job_id, null, null, null, null, 'scheduled' from unscheduled
      union all select id, null, null, null, null, 'pending' from waiting
      order by job_id
    ), ${parts.clockAfter("free")}, ended as (
      update jobs j
      set status = ${sql.literalValue(status)}, completed_at = clock.at, updated_at = clock.at,
        version = j.version + 1, waits_for = 0, error = coalesce(${reason}, j.error)
      from free, clock where j.id = free.job_id and j.status in ('pending', 'running')
      returning
        j.id, j.job_type, j.benchmark_id, j.unique_key, j.has_dependants, free.was, free.worker_id,
        free.epoch, free.attempt, free.claimed_at
    ), stopped as materialized (
      select * from ended where was = 'running'
    ), ${parts.finishedJobs(status)},
    ${parts.endedAttempts("stopped", sql.fragment`'cancelled'`, sql.fragment`${reason}::text`)},
    ${parts.freedSlots("stopped")}, ${parts.freedKeys("ended")},
    ${parts.recordChanges("ended", state, status)},
    ${auditJobs(
      status === "failed" ? "update" : "cancel",
      "ended",
      statusChange({ status, error: reason ?? undefined }),
      atMost,
    )}
    select id from ended`;

export const cancelJobs = statement("job_cancel", {
  row: idRow,
  build: (ids: readonly string[], reason: string | null) =>
    stop({
      status: "cancelled",
      reason,
      wanted: sql.fragment`j.id = any (${sql.array(ids, "uuid")})`,
      atMost: ids.length,
    }),
  examples: [[[example.id], "reason"]],
});

/** Fails jobs of a benchmark that is being deleted, which could never store what they are for. */
export const failJobsOf = statement("job_fail_of_benchmark", {
  row: idRow,
  build: (benchmarkId: string, reason: string, limit: number) =>
    stop({
      status: "failed",
      reason,
      wanted: sql.fragment`j.benchmark_id = ${benchmarkId} limit ${limit}`,
      atMost: limit,
    }),
  examples: [[example.id, "reason", 500]],
});

export const hasLiveJobs = statement("job_live_of_benchmark", {
  row: z.object({ has: z.boolean() }),
  build: (benchmarkId: string) => sql.fragment`
    select exists (
      select from jobs where benchmark_id = ${benchmarkId} and status in ('pending', 'running')
    ) as has`,
  examples: [[example.id]],
});

// A retry by hand starts from the beginning. A job whose unique key another job has taken, or whose benchmark
// is gone, stays as it is.
export const retryJobs = statement("job_retry", {
  row: idRow,
  build: (ids: readonly string[]) => sql.fragment`
    with named as materialized (
      select * from jobs j
      where j.id = any (${sql.array(ids, "uuid")}) and j.status in ('failed', 'cancelled')
    ), ${parts.keptBenchmarks("named")}, wanted as materialized (
      select j.id, j.status, j.completed_at, j.unique_key, ${parts.laneColumns}
      from named j
      join job_finished fin
        on fin.status = j.status and fin.finished_at = j.completed_at and fin.job_id = j.id
      where j.benchmark_id is null or exists (select from benchmark b where ${parts.isOfJob("b", "j")})
      order by j.id for update of fin
    ), ${parts.returnedLanes("wanted")}, placed as materialized (
      -- Lanes are locked before keys, as where jobs are created.
      select wanted.* from wanted, (select count(*) from made) m
    ), ${parts.takenKeys("placed")}, retried as (
      update jobs j
      set status = 'pending', retry_count = 0, release_count = 0, snooze_count = 0, epoch = j.epoch + 1,
        run_at = null, error = null, result = null, progress = 0, progress_message = null,
        assigned_worker_id = null, started_at = null, completed_at = null, updated_at = clock_timestamp(),
        version = j.version + 1
      from wanted
      where j.id = wanted.id
        and (wanted.unique_key is null or exists (select from keyed where keyed.job_id = wanted.id))
      returning
        j.id, j.benchmark_id, ${parts.laneColumns}, ${parts.lineColumns}, wanted.status as was,
        wanted.completed_at
    ), unfinished as (
      delete from job_finished fin using retried
      where fin.status = retried.was and fin.finished_at = retried.completed_at and fin.job_id = retried.id
    ), ${parts.returnedJobs("retried", {})}, ${parts.recordChanges("retried", state, "pending")},
    ${auditJobs("retry", "retried", statusChange({ status: "pending" }), ids.length)}
    select id from retried`,
  examples: [[[example.id]]],
});

/** Those of the jobs that `retryJobs` would change, if it came to each alone. */
export const retryableJobs = statement("job_retryable", {
  row: z.object({ id: z.string(), jobType: z.string(), uniqueKey: z.string().nullable() }),
  build: (ids: readonly string[]) => sql.fragment`
    select j.id, j.job_type, j.unique_key from jobs j
    where j.id = any (${sql.array(ids, "uuid")}) and j.status in ('failed', 'cancelled')
      and (j.benchmark_id is null or exists (
        select from benchmarks b
        where ${parts.isOfJob("b", "j")}
          and not exists (select from benchmark_deletions deletion where deletion.benchmark_id = b.id)
      ))
      and not exists (
        select from job_keys key where key.job_type = j.job_type and key.unique_key = j.unique_key
      )
    order by j.id`,
  examples: [[[example.id]]],
});

// Attempts stay: they are part of the audit trail.
export const deleteJobs = statement("job_delete", {
  row: idRow,
  build: (ids: readonly string[]) => sql.fragment`
    with wanted as materialized (
      select id, lane_id, priority, sequence, run_at, status, completed_at from jobs
      where id = any (${sql.array(ids, "uuid")}) and status <> 'running'
    ), ${lineExit("wanted")}, ${turnsGivenBack("unready")}, ${unawaited}, ended as materialized (
      select fin.status, fin.finished_at, fin.job_id
      from wanted
      join job_finished fin
        on fin.status = wanted.status and fin.finished_at = wanted.completed_at and fin.job_id = wanted.id,
        (select count(*) from due) s
      order by fin.job_id for update of fin
    ), unfinished as (
      delete from job_finished fin using ended
      where fin.status = ended.status and fin.finished_at = ended.finished_at and fin.job_id = ended.job_id
      returning fin.job_id, fin.status
    ), free as materialized (
      select job_id, status as was from unfinished
      union all select job_id, 'pending' from unready
      union all select job_id, 'scheduled' from unscheduled
      union all select id, 'pending' from waiting
      order by job_id
    ), deleted as (
      delete from jobs j using free where j.id = free.job_id and j.status <> 'running'
      returning j.id, j.job_type, j.benchmark_id, j.unique_key, j.has_dependants, free.was
    ), ${parts.notedEnds("deleted", sql.fragment`'deleted'`, sql.fragment`was in ('pending', 'scheduled')`)},
    ${parts.freedKeys("deleted")}, ${parts.recordChanges("deleted", state, null)},
    ${auditJobs("delete", "deleted", deletedJob, ids.length)}
    select id from deleted`,
  examples: [[[example.id]]],
});

// The statement finds jobs that ended long ago by job_finished, and skips those that are being retried.
export const cleanJobs = statement("job_clean", {
  row: idRow,
  build: (status: JobStatus, days: number, limit: number) => sql.fragment`
    with old as materialized (
      select job_id, finished_at from job_finished
      where status = ${status} and finished_at < now() - make_interval(days => ${days})
      order by finished_at, job_id limit ${limit} for update skip locked
    ), unfinished as (
      delete from job_finished fin using old
      where fin.status = ${status} and fin.finished_at = old.finished_at and fin.job_id = old.job_id
      returning fin.job_id, fin.status
    ), deleted as (
      delete from jobs j using unfinished fin where j.id = fin.job_id
      returning j.id, j.job_type, j.benchmark_id, fin.status as was
    ), ${parts.recordChanges("deleted", state, null)}, ${auditRows({
      action: "cleanup",
      entityType: "job",
      entityId: sql.fragment`null::text`,
      changes: sql.fragment`
        jsonb_build_object('older_than_days', ${days}::integer, 'before', jsonb_build_object(
          'status', ${status}::text, 'count', c.count, 'first_id', c.ids[1], 'last_id', c.ids[c.count]
        ))`,
      from: sql.fragment`(
        select count(*)::integer as count, array_agg(id order by id) as ids from deleted having count(*) > 0
      ) c`,
      atMost: 1,
    })}
    select id from deleted`,
  examples: [["completed", 30, 100]],
});

// Where jobs take turns, those keep their places that failed or were put off. Others are new in line, or have
// to go behind.
const keepsPlace = sql.fragment`
  exists (
    select from job_attempts att
    where att.job_id = j.id and att.epoch = j.epoch and att.outcome in ('failed', 'snoozed')
  )`;

// Due jobs go into line at their old place.
export const readyDueJobs = statement("job_ready_due", {
  row: z.object({ id: z.string(), laneId: z.string() }),
  build: (limit: number) => sql.fragment`
    with due as materialized (
      select ctid as tid from job_scheduled where run_at <= ${parts.clockTime} order by run_at, job_id
      limit ${limit} for update skip locked
    ), taken as (
      delete from job_scheduled where ctid = any (array(select tid from due)) returning job_id
    ), moved as materialized (
      select j.id, j.epoch, j.benchmark_id, ${parts.laneColumns}, ${parts.lineColumns}
      from taken join jobs j on j.id = taken.job_id where j.status = 'pending'
    ), ${parts.returnedLanes("moved")}, ${parts.returnedJobs("moved", { keeps: keepsPlace })},
    ${parts.recordChanges("moved", "scheduled", "pending")}
    select id, lane_id from moved`,
  examples: [[100]],
});
