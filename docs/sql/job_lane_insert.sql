-- job_lane_insert
insert into
  job_lanes (job_type, required_tags, limit_key, digest)
values
  ($1, $2::"text" [], $3, decode($4, 'hex'))
on conflict (digest) do nothing
returning
  id;
-- $1 = 't'
-- $2 = '{a}'
-- $3 = null
-- $4 = '00'
