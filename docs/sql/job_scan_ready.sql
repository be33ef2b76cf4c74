-- job_scan_ready, 1 of 2
select
  r.job_id as id,
  r.priority,
  r.turn,
  r.sequence
from
  unnest($1::uuid[]) as lane (id)
  cross join lateral (
    select
      *
    from
      job_ready ready
    where
      ready.lane_id = lane.id
    order by
      priority desc,
      turn,
      sequence
    limit
      $2
  ) r
order by
  priority desc,
  turn,
  sequence
limit
  $3;
-- $1 = '{01890a5d-ac96-774b-bcce-b302099a8057}'
-- $2 = 2
-- $3 = 2

-- job_scan_ready, 2 of 2
select
  r.job_id as id,
  r.priority,
  r.turn,
  r.sequence
from
  unnest($1::uuid[]) as lane (id)
  cross join lateral (
    select
      *
    from
      job_ready ready
    where
      ready.lane_id = lane.id
      and (
        ready.priority < $2
        or (
          ready.priority = $3
          and (ready.turn, ready.sequence) > ($4::bigint, $5::bigint)
        )
      )
    order by
      priority desc,
      turn,
      sequence
    limit
      $6
  ) r
order by
  priority desc,
  turn,
  sequence
limit
  $7;
-- $1 = '{01890a5d-ac96-774b-bcce-b302099a8057}'
-- $2 = 0
-- $3 = 0
-- $4 = 0
-- $5 = 1
-- $6 = 2
-- $7 = 2
