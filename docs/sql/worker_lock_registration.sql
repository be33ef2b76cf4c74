-- worker_lock_registration
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
for no key update;
-- $1 = 'w'
