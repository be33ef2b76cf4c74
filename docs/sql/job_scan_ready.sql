-- job_scan_ready, 1 of 2
select
  r.job_id as id,
  r.priority,
  r.sequence
from
  unnest($1::"int4" []) as lane (id)
  cross join lateral (
    select
      *
    from
      job_ready r
    where
      r.lane_id = lane.id
    order by
      r.priority desc,
      r.sequence
    limit
      $2
  ) r
order by
  r.priority desc,
  r.sequence
limit
  $3;
-- $1 = '{1}'
-- $2 = 2
-- $3 = 2

-- job_scan_ready, 2 of 2
select
  r.job_id as id,
  r.priority,
  r.sequence
from
  unnest($1::"int4" []) as lane (id)
  cross join lateral (
    select
      *
    from
      job_ready r
    where
      r.lane_id = lane.id
      and (
        r.priority < $2
        or (
          r.priority = $3
          and r.sequence > $4
        )
      )
    order by
      r.priority desc,
      r.sequence
    limit
      $5
  ) r
order by
  r.priority desc,
  r.sequence
limit
  $6;
-- $1 = '{1}'
-- $2 = 0
-- $3 = 0
-- $4 = 1
-- $5 = 2
-- $6 = 2
