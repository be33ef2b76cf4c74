-- worker_delete
delete from workers
where
  worker_id = any ($1::"text" [])
returning
  worker_id as "workerId";
-- $1 = '{w}'
