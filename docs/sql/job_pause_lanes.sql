-- job_pause_lanes
select
  lane.job_type,
  lane.required_tags,
  lane.limit_key,
  exists (
    select
    from
      job_pauses pause
    where
      pause.job_type in ('', lane.job_type)
      and pause.limit_key in ('', coalesce(lane.limit_key, ''))
      and (
        pause.limit_key = ''
        or lane.limit_key is not null
      )
  ) as paused
from
  job_lanes lane
where
  (
    $1 = ''
    or lane.job_type = $2
  )
  and (
    $3 = ''
    or lane.limit_key = $4
  )
  and exists (
    select
    from
      job_ready ready
    where
      ready.lane_id = lane.id
  )
order by
  lane.job_type,
  lane.limit_key nulls first,
  lane.id
limit
  $5;
-- $1 = 't'
-- $2 = 't'
-- $3 = ''
-- $4 = ''
-- $5 = 1000
