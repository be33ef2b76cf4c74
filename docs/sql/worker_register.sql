-- worker_register
with
  w as (
    insert into
      workers (
        id,
        worker_id,
        address,
        capacity,
        tags,
        job_types,
        metadata,
        worker_version,
        created_by,
        last_heartbeat,
        registered_at,
        updated_at
      )
    select
      $1::uuid,
      $2,
      $3,
      $4::integer,
      $5::"text" [],
      $6::"text" [],
      $7::jsonb,
      $8,
      $9::uuid,
      at,
      at,
      at
    from
      (
        select
          clock_timestamp() as at
      ) c
    on conflict (worker_id) do update
    set
      address = excluded.address,
      capacity = excluded.capacity,
      tags = excluded.tags,
      job_types = excluded.job_types,
      metadata = excluded.metadata,
      worker_version = excluded.worker_version,
      draining = false,
      drain_reason = null,
      created_by = coalesce(workers.created_by, excluded.created_by),
      last_heartbeat = excluded.last_heartbeat,
      updated_at = excluded.updated_at,
      status = case
        when exists (
          select
          from
            worker_slots s
          where
            s.worker_id = excluded.worker_id
            and s.used > 0
        ) then 'busy'
        else 'idle'
      end
    returning
      *
  ),
  s as (
    insert into
      worker_slots (worker_id, id, capacity)
    select
      worker_id,
      id,
      capacity
    from
      w
    on conflict (worker_id) do update
    set
      capacity = excluded.capacity
    returning
      *
  )
select
  w.id,
  w.worker_id,
  w.address,
  (
    case
      when w.last_heartbeat <= statement_timestamp() - $10 * interval '1 ms' then 'offline'
      when w.draining then 'draining'
      when s.used > 0 then 'busy'
      else 'idle'
    end
  ) as status,
  (
    case
      when w.last_heartbeat <= statement_timestamp() - $11 * interval '1 ms' then 'unhealthy'
      when w.last_heartbeat <= statement_timestamp() - $12 * interval '1 ms' then 'degraded'
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
-- $2 = 'w'
-- $3 = 'host'
-- $4 = 1
-- $5 = '{a}'
-- $6 = '{}'
-- $7 = '{}'
-- $8 = null
-- $9 = null
-- $10 = 30000
-- $11 = 30000
-- $12 = 10000
