-- worker_drain
with
  w as (
    update workers
    set
      draining = true,
      drain_reason = $1,
      updated_at = clock_timestamp(),
      status = case status
        when 'offline' then 'offline'
        else 'draining'
      end
    where
      worker_id = $2
    returning
      *
  ),
  s as (
    update worker_slots s
    set
      capacity = 0
    from
      w
    where
      s.worker_id = w.worker_id
    returning
      s.*
  )
select
  w.id,
  w.worker_id,
  w.address,
  (
    case
      when w.last_heartbeat <= statement_timestamp() - $3 * interval '1 ms' then 'offline'
      when w.draining then 'draining'
      when s.used > 0 then 'busy'
      else 'idle'
    end
  ) as status,
  (
    case
      when w.last_heartbeat <= statement_timestamp() - $4 * interval '1 ms' then 'unhealthy'
      when w.last_heartbeat <= statement_timestamp() - $5 * interval '1 ms' then 'degraded'
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
  w
  cross join s;
-- $1 = 'reason'
-- $2 = 'w'
-- $3 = 30000
-- $4 = 30000
-- $5 = 10000
