-- job_renew
with
  item as materialized (
    select
      *
    from
      unnest($1::uuid[], $2::int4[], $3::text[], $4::int4[]) with ordinality as item (job_id, epoch, worker_id, lease_ms, ordinality)
  ),
  locked as materialized (
    select
      item.*
    from
      job_leases lease
      join item on item.job_id = lease.job_id
      and item.epoch = lease.epoch
      and item.worker_id = lease.worker_id
    order by
      lease.job_id
    for update of
      lease
  ),
  clock as materialized (
    select
      clock_timestamp() as at,
      count(*)
    from
      locked
  ),
  renewed as (
    update job_leases lease
    set
      expires_at = clock.at + item.lease_ms * interval '1 ms'
    from
      (
        select distinct
          on (job_id) *
        from
          locked
        order by
          job_id,
          ordinality desc
      ) item,
      clock
    where
      lease.job_id = item.job_id
      and lease.epoch = item.epoch
  )
select
  ordinality as position
from
  locked;
-- $1 = '{01890a5d-ac96-774b-bcce-b302099a8057}'
-- $2 = '{1}'
-- $3 = '{w}'
-- $4 = '{30000}'
