-- worker_lock_stale
select
  w.worker_id,
  w.last_heartbeat,
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
  w.last_heartbeat < statement_timestamp() - $1 * interval '1 ms'
  and (
    $2::timestamptz is null
    or w.last_heartbeat > $3::timestamptz
    or statement_timestamp() > $4::timestamptz + $5 * interval '1 ms'
  )
order by
  w.last_heartbeat
limit
  $6
for update
  skip locked;
-- $1 = 60000
-- $2 = null
-- $3 = null
-- $4 = null
-- $5 = 0
-- $6 = 10
