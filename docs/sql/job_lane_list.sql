-- job_lane_list
select
  id,
  job_type as "jobType",
  required_tags as "requiredTags",
  limit_key as "limitKey",
  encode(digest, 'hex') as digest
from
  job_lanes
where
  id > $1;
-- $1 = 0
