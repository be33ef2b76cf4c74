-- job_pause_lanes
select
  l.job_type,
  l.required_tags,
  l.limit_key,
  exists (
    select
    from
      job_pauses p
    where
      p.job_type in ('', l.job_type)
      and p.limit_key in ('', coalesce(l.limit_key, ''))
      and (
        p.limit_key = ''
        or l.limit_key is not null
      )
  ) as paused
from
  job_lanes l
where
  (
    $1 = ''
    or l.job_type = $2
  )
  and (
    $3 = ''
    or l.limit_key = $4
  )
  and exists (
    select
    from
      job_ready r
    where
      r.lane_id = l.id
  )
order by
  l.job_type,
  l.limit_key nulls first,
  l.id
limit
  1000;
-- $1 = 't'
-- $2 = 't'
-- $3 = ''
-- $4 = ''
