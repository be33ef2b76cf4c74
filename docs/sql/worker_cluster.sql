-- worker_cluster
with
  w as materialized (
    select
      (
        case
          when w.last_heartbeat <= statement_timestamp() - $1 * interval '1 ms' then 'offline'
          when w.draining then 'draining'
          when s.used > 0 then 'busy'
          else 'idle'
        end
      ) as status,
      (
        case
          when w.last_heartbeat <= statement_timestamp() - $2 * interval '1 ms' then 'unhealthy'
          when w.last_heartbeat <= statement_timestamp() - $3 * interval '1 ms' then 'degraded'
          else 'healthy'
        end
      ) as health,
      w.capacity,
      s.used
    from
      workers w
      join worker_slots s on s.worker_id = w.worker_id
  ),
  recent as materialized (
    select
      job_id,
      finished_at
    from
      job_finished
    where
      status = 'completed'
      and finished_at > statement_timestamp() - interval '1 minute'
    order by
      finished_at desc,
      job_id desc
    limit
      $4
  ),
  pace as materialized (
    select
      count(*) as jobs,
      extract(
        epoch
        from
          statement_timestamp() - min(finished_at)
      ) as seconds
    from
      (
        select
          finished_at
        from
          job_finished
        where
          status = 'completed'
          and finished_at > statement_timestamp() - interval '1 minute'
        order by
          finished_at desc,
          job_id desc
        limit
          $5
      ) r
  )
select
  c.*,
  jobs.*
from
  (
    select
      count(*) as total_workers,
      count(*) filter (
        where
          status = 'idle'
      ) as idle_workers,
      count(*) filter (
        where
          status = 'busy'
      ) as busy_workers,
      count(*) filter (
        where
          status = 'draining'
      ) as draining_workers,
      count(*) filter (
        where
          status = 'offline'
      ) as offline_workers,
      count(*) filter (
        where
          health = 'healthy'
      ) as healthy_workers,
      count(*) filter (
        where
          health = 'degraded'
      ) as degraded_workers,
      count(*) filter (
        where
          health = 'unhealthy'
      ) as unhealthy_workers,
      coalesce(
        sum(capacity) filter (
          where
            status in ('idle', 'busy')
        ),
        0
      )::bigint as total_capacity,
      coalesce(
        sum(used) filter (
          where
            status in ('idle', 'busy')
        ),
        0
      )::bigint as used_capacity,
      (
        select
          case
            when jobs < $6 then jobs
            else least(jobs * 60 / greatest(seconds, 0.001), 2147483647)::bigint
          end
        from
          pace
      ) as completed_last_minute,
      (
        select
          avg(
            extract(
              epoch
              from
                r.finished_at - a.started_at
            ) * 1000
          )::double precision
        from
          recent r
          cross join lateral (
            select
              started_at
            from
              job_attempts
            where
              job_id = r.job_id
              and outcome = 'completed'
            order by
              epoch desc
            limit
              1
          ) a
      ) as average_duration_ms,
      statement_timestamp() as checked_at
    from
      w
  ) c
  cross join (
    select
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
  ) jobs;
-- $1 = 30000
-- $2 = 30000
-- $3 = 10000
-- $4 = 100
-- $5 = 5000
-- $6 = 5000
