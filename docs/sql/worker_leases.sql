-- worker_leases
select
  job_id as "jobId",
  epoch,
  worker_id as "workerId"
from
  job_leases
where
  worker_id = $1
order by
  job_id;
-- $1 = 'w'
