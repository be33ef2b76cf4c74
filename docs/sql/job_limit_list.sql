-- job_limit_list
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
  lim.limit_key > $1
order by
  lim.limit_key
limit
  $2;
-- $1 = ''
-- $2 = 10
