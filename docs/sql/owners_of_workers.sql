-- owners_of_workers
select
  worker_id as id,
  created_by as owner
from
  workers
where
  worker_id = any ($1::text[]);
-- $1 = '{w}'
