-- job_lane_delete
delete from job_lanes
where
  id in (
    select
      id
    from
      job_lanes lane
    where
      retired_at < least(
        now() - $1 * interval '1 ms',
        (
          select
            min(xact_start)
          from
            pg_stat_activity
          where
            datname = current_database()
        ) - interval '1 minute'
      )
      and not exists (
        select
        from
          job_ready ready
        where
          ready.lane_id = lane.id
      )
    for update
      skip locked
  )
returning
  id;
-- $1 = 3600000
