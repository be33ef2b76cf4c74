-- worker_leases
select
  job_id,
  epoch,
  worker_id
from
  job_leases
where
  worker_id = $1
order by
  job_id;
-- $1 = 'w'
