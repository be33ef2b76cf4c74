-- job_lane_list
select
  id,
  job_type,
  required_tags,
  limit_key,
  encode(digest, 'hex') as digest
from
  job_lanes
where
  id > $1;
-- $1 = 0
