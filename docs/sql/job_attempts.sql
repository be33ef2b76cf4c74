-- job_attempts
select
  *
from
  (
    select
      epoch,
      attempt,
      worker_id,
      started_at,
      ended_at,
      outcome,
      error
    from
      job_attempts
    where
      job_id = $1
    union all
    select
      epoch,
      attempt,
      worker_id,
      claimed_at,
      null,
      null,
      null
    from
      job_leases
    where
      job_id = $2
    order by
      epoch desc
    limit
      $3
  ) a
order by
  epoch;
-- $1 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $2 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $3 = 100
