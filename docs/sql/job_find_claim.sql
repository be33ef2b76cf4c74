-- job_find_claim
select
  request_id
from
  requests
where
  actor = $1
  and method = 'ClaimJobs'
  and request_id = $2;
-- $1 = 'w'
-- $2 = 'r'
