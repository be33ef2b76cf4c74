-- job_renew
with
  i as materialized (
    select
      *
    from
      unnest($1::uuid[], $2::int4[], $3::text[], $4::int4[]) with ordinality as i (job_id, epoch, worker_id, lease_ms, ordinality)
  ),
  locked as materialized (
    select
      i.*
    from
      job_leases l
      join i on i.job_id = l.job_id
      and i.epoch = l.epoch
      and i.worker_id = l.worker_id
    order by
      l.job_id
    for update of
      l
  ),
  clock as materialized (
    select
      clock_timestamp() as at,
      count(*)
    from
      locked
  ),
  renewed as (
    update job_leases l
    set
      expires_at = clock.at + i.lease_ms * interval '1 ms'
    from
      (
        select distinct
          on (job_id) *
        from
          locked
        order by
          job_id,
          ordinality desc
      ) i,
      clock
    where
      l.job_id = i.job_id
      and l.epoch = i.epoch
  )
select
  ordinality as position
from
  locked;
-- $1 = '{01890a5d-ac96-774b-bcce-b302099a8057}'
-- $2 = '{1}'
-- $3 = '{w}'
-- $4 = '{30000}'
