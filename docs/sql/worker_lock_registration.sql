-- worker_lock_registration
select
  w.address,
  w.capacity,
  w.tags,
  w.job_types,
  w.metadata,
  w.worker_version as version,
  w.draining,
  w.drain_reason
from
  workers w
where
  w.worker_id = $1
for no key update;
-- $1 = 'w'
