-- job_key_holder
select
  job_id as id
from
  job_keys
where
  job_type = $1
  and unique_key = $2;
-- $1 = 't'
-- $2 = 'k'
