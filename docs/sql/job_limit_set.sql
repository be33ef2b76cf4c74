-- job_limit_set
with
  lim as (
    insert into
      job_limits (limit_key, max_running, per_minute)
    values
      ($1, $2, $3)
    on conflict (limit_key) do update
    set
      max_running = excluded.max_running,
      per_minute = excluded.per_minute,
      updated_at = now()
    where
      (job_limits.max_running, job_limits.per_minute) is distinct from (excluded.max_running, excluded.per_minute)
    returning
      *
  )
select
  lim.limit_key,
  lim.max_running,
  lim.per_minute,
  (
    select
      count(*)
    from
      job_leases lease
    where
      lease.limit_key = lim.limit_key
  ) as running,
  lim.updated_at
from
  lim;
-- $1 = 'k'
-- $2 = 1
-- $3 = null
