-- job_lane_delete
with
  gone as (
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
      id
  ),
  forgotten as (
    delete from job_fair_turns
    where
      lane_id in (
        select
          id
        from
          gone
      )
  )
select
  id
from
  gone;
-- $1 = 3600000
