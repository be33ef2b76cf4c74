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

/** Element n + 1 of an array of counts has the times of more than 2^((n - 1) / 2) ms and up to 2^(n / 2). */
const bucketOf = (ms: string): Fragment =>
  fragmentOf(`least(63, ceil(2 * ln(greatest(${ms}, 1)) / ln(2)))::integer`);

/** Counts of times (job_type, ms), by type and of all. */
const counts = (name: string, times: string): Fragment => sql.fragment`
  ${fragmentOf(name)} as (
    select c.job_type, array_agg(coalesce(n.count, 0)::integer order by place.bucket) as counts
    from (
      select coalesce(job_type, '') as job_type, max(bucket) as highest
      from ${fragmentOf(`${times}_bucket`)} group by grouping sets ((job_type), ())
    ) c
    cross join lateral generate_series(0, c.highest) as place (bucket)
    left join (
      select coalesce(job_type, '') as job_type, bucket, count(*)
      from ${fragmentOf(`${times}_bucket`)} group by grouping sets ((job_type, bucket), (bucket))
    ) n on n.job_type = c.job_type and n.bucket = place.bucket
    group by c.job_type
  )`;

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
      select true as mine where pg_try_advisory_xact_lock(7036420326)
    ), attempt as materialized (
      -- Each is joined with its job once. Those that ended since may have begun in the minute.
      select a.*, j.job_type, j.created_at, j.run_at
      from (
        select a.job_id, a.attempt, a.started_at, a.ended_at, a.outcome
        from turn join job_attempts a on a.ended_at >= ${since}
        union all
        select l.job_id, l.attempt, l.claimed_at, null, null from turn join job_leases l
          on l.claimed_at >= ${since} and l.claimed_at < ${upto}
      ) a
      join jobs j on j.id = a.job_id
    ), begun as materialized (
      select a.job_type, a.attempt,
        extract(epoch from a.started_at - greatest(a.created_at, coalesce(a.run_at, a.created_at))) * 1000 as ms
      from attempt a where a.started_at >= ${since} and a.started_at < ${upto}
    ), wait_bucket as materialized (
      -- What a job has waited before a retry is not known: its pause is a part of it.
      select job_type, ${bucketOf("ms")} as bucket from begun where attempt = 1
    ), run_bucket as materialized (
      select a.job_type, ${bucketOf("extract(epoch from a.ended_at - a.started_at) * 1000")} as bucket
      from attempt a
      where a.ended_at < ${upto} and a.outcome in ('completed', 'failed', 'timed_out')
    ), change (job_type, created, started, completed, failed, ready, running) as (
      select j.job_type, count(*), 0, 0, 0, 0, 0
      from turn join jobs j on j.created_at >= ${since} and j.created_at < ${upto} group by j.job_type
      union all select job_type, 0, count(*), 0, 0, 0, 0 from begun group by job_type
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
