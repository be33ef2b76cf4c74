-- worker_update, 1 of 2
with
  w as (
    update workers
    set
      updated_at = clock_timestamp()
    where
      id = $1
    returning
      *
  ),
  s as (
    update worker_slots s
    set
      capacity = case
        when w.draining then 0
        else w.capacity
      end
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
      when w.last_heartbeat <= statement_timestamp() - $2 * interval '1 ms' then 'offline'
      when w.draining then 'draining'
      when s.used > 0 then 'busy'
      else 'idle'
    end
  ) as status,
  (
    case
      when w.last_heartbeat <= statement_timestamp() - $3 * interval '1 ms' then 'unhealthy'
      when w.last_heartbeat <= statement_timestamp() - $4 * interval '1 ms' then 'degraded'
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
-- $1 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $2 = 30000
-- $3 = 30000
-- $4 = 10000

-- worker_update, 2 of 2
with
  w as (
    update workers
    set
      updated_at = clock_timestamp(),
      address = $1,
      capacity = $2,
      tags = $3::"text" [],
      job_types = $4::"text" [],
      metadata = $5,
      worker_version = $6
    where
      id = $7
    returning
      *
  ),
  s as (
    update worker_slots s
    set
      capacity = case
        when w.draining then 0
        else w.capacity
      end
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
      when w.last_heartbeat <= statement_timestamp() - $8 * interval '1 ms' then 'offline'
      when w.draining then 'draining'
      when s.used > 0 then 'busy'
      else 'idle'
    end
  ) as status,
  (
    case
      when w.last_heartbeat <= statement_timestamp() - $9 * interval '1 ms' then 'unhealthy'
      when w.last_heartbeat <= statement_timestamp() - $10 * interval '1 ms' then 'degraded'
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
-- $1 = 'a'
-- $2 = 2
-- $3 = '{}'
-- $4 = '{t}'
-- $5 = null
-- $6 = '1'
-- $7 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $8 = 30000
-- $9 = 30000
-- $10 = 10000
