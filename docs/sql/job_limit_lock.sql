-- job_limit_lock
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
  job_limits lim
where
  lim.limit_key = $1
for no key update;
-- $1 = 'k'
