-- job_history_write
with
  turn as materialized (
    select
      true as mine
    where
      pg_try_advisory_xact_lock(7036420326)
  ),
  attempt as materialized (
    -- Each is joined with its job once and counted at once. Those that ended since may have begun in the
    -- minute. What a job has waited before a retry is not known: its pause is a part of it.
    select
      job_type,
      started,
      case
        when started
        and attempt = 1 then least(
          63,
          ceil(
            2 * ln(
              greatest(
                extract(
                  epoch
                  from
                    started_at - ready_at
                )::double precision * 1000,
                1
              )
            ) / ln(2::double precision)
          )
        )::integer
      end as wait,
      case
        when ended_at < ($1::timestamptz + interval '1 minute')
        and outcome in ('completed', 'failed', 'timed_out') then least(
          63,
          ceil(
            2 * ln(
              greatest(
                extract(
                  epoch
                  from
                    ended_at - started_at
                )::double precision * 1000,
                1
              )
            ) / ln(2::double precision)
          )
        )::integer
      end as run,
      count(*) as count
    from
      (
        select
          a.*,
          a.started_at >= $2::timestamptz
          and a.started_at < ($3::timestamptz + interval '1 minute') as started,
          j.job_type,
          greatest(j.created_at, coalesce(j.run_at, j.created_at)) as ready_at
        from
          (
            select
              a.job_id,
              a.attempt,
              a.started_at,
              a.ended_at,
              a.outcome
            from
              turn
              join job_attempts a on a.ended_at >= $4::timestamptz
            union all
            select
              l.job_id,
              l.attempt,
              l.claimed_at,
              null,
              null
            from
              turn
              join job_leases l on l.claimed_at >= $5::timestamptz
              and l.claimed_at < ($6::timestamptz + interval '1 minute')
          ) a
          join jobs j on j.id = a.job_id
      ) a
    group by
      1,
      2,
      3,
      4
  ),
  change (job_type, created, started, completed, failed, ready, running) as (
    select
      j.job_type,
      count(*),
      0,
      0,
      0,
      0,
      0
    from
      turn
      join jobs j on j.created_at >= $7::timestamptz
      and j.created_at < ($8::timestamptz + interval '1 minute')
    group by
      j.job_type
    union all
    select
      job_type,
      0,
      sum(count),
      0,
      0,
      0,
      0
    from
      attempt
    where
      started
    group by
      job_type
    union all
    select
      fin.job_type,
      0,
      0,
      count(*) filter (
        where
          fin.status = 'completed'
      ),
      count(*) filter (
        where
          fin.status = 'failed'
      ),
      0,
      0
    from
      turn
      join job_finished fin on fin.status in ('completed', 'failed')
      and fin.finished_at >= $9::timestamptz
      and fin.finished_at < ($10::timestamptz + interval '1 minute')
    group by
      fin.job_type
    union all
    select
      s.job_type,
      0,
      0,
      0,
      0,
      s.pending,
      s.running
    from
      (
        select
          job_type,
          coalesce(sum(pending), 0)::integer as pending,
          coalesce(sum(scheduled), 0)::integer as scheduled,
          coalesce(sum(running), 0)::integer as running,
          coalesce(sum(completed), 0)::integer as completed,
          coalesce(sum(failed), 0)::integer as failed,
          coalesce(sum(cancelled), 0)::integer as cancelled
        from
          job_stat_deltas
        where
          benchmark_id is null
        group by
          job_type
      ) s
  ),
  total as (
    select
      coalesce(job_type, '') as job_type,
      coalesce(sum(created), 0)::integer as created,
      coalesce(sum(started), 0)::integer as started,
      coalesce(sum(completed), 0)::integer as completed,
      coalesce(sum(failed), 0)::integer as failed,
      coalesce(sum(ready), 0)::integer as ready,
      coalesce(sum(running), 0)::integer as running
    from
      change
    group by
      grouping sets ((job_type), ())
  ),
  waited as (
    select
      c.job_type,
      array_agg(
        coalesce(n.count, 0)::integer
        order by
          place.bucket
      ) as counts
    from
      (
        select
          coalesce(job_type, '') as job_type,
          max(bucket) as highest
        from
          (
            select
              job_type,
              wait as bucket,
              count
            from
              attempt
            where
              wait is not null
          ) times
        group by
          grouping sets ((job_type), ())
      ) c
      cross join lateral generate_series(0, c.highest) as place (bucket)
      left join (
        select
          coalesce(job_type, '') as job_type,
          bucket,
          sum(count) as count
        from
          (
            select
              job_type,
              wait as bucket,
              count
            from
              attempt
            where
              wait is not null
          ) times
        group by
          grouping sets ((job_type, bucket), (bucket))
      ) n on n.job_type = c.job_type
      and n.bucket = place.bucket
    group by
      c.job_type
  ),
  ran as (
    select
      c.job_type,
      array_agg(
        coalesce(n.count, 0)::integer
        order by
          place.bucket
      ) as counts
    from
      (
        select
          coalesce(job_type, '') as job_type,
          max(bucket) as highest
        from
          (
            select
              job_type,
              run as bucket,
              count
            from
              attempt
            where
              run is not null
          ) times
        group by
          grouping sets ((job_type), ())
      ) c
      cross join lateral generate_series(0, c.highest) as place (bucket)
      left join (
        select
          coalesce(job_type, '') as job_type,
          bucket,
          sum(count) as count
        from
          (
            select
              job_type,
              run as bucket,
              count
            from
              attempt
            where
              run is not null
          ) times
        group by
          grouping sets ((job_type, bucket), (bucket))
      ) n on n.job_type = c.job_type
      and n.bucket = place.bucket
    group by
      c.job_type
  )
insert into
  job_history (minute, job_type, created, started, completed, failed, ready, running, waits, runs)
select
  $11::timestamptz,
  t.job_type,
  t.created,
  t.started,
  t.completed,
  t.failed,
  t.ready,
  t.running,
  coalesce(waited.counts, '{}'),
  coalesce(ran.counts, '{}')
from
  turn,
  (
    select
      *
    from
      total
    where
      job_type = ''
      or created + started + completed + failed + ready + running > 0
    order by
      job_type <> '',
      created + started + completed + failed desc,
      ready + running desc,
      job_type
    limit
      $12
  ) t
  left join waited on waited.job_type = t.job_type
  left join ran on ran.job_type = t.job_type
on conflict do nothing
returning
  job_type;
-- $1 = '2026-01-31T12:00:00.000001Z'
-- $2 = '2026-01-31T12:00:00.000001Z'
-- $3 = '2026-01-31T12:00:00.000001Z'
-- $4 = '2026-01-31T12:00:00.000001Z'
-- $5 = '2026-01-31T12:00:00.000001Z'
-- $6 = '2026-01-31T12:00:00.000001Z'
-- $7 = '2026-01-31T12:00:00.000001Z'
-- $8 = '2026-01-31T12:00:00.000001Z'
-- $9 = '2026-01-31T12:00:00.000001Z'
-- $10 = '2026-01-31T12:00:00.000001Z'
-- $11 = '2026-01-31T12:00:00.000001Z'
-- $12 = 51
