-- job_limit_list
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
  job_limits q
where
  q.limit_key > $1
order by
  q.limit_key
limit
  $2;
-- $1 = ''
-- $2 = 10
