-- job_limit_set
with
  lim as (
    insert into
      job_limits (limit_key, max_running, per_minute, tokens_per_minute)
    values
      ($1, $2, $3, $4)
    on conflict (limit_key) do update
    set
      max_running = excluded.max_running,
      per_minute = excluded.per_minute,
      tokens_per_minute = excluded.tokens_per_minute,
      updated_at = now()
    where
      (job_limits.max_running, job_limits.per_minute, job_limits.tokens_per_minute) is distinct from (excluded.max_running, excluded.per_minute, excluded.tokens_per_minute)
    returning
      *
  )
select
  lim.limit_key,
  lim.max_running,
  lim.per_minute,
  lim.tokens_per_minute,
  (
    select
      count(*)
    from
      job_leases lease
    where
      lease.limit_key = lim.limit_key
  ) as running,
  (
    select
      coalesce(sum(start.started), 0)::integer
    from
      job_limit_starts start
    where
      start.limit_key = lim.limit_key
      and start.started_at > (
        select
          clock_timestamp()
      ) - interval '1 minute'
  ) as started,
  (
    select
      greatest(coalesce(sum(start.tokens), 0), 0)::bigint
    from
      job_limit_starts start
    where
      start.limit_key = lim.limit_key
      and start.started_at > (
        select
          clock_timestamp()
      ) - interval '1 minute'
  ) as tokens,
  (
    select
      min(start.started_at) + interval '1 minute'
    from
      job_limit_starts start
    where
      start.limit_key = lim.limit_key
      and start.started_at > (
        select
          clock_timestamp()
      ) - interval '1 minute'
  ) as more_at,
  lim.updated_at
from
  lim;
-- $1 = 'k'
-- $2 = 1
-- $3 = null
-- $4 = null
