-- job_forget_ended_dependencies
delete from job_ended_dependencies e
where
  job_id = any ($1::uuid[])
  and not exists (
    select
    from
      job_dependencies dep
    where
      dep.dependency_id = e.job_id
  )
returning
  job_id;
-- $1 = '{01890a5d-ac96-774b-bcce-b302099a8057}'
