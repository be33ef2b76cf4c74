-- worker_lock
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
for update;
-- $1 = 'w'
