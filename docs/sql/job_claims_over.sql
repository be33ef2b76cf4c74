-- job_claims_over
select
  item.ordinality as position,
  req.request_id is not null as is_answered
from
  unnest($1::text[], $2::text[]) with ordinality as item (worker_id, request_id, ordinality)
  left join workers w on w.worker_id = item.worker_id
  left join requests req on req.actor = item.worker_id
  and req.method = 'ClaimJobs'
  and req.request_id = item.request_id
where
  w.worker_id is null
  or w.draining
  or req.request_id is not null;
-- $1 = '{w}'
-- $2 = '{r}'
