-- job_lock_ended_dependencies
select
  job_id,
  status
from
  job_ended_dependencies
order by
  job_id
limit
  $1
for update
  skip locked;
-- $1 = 100
