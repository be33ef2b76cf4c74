-- job_forget_starts
delete from job_start_deadlines deadline
where
  start_by <= (
    select
      clock_timestamp()
  )
  and job_id = any ($1::"uuid" [])
  and not exists (
    select
    from
      jobs j
    where
      j.id = deadline.job_id
      and j.status = 'pending'
      and j.epoch = 0
  )
returning
  job_id;
-- $1 = '{01890a5d-ac96-774b-bcce-b302099a8057}'
