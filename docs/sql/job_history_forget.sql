-- job_history_forget
delete from job_history
where
  minute < now() - make_interval(days => $1)
returning
  job_type;
-- $1 = 14
