-- job_lane_retire
update job_lanes
set
  retired_at = now()
where
  id in (
    select
      id
    from
      job_lanes lane
    where
      retired_at is null
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
