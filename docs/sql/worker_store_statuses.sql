-- worker_store_statuses
with
  other as materialized (
    select
      w.id,
      (
        case
          when w.last_heartbeat <= statement_timestamp() - $1 * interval '1 ms' then 'offline'
          when w.draining then 'draining'
          when s.used > 0 then 'busy'
          else 'idle'
        end
      ) as status,
      s.used,
      s.completed,
      s.failed
    from
      workers w
      join worker_slots s on s.worker_id = w.worker_id
    where
      w.status <> (
        case
          when w.last_heartbeat <= statement_timestamp() - $2 * interval '1 ms' then 'offline'
          when w.draining then 'draining'
          when s.used > 0 then 'busy'
          else 'idle'
        end
      )
    order by
      w.worker_id
    limit
      $3
    for no key update of
      w skip locked
  ),
  stored as (
    update workers w
    set
      status = o.status,
      current_tasks = o.used,
      completed_tasks = o.completed,
      failed_tasks = o.failed,
      updated_at = clock_timestamp()
    from
      other o
    where
      w.id = o.id
    returning
      1
  )
select
  count(*) as stored
from
  stored;
-- $1 = 30000
-- $2 = 30000
-- $3 = 10
