-- worker_lock_slots
select
  worker_id
from
  worker_slots
where
  worker_id = any ($1::"text" [])
order by
  worker_id
for update;
-- $1 = '{w}'
