-- job_lock_leases
with
  item as materialized (
    select
      *
    from
      unnest($1::uuid[], $2::int4[], $3::text[]) with ordinality as item (job_id, epoch, worker_id, ordinality)
  ),
  slot as materialized (
    select
      worker_id,
      id,
      capacity - used as free
    from
      worker_slots
    where
      worker_id in (
        select
          worker_id
        from
          item
      )
    order by
      worker_id
    for update
  )
select
  item.ordinality as position,
  j.benchmark_id,
  j.benchmark_id is not null
  and not exists (
    select
    from
      benchmarks b
    where
      (
        b.id = j.benchmark_id
        and (
          b.created_at <= j.created_at
          or b.created_by is not distinct from j.created_by
        )
      )
  ) as is_gone
from
  (
    select
      item.*
    from
      item,
      (
        select
          count(*)
        from
          slot
      ) s
    order by
      item.job_id
  ) item
  join job_leases lease on lease.job_id = item.job_id
  and lease.epoch = item.epoch
  and lease.worker_id = item.worker_id
  join jobs j on j.id = lease.job_id
order by
  lease.job_id
for update of
  lease;
-- $1 = '{01890a5d-ac96-774b-bcce-b302099a8057}'
-- $2 = '{1}'
-- $3 = '{w}'
