import { z } from "zod";
import type { Executor } from "../../database/statement/executor.ts";
import { example, type Fragment, fragmentOf, sql, statement } from "../../database/statement/sql.ts";
import { limits } from "../../limits.ts";
import { stateSums } from "../lists/query.ts";

// The history of the queue has a row for each minute and job type, and one for all types ("") of each minute,
// so that a minute without any work is there, too. It is made of what the queue writes anyway: nothing is
// written for it when jobs are created, claimed or ended.

const readDue = statement("job_history_due", {
  row: z.object({ minute: z.string(), written: z.boolean() }),
  build: () => sql.fragment`
    select last.minute, exists (select from job_history h where h.minute = last.minute) as written
    from (select date_trunc('minute', now()) - interval '1 minute' as minute) last`,
  examples: [[]],
});

/**
 * Element n + 1 of an array of counts has the times of more than 2^((n - 1) / 2) ms and up to 2^(n / 2). The
 * logarithm is of double precision: that of numeric, which `extract` gives, takes microseconds.
 */
const bucketOf = (from: string, to: string): Fragment => {
  const ms = `extract(epoch from ${to} - ${from})::double precision * 1000`;
  return fragmentOf(`least(63, ceil(2 * ln(greatest(${ms}, 1)) / ln(2::double precision)))::integer`);
};

/** Counts of the times in a bucket of `attempt`, by type and of all. */
const counts = (name: string, bucket: string): Fragment => {
  const times = sql.fragment`(
    select job_type, ${fragmentOf(bucket)} as bucket, count from attempt where ${fragmentOf(bucket)} is not null
  ) times`;
  return sql.fragment`
  ${fragmentOf(name)} as (
    select c.job_type, array_agg(coalesce(n.count, 0)::integer order by place.bucket) as counts
    from (
      select coalesce(job_type, '') as job_type, max(bucket) as highest
      from ${times} group by grouping sets ((job_type), ())
    ) c
    cross join lateral generate_series(0, c.highest) as place (bucket)
    left join (
      select coalesce(job_type, '') as job_type, bucket, sum(count) as count
      from ${times} group by grouping sets ((job_type, bucket), (bucket))
    ) n on n.job_type = c.job_type and n.bucket = place.bucket
    group by c.job_type
  )`;
};

/** The advisory lock of the server that writes. */
export const historyLock = 7036420326;

/** Writes a minute, unless another server has or does. */
export const writeMinute = statement("job_history_write", {
  row: z.object({ jobType: z.string() }),
  prepared: false,
  build: (minute: string) => {
    // Values and no columns, so that the planner knows how few rows the minute has.
    const since = sql.fragment`${minute}::timestamptz`;
    const upto = sql.fragment`(${minute}::timestamptz + interval '1 minute')`;
    return sql.fragment`
    with turn as materialized (
      select true as mine where pg_try_advisory_xact_lock(${fragmentOf(String(historyLock))})
    ), attempt as materialized (
      -- Each is joined with its job once and counted at once. Those that ended since may have begun in the
      -- minute. What a job has waited before a retry is not known: its pause is a part of it.
      select job_type, started,
        case when started and attempt = 1 then ${bucketOf("ready_at", "started_at")} end as wait,
        case when ended_at < ${upto} and outcome in ('completed', 'failed', 'timed_out')
          then ${bucketOf("started_at", "ended_at")} end as run, count(*) as count
      from (
        select a.*, a.started_at >= ${since} and a.started_at < ${upto} as started, j.job_type,
          greatest(j.created_at, coalesce(j.run_at, j.created_at)) as ready_at
        from (
          select a.job_id, a.attempt, a.started_at, a.ended_at, a.outcome
          from turn join job_attempts a on a.ended_at >= ${since}
          union all
          select l.job_id, l.attempt, l.claimed_at, null, null from turn join job_leases l
            on l.claimed_at >= ${since} and l.claimed_at < ${upto}
        ) a
        join jobs j on j.id = a.job_id
      ) a
      group by 1, 2, 3, 4
    ), change (job_type, created, started, completed, failed, ready, running) as (
      select j.job_type, count(*), 0, 0, 0, 0, 0
      from turn join jobs j on j.created_at >= ${since} and j.created_at < ${upto} group by j.job_type
      union all select job_type, 0, sum(count), 0, 0, 0, 0 from attempt where started group by job_type
      union all
      select fin.job_type, 0, 0, count(*) filter (where fin.status = 'completed'),
        count(*) filter (where fin.status = 'failed'), 0, 0
      from turn join job_finished fin
        on fin.status in ('completed', 'failed') and fin.finished_at >= ${since} and fin.finished_at < ${upto}
      group by fin.job_type
      union all
      select s.job_type, 0, 0, 0, 0, s.pending, s.running
      from (select job_type, ${stateSums} from job_stat_deltas where benchmark_id is null group by job_type) s
    ), total as (
      select coalesce(job_type, '') as job_type, coalesce(sum(created), 0)::integer as created,
        coalesce(sum(started), 0)::integer as started, coalesce(sum(completed), 0)::integer as completed,
        coalesce(sum(failed), 0)::integer as failed, coalesce(sum(ready), 0)::integer as ready,
        coalesce(sum(running), 0)::integer as running
      from change group by grouping sets ((job_type), ())
    ), ${counts("waited", "wait")}, ${counts("ran", "run")}
    insert into job_history
      (minute, job_type, created, started, completed, failed, ready, running, waits, runs)
    select ${since}, t.job_type, t.created, t.started, t.completed, t.failed, t.ready, t.running,
      coalesce(waited.counts, '{}'), coalesce(ran.counts, '{}')
    from turn, (
      select * from total
      where job_type = '' or created + started + completed + failed + ready + running > 0
      order by job_type <> '', created + started + completed + failed desc, ready + running desc, job_type
      limit ${limits.metricsJobTypes + 1}
    ) t
    left join waited on waited.job_type = t.job_type left join ran on ran.job_type = t.job_type
    on conflict do nothing
    returning job_type`;
  },
  examples: [[example.time]],
});

const forgetMinutes = statement("job_history_forget", {
  row: z.object({ jobType: z.string() }),
  build: () => sql.fragment`
    delete from job_history where minute < now() - make_interval(days => ${limits.queueHistoryDays})
    returning job_type`,
  examples: [[]],
});

/** Writes the last whole minute if nobody has, and forgets the oldest. */
export async function keepHistory(db: Executor): Promise<void> {
  const { minute, written } = await db.one(readDue());
  if (written) return;
  const rows = await db.any(writeMinute(minute));
  if (rows.length > 0) await db.any(forgetMinutes());
}
