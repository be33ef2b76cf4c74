-- job_pause_list
select
  pause.job_type,
  pause.limit_key,
  pause.created_at,
  pause.ends_at,
  pause.created_by
from
  job_pauses pause
where
  (pause.job_type, pause.limit_key) > ($1, $2)
order by
  pause.job_type,
  pause.limit_key
limit
  $3;
-- $1 = ''
-- $2 = ''
-- $3 = 10
