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
      left(error, $1) as error,
      tokens_used
    from
      job_attempts
    where
      job_id = $2
    union all
    select
      epoch,
      attempt,
      worker_id,
      claimed_at,
      null,
      null,
      null,
      null
    from
      job_leases
    where
      job_id = $3
    order by
      epoch desc
    limit
      $4
  ) a
order by
  epoch;
-- $1 = 2048
-- $2 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $3 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $4 = 100
