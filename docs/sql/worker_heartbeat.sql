-- worker_heartbeat
with
  beat as materialized (
    select
      *
    from
      unnest($1::text[], $2::float8[], $3::float8[]) as beat (worker_id, cpu, memory)
  ),
  locked as materialized (
    select
      worker_id
    from
      workers
    where
      worker_id in (
        select
          worker_id
        from
          beat
      )
    order by
      worker_id
    for no key update
  ),
  clock as materialized (
    select
      clock_timestamp() as at,
      count(*)
    from
      locked
  ),
  alive as materialized (
    select
      slot.*,
      beat.cpu,
      beat.memory,
      clock.at
    from
      clock
      cross join beat
      join worker_slots slot on slot.worker_id = beat.worker_id
  )
update workers w
set
  last_heartbeat = alive.at,
  cpu_usage = alive.cpu,
  memory_usage = alive.memory,
  current_tasks = alive.used,
  completed_tasks = alive.completed,
  failed_tasks = alive.failed,
  status = (
    case
      when w.draining then 'draining'
      when alive.used > 0 then 'busy'
      else 'idle'
    end
  ),
  updated_at = case
    when w.status = (
      case
        when w.draining then 'draining'
        when alive.used > 0 then 'busy'
        else 'idle'
      end
    ) then w.updated_at
    else alive.at
  end
from
  alive
where
  w.worker_id = alive.worker_id
returning
  w.worker_id,
  w.draining,
  w.capacity;
-- $1 = '{w}'
-- $2 = '{0.5}'
-- $3 = '{null}'
