import { z } from "zod";
import { changesText } from "../../audit/document.ts";
import { auditRows } from "../../audit/record.ts";
import { exampleId } from "../../database/statement/examples.ts";
import { type Fragment, sql, statement } from "../../database/statement/sql.ts";
import { recordUnsealed } from "../finish/finish.ts";
import { recordChanges } from "../record-changes.ts";
import type { JobStatus } from "../rows.ts";

const idRow = z.object({ id: z.string() });

// Each of these changes jobs by id. Every job has one row that stands for its state: in job_leases, job_ready, job_scheduled or
// job_finished. Whoever changes the state locks that row first, so the job itself is never waited for. All statements lock in
// one order: slots by worker, then those four, each by job, then jobs and keys. A job that is being claimed at the same moment is
// simply not found in the state that was asked for; callers look again.

// `wanted` without its place in line; `before` is the CTE whose locks come first.
const unlined = (before: Fragment): Fragment => sql.fragment`
  lined as materialized (
    select r.lane_id, r.priority, r.sequence
    from wanted w join job_ready r on r.lane_id = w.lane_id and r.priority = w.priority and r.sequence = w.sequence,
      (select count(*) from ${before}) s
    where w.status = 'pending' order by r.job_id for update of r
  ), due as materialized (
    select d.run_at, d.job_id
    from wanted w join job_scheduled d on d.run_at = w.run_at and d.job_id = w.id, (select count(*) from lined) s
    where w.status = 'pending' order by d.job_id for update of d
  ), unready as (
    delete from job_ready r using lined i
    where r.lane_id = i.lane_id and r.priority = i.priority and r.sequence = i.sequence
    returning r.job_id
  ), unscheduled as (
    delete from job_scheduled d using due i where d.run_at = i.run_at and d.job_id = i.job_id
    returning d.job_id
  )`;

// For entries of the audit trail: a scheduled job is a pending one.
const statusOfState = sql.fragment`(case c.was when 'scheduled' then 'pending' else c.was end)`;
const leftStatus = sql.fragment`jsonb_build_object('before', jsonb_build_object('status', ${statusOfState}))`;

// A running job ends at once, its slot is freed and its lease is gone: the worker learns of it from its next heartbeat, and
// what it still sends is refused.
export const cancelJobs = statement("job_cancel", {
  row: idRow,
  build: (ids: readonly string[], reason: string | null) => sql.fragment`
    with wanted as materialized (
      select j.id, j.lane_id, j.priority, j.sequence, j.run_at, j.status, l.worker_id
      from jobs j left join job_leases l on l.job_id = j.id
      where j.id = any (${sql.array(ids, "uuid")}) and j.status in ('pending', 'running')
    ), slot as materialized (
      select worker_id from worker_slots where worker_id in (select worker_id from wanted) order by worker_id for update
    ), leased as materialized (
      select l.job_id, l.epoch, l.attempt, l.worker_id, l.claimed_at
      from job_leases l, (select count(*) from slot) s
      where l.job_id in (select id from wanted) order by l.job_id for update of l
    ), unleased as (
      delete from job_leases l using leased i where l.job_id = i.job_id and l.epoch = i.epoch
      returning l.job_id, l.epoch, l.attempt, l.worker_id, l.claimed_at
    ), ${unlined(sql.fragment`leased`)}, free as materialized (
      select job_id, worker_id, epoch, attempt, claimed_at, 'running' as was from unleased
      union all select job_id, null, null, null, null, 'pending' from unready
      union all select job_id, null, null, null, null, 'scheduled' from unscheduled
      order by job_id
    ), clock as materialized (
      select clock_timestamp() as at, count(*) from free
    ), ended as (
      update jobs j
      set status = 'cancelled', completed_at = clock.at, updated_at = clock.at, version = j.version + 1,
        error = coalesce(${reason}, j.error)
      from free f, clock where j.id = f.job_id and j.status in ('pending', 'running')
      returning j.id, j.job_type, j.benchmark_id, j.unique_key, f.was, f.worker_id, f.epoch, f.attempt, f.claimed_at
    ), finished as (
      insert into job_finished (job_id, finished_at, status, job_type, worker_id)
      select id, clock.at, 'cancelled', job_type, worker_id from ended, clock
    ), attempt as (
      insert into job_attempts (job_id, epoch, attempt, worker_id, started_at, ended_at, outcome, error)
      select id, epoch, attempt, worker_id, claimed_at, clock.at, 'cancelled', ${reason}::text from ended, clock where was = 'running'
    ), ${recordUnsealed(sql.fragment`(select * from ended where was = 'running') e`)}, freed as (
      update worker_slots s set used = greatest(s.used - e.jobs, 0)
      from (select worker_id, count(*)::integer as jobs from ended where was = 'running' group by worker_id) e
      where s.worker_id = e.worker_id
    ), unlocked as (
      delete from job_keys k using ended e
      where e.unique_key is not null and k.job_type = e.job_type and k.unique_key = e.unique_key and k.job_id = e.id
    ), ${recordChanges(sql.fragment`ended`, sql.fragment`was`, sql.fragment`'cancelled'`)}, ${auditRows({
      action: "cancel",
      entityType: "job",
      entityId: sql.fragment`c.id::text`,
      changes: sql.fragment`
        ${leftStatus} || ${changesText({ after: { status: "cancelled", error: reason ?? undefined } })}::jsonb`,
      from: sql.fragment`ended c`,
      atMost: ids.length,
    })}
    select id from ended`,
  examples: [[[exampleId], "reason"]],
});

// A retry by hand starts afresh. One whose unique key another job has taken meanwhile stays as it is.
export const retryJobs = statement("job_retry", {
  row: idRow,
  build: (ids: readonly string[]) => sql.fragment`
    with wanted as materialized (
      select j.id, j.status, j.completed_at, j.job_type, j.unique_key
      from jobs j join job_finished f on f.status = j.status and f.finished_at = j.completed_at and f.job_id = j.id
      where j.id = any (${sql.array(ids, "uuid")}) and j.status in ('failed', 'cancelled')
      order by j.id for update of f
    ), keyed as (
      insert into job_keys (job_type, unique_key, job_id)
      select job_type, unique_key, id from wanted where unique_key is not null order by job_type, unique_key
      on conflict do nothing
      returning job_id
    ), retried as (
      update jobs j
      set status = 'pending', retry_count = 0, epoch = j.epoch + 1, run_at = null, error = null, result = null,
        progress = 0, progress_message = null, assigned_worker_id = null, started_at = null, completed_at = null,
        updated_at = clock_timestamp(), version = j.version + 1
      from wanted w
      where j.id = w.id and (w.unique_key is null or exists (select from keyed k where k.job_id = w.id))
      returning j.id, j.job_type, j.benchmark_id, j.lane_id, j.priority, j.sequence, w.status as was, w.completed_at
    ), unfinished as (
      delete from job_finished f using retried r
      where f.status = r.was and f.finished_at = r.completed_at and f.job_id = r.id
    ), ready as (
      insert into job_ready (job_id, sequence, lane_id, priority) select id, sequence, lane_id, priority from retried
    ), ${recordChanges(sql.fragment`retried`, sql.fragment`was`, sql.fragment`'pending'`)}, ${auditRows({
      action: "retry",
      entityType: "job",
      entityId: sql.fragment`c.id::text`,
      changes: sql.fragment`${leftStatus} || '{"after": {"status": "pending"}}'`,
      from: sql.fragment`retried c`,
      atMost: ids.length,
    })}
    select id from retried`,
  examples: [[[exampleId]]],
});

// Attempts stay: they are part of the audit trail.
export const deleteJobs = statement("job_delete", {
  row: idRow,
  build: (ids: readonly string[]) => sql.fragment`
    with wanted as materialized (
      select id, lane_id, priority, sequence, run_at, status, completed_at from jobs
      where id = any (${sql.array(ids, "uuid")}) and status <> 'running'
    ), ${unlined(sql.fragment`wanted`)}, ended as materialized (
      select f.status, f.finished_at, f.job_id
      from wanted w join job_finished f
        on f.status = w.status and f.finished_at = w.completed_at and f.job_id = w.id,
        (select count(*) from due) s
      order by f.job_id for update of f
    ), unfinished as (
      delete from job_finished f using ended i
      where f.status = i.status and f.finished_at = i.finished_at and f.job_id = i.job_id
      returning f.job_id, f.status
    ), free as materialized (
      select job_id, status as was from unfinished
      union all select job_id, 'pending' from unready
      union all select job_id, 'scheduled' from unscheduled
      order by job_id
    ), deleted as (
      delete from jobs j using free f where j.id = f.job_id and j.status <> 'running'
      returning j.id, j.job_type, j.benchmark_id, j.unique_key, f.was
    ), unlocked as (
      delete from job_keys k using deleted e
      where e.unique_key is not null and k.job_type = e.job_type and k.unique_key = e.unique_key and k.job_id = e.id
    ), ${recordChanges(sql.fragment`deleted`, sql.fragment`was`, sql.fragment`null`)}, ${auditRows({
      action: "delete",
      entityType: "job",
      entityId: sql.fragment`c.id::text`,
      changes: sql.fragment`
        jsonb_build_object('before', jsonb_strip_nulls(jsonb_build_object(
          'status', ${statusOfState}, 'job_type', c.job_type, 'benchmark_id', c.benchmark_id, 'unique_key', c.unique_key
        )))`,
      from: sql.fragment`deleted c`,
      atMost: ids.length,
    })}
    select id from deleted`,
  examples: [[[exampleId]]],
});

// Ended long enough ago, by the row that says so: one that is being retried meanwhile is passed over.
export const cleanJobs = statement("job_clean", {
  row: idRow,
  build: (status: JobStatus, days: number, limit: number) => sql.fragment`
    with old as materialized (
      select job_id, finished_at from job_finished
      where status = ${status} and finished_at < now() - make_interval(days => ${days})
      order by finished_at, job_id limit ${limit} for update skip locked
    ), unfinished as (
      delete from job_finished f using old o
      where f.status = ${status} and f.finished_at = o.finished_at and f.job_id = o.job_id
      returning f.job_id, f.status
    ), deleted as (
      delete from jobs j using unfinished f where j.id = f.job_id
      returning j.id, j.job_type, j.benchmark_id, f.status as was
    ), ${recordChanges(sql.fragment`deleted`, sql.fragment`was`, sql.fragment`null`)}, ${auditRows({
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

// Due jobs go into line at their old place.
export const readyDueJobs = statement("job_ready_due", {
  row: z.object({ id: z.string(), laneId: z.number() }),
  build: (limit: number) => sql.fragment`
    with due as materialized (
      select ctid as tid from job_scheduled where run_at <= clock_timestamp() order by run_at, job_id
      limit ${limit} for update skip locked
    ), taken as (
      delete from job_scheduled where ctid = any (array(select tid from due)) returning job_id
    ), moved as materialized (
      select j.id, j.lane_id, j.priority, j.sequence, j.job_type, j.benchmark_id
      from taken t join jobs j on j.id = t.job_id where j.status = 'pending'
    ), ready as (
      insert into job_ready (job_id, sequence, lane_id, priority) select id, sequence, lane_id, priority from moved
    ), ${recordChanges(sql.fragment`moved`, sql.fragment`'scheduled'`, sql.fragment`'pending'`)}
    select id, lane_id from moved`,
  examples: [[100]],
});
