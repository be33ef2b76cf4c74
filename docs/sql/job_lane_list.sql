-- job_lane_list
select
  id,
  number,
  job_type,
  required_tags,
  limit_key
from
  job_lanes
where
  number > $1;
-- $1 = 0
