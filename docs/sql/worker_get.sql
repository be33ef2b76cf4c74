-- worker_get
select
  w.id,
  w.worker_id,
  w.address,
  (
    case
      when w.last_heartbeat <= statement_timestamp() - $1 * interval '1 ms' then 'offline'
      when w.draining then 'draining'
      when s.used > 0 then 'busy'
      else 'idle'
    end
  ) as status,
  (
    case
      when w.last_heartbeat <= statement_timestamp() - $2 * interval '1 ms' then 'unhealthy'
      when w.last_heartbeat <= statement_timestamp() - $3 * interval '1 ms' then 'degraded'
      else 'healthy'
    end
  ) as health,
  w.capacity,
  s.used as current_tasks,
  s.completed as completed_tasks,
  s.failed as failed_tasks,
  case
    when w.capacity > 0 then s.used::double precision / w.capacity
    else 1
  end as
load,
w.tags,
w.job_types,
w.metadata,
w.worker_version as version,
w.cpu_usage as cpu,
w.memory_usage as memory,
w.drain_reason,
w.last_heartbeat,
w.registered_at,
w.updated_at,
w.created_by
from
  workers w
  join worker_slots s on s.worker_id = w.worker_id
where
  w.id = $4;
-- $1 = 30000
-- $2 = 30000
-- $3 = 10000
-- $4 = '01890a5d-ac96-774b-bcce-b302099a8057'
