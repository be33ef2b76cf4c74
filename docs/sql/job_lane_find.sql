-- job_lane_find
select
  id
from
  job_lanes
where
  digest = decode($1, 'hex');
-- $1 = '00'
