-- job_lock_limits
select
  limit_key
from
  job_limits
where
  limit_key = any ($1::"text" [])
order by
  limit_key
for no key update;
-- $1 = '{k}'
