-- worker_lock_stale
select
  worker_id as "workerId",
  last_heartbeat as "lastHeartbeat",
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
  last_heartbeat < statement_timestamp() - $1 * interval '1 ms'
  and (
    $2::timestamptz is null
    or last_heartbeat > $3::timestamptz
    or statement_timestamp() > $4::timestamptz + $5 * interval '1 ms'
  )
order by
  last_heartbeat
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
