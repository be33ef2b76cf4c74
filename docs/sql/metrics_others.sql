-- metrics_others
select
  count(*) filter (
    where
      status = 'idle'
  ) as idle,
  count(*) filter (
    where
      status = 'busy'
  ) as busy,
  count(*) filter (
    where
      status = 'draining'
  ) as draining,
  count(*) filter (
    where
      status = 'offline'
  ) as offline,
  coalesce(
    (
      select
        greatest(
          extract(
            epoch
            from
              clock_timestamp() - u.created_at
          ),
          0
        )
      from
        audit_unsealed u
      order by
        u.id
      limit
        1
    ),
    0
  )::double precision as seal_lag_seconds,
  coalesce(
    (
      select
        greatest(
          extract(
            epoch
            from
              clock_timestamp() - created_at
          ) * 1000,
          0
        )
      from
        job_events
      where
        xid >= txid_snapshot_xmin(txid_current_snapshot())
      order by
        xid,
        id
      limit
        1
    ),
    0
  )::double precision as job_events_wait_ms,
  coalesce(
    (
      select
        greatest(
          extract(
            epoch
            from
              clock_timestamp() - created_at
          ) * 1000,
          0
        )
      from
        benchmark_events
      where
        xid >= txid_snapshot_xmin(txid_current_snapshot())
      order by
        xid,
        id
      limit
        1
    ),
    0
  )::double precision as benchmark_events_wait_ms
from
  (
    select
      (
        case
          when w.last_heartbeat <= statement_timestamp() - $1 * interval '1 ms' then 'offline'
          when w.draining then 'draining'
          when s.used > 0 then 'busy'
          else 'idle'
        end
      ) as status
    from
      workers w
      join worker_slots s on s.worker_id = w.worker_id
  ) w;
-- $1 = 30000
