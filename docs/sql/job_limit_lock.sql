-- job_limit_lock
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
  job_limits lim
where
  lim.limit_key = $1
for no key update;
-- $1 = 'k'
