-- job_limit_set
with
  q as (
    insert into
      job_limits (limit_key, max_running, per_minute)
    values
      ($1, $2, $3)
    on conflict (limit_key) do update
    set
      max_running = excluded.max_running,
      per_minute = excluded.per_minute,
      updated_at = now()
    returning
      *
  )
select
  q.limit_key,
  q.max_running,
  q.per_minute,
  (
    select
      count(*)
    from
      job_leases l
    where
      l.limit_key = q.limit_key
  ) as running,
  q.updated_at
from
  q;
-- $1 = 'k'
-- $2 = 1
-- $3 = null
