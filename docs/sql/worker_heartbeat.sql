-- worker_heartbeat
with
  i as materialized (
    select
      *
    from
      unnest($1::text[], $2::float8[], $3::float8[]) as i (worker_id, cpu, memory)
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
          i
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
      s.*,
      i.cpu,
      i.memory,
      clock.at
    from
      clock
      cross join i
      join worker_slots s on s.worker_id = i.worker_id
  )
update workers w
set
  last_heartbeat = a.at,
  cpu_usage = a.cpu,
  memory_usage = a.memory,
  current_tasks = a.used,
  completed_tasks = a.completed,
  failed_tasks = a.failed,
  status = (
    case
      when w.draining then 'draining'
      when a.used > 0 then 'busy'
      else 'idle'
    end
  ),
  updated_at = case
    when w.status = (
      case
        when w.draining then 'draining'
        when a.used > 0 then 'busy'
        else 'idle'
      end
    ) then w.updated_at
    else a.at
  end
from
  alive a
where
  w.worker_id = a.worker_id
returning
  w.worker_id as "workerId",
  w.draining;
-- $1 = '{w}'
-- $2 = '{0.5}'
-- $3 = '{null}'
