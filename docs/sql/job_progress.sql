-- job_progress
with
  item as materialized (
    select
      *
    from
      unnest($1::uuid[], $2::int4[], $3::text[], $4::int4[], $5::float8[], $6::text[]) with ordinality as item (job_id, epoch, worker_id, lease_ms, progress, message, ordinality)
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
  ),
  latest as (
    select
      job_id,
      epoch,
      (
        array_agg(
          progress
          order by
            ordinality desc
        ) filter (
          where
            progress is not null
        )
      ) [1] as progress,
      (
        array_agg(
          message
          order by
            ordinality desc
        ) filter (
          where
            message is not null
        )
      ) [1] as message
    from
      locked
    group by
      job_id,
      epoch
  ),
  reported as (
    update jobs j
    set
      progress = coalesce(latest.progress, j.progress),
      progress_message = coalesce(latest.message, j.progress_message),
      updated_at = clock.at
    from
      latest,
      clock
    where
      j.id = latest.job_id
      and j.status = 'running'
      and j.epoch = latest.epoch
    returning
      j.id
  ),
  event as (
    insert into
      job_events (job_ids)
    select
      array_agg(id)
    from
      reported
    having
      count(*) > 0
  ),
  heartbeat as (
    update workers
    set
      last_heartbeat = clock_timestamp()
    where
      ctid = any (
        array(
          select
            ctid
          from
            workers
          where
            worker_id in (
              select
                worker_id
              from
                locked
            )
            and last_heartbeat < statement_timestamp() - $7 * interval '1 ms'
          for no key update
            skip locked
        )
      )
  )
select
  locked.ordinality as position
from
  locked
  join reported on reported.id = locked.job_id;
-- $1 = '{01890a5d-ac96-774b-bcce-b302099a8057}'
-- $2 = '{1}'
-- $3 = '{w}'
-- $4 = '{30000}'
-- $5 = '{0.5}'
-- $6 = '{m}'
-- $7 = 5000
