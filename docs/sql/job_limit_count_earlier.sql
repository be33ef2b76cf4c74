-- job_limit_count_earlier
with
  job as materialized (
    select distinct
      j.id,
      j.tokens
    from
      (
        select
          job_ids,
          created_at
        from
          job_events
        order by
          xid desc,
          id desc
        limit
          $1
      ) event
      cross join lateral unnest(event.job_ids) as changed (id)
      join jobs j on j.id = changed.id
    where
      event.created_at > clock_timestamp() - interval '1 minute'
      and j.limit_key = $2
  ),
  start as (
    insert into
      job_limit_starts (limit_key, started_at, started, tokens)
    select
      $3,
      begun.at,
      1,
      job.tokens
    from
      job
      cross join lateral (
        select
          claimed_at as at
        from
          job_leases
        where
          job_id = job.id
        union all
        select
          started_at
        from
          job_attempts
        where
          job_id = job.id
      ) begun
    where
      begun.at > clock_timestamp() - interval '1 minute'
    returning
      1
  )
select
  count(*) as started
from
  start;
-- $1 = 100000
-- $2 = 'k'
-- $3 = 'k'
