-- worker_lock
select
  address,
  capacity,
  tags,
  job_types as "jobTypes",
  metadata,
  worker_version as version,
  draining,
  drain_reason as "drainReason"
from
  workers
where
  worker_id = $1
for update;
-- $1 = 'w'
