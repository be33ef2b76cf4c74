-- job_start_over
select
  job_id as id
from
  job_start_deadlines
where
  start_by <= (
    select
      clock_timestamp()
  )
order by
  start_by,
  job_id
limit
  $1;
-- $1 = 10
