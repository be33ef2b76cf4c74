-- worker_list, 1 of 2
select
  r.id,
  r.worker_id,
  r.address,
  (
    case
      when r.last_heartbeat <= statement_timestamp() - $1 * interval '1 ms' then 'offline'
      when r.draining then 'draining'
      when r.used > 0 then 'busy'
      else 'idle'
    end
  ) as status,
  (
    case
      when r.last_heartbeat <= statement_timestamp() - $2 * interval '1 ms' then 'unhealthy'
      when r.last_heartbeat <= statement_timestamp() - $3 * interval '1 ms' then 'degraded'
      else 'healthy'
    end
  ) as health,
  r.capacity,
  r.used as current_tasks,
  r.completed as completed_tasks,
  r.failed as failed_tasks,
  case
    when r.capacity > 0 then r.used::double precision / r.capacity
    else 1
  end as
load,
r.tags,
r.job_types,
r.metadata,
r.worker_version as version,
r.cpu_usage as cpu,
r.memory_usage as memory,
r.drain_reason,
r.last_heartbeat,
r.registered_at,
r.updated_at,
r.created_by,
r.fetched
from
  (
    select
      r.*,
      count(*) over () as fetched,
      row_number() over running as place,
      sum(
        2000 + octet_length(r.tags::text || r.job_types::text || coalesce(r.drain_reason, '')) + coalesce(pg_column_size(r.metadata #> '{}'), 0)
      ) over running as bytes_so_far
    from
      (
        select
          w.*,
          s.used,
          s.completed,
          s.failed
        from
          workers w
          join worker_slots s on s.worker_id = w.worker_id
        where
          true
        order by
          w.registered_at desc,
          w.id desc
        limit
          $4
      ) r
    window
      running as (
        order by
          r.registered_at desc,
          r.id desc rows between unbounded preceding
          and current row
      )
  ) r
where
  r.place = 1
  or r.bytes_so_far <= $5
order by
  r.registered_at desc,
  r.id desc;
-- $1 = 30000
-- $2 = 30000
-- $3 = 10000
-- $4 = 2
-- $5 = 3145728

-- worker_list, 2 of 2
select
  r.id,
  r.worker_id,
  r.address,
  (
    case
      when r.last_heartbeat <= statement_timestamp() - $1 * interval '1 ms' then 'offline'
      when r.draining then 'draining'
      when r.used > 0 then 'busy'
      else 'idle'
    end
  ) as status,
  (
    case
      when r.last_heartbeat <= statement_timestamp() - $2 * interval '1 ms' then 'unhealthy'
      when r.last_heartbeat <= statement_timestamp() - $3 * interval '1 ms' then 'degraded'
      else 'healthy'
    end
  ) as health,
  r.capacity,
  r.used as current_tasks,
  r.completed as completed_tasks,
  r.failed as failed_tasks,
  case
    when r.capacity > 0 then r.used::double precision / r.capacity
    else 1
  end as
load,
r.tags,
r.job_types,
r.metadata,
r.worker_version as version,
r.cpu_usage as cpu,
r.memory_usage as memory,
r.drain_reason,
r.last_heartbeat,
r.registered_at,
r.updated_at,
r.created_by,
r.fetched
from
  (
    select
      r.*,
      count(*) over () as fetched,
      row_number() over running as place,
      sum(
        2000 + octet_length(r.tags::text || r.job_types::text || coalesce(r.drain_reason, '')) + coalesce(pg_column_size(r.metadata #> '{}'), 0)
      ) over running as bytes_so_far
    from
      (
        select
          w.*,
          s.used,
          s.completed,
          s.failed
        from
          workers w
          join worker_slots s on s.worker_id = w.worker_id
        where
          (
            case
              when w.last_heartbeat <= statement_timestamp() - $4 * interval '1 ms' then 'offline'
              when w.draining then 'draining'
              when s.used > 0 then 'busy'
              else 'idle'
            end
          ) = $5
          and w.tags @> $6::"text" []
          and w.last_heartbeat > statement_timestamp() - $7 * interval '1 ms'
          and (w.registered_at, w.id) < ($8::timestamptz, $9::uuid)
        order by
          w.registered_at desc,
          w.id desc
        limit
          $10
      ) r
    window
      running as (
        order by
          r.registered_at desc,
          r.id desc rows between unbounded preceding
          and current row
      )
  ) r
where
  r.place = 1
  or r.bytes_so_far <= $11
order by
  r.registered_at desc,
  r.id desc;
-- $1 = 30000
-- $2 = 30000
-- $3 = 10000
-- $4 = 30000
-- $5 = 'busy'
-- $6 = '{a}'
-- $7 = 1
-- $8 = '2026-01-31T12:00:00.000001Z'
-- $9 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $10 = 2
-- $11 = 3145728
