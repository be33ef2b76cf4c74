-- worker_delete
delete from workers
where
  worker_id = any ($1::"text" [])
returning
  worker_id;
-- $1 = '{w}'
