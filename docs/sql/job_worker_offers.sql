-- job_worker_offers
with
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
                unnest($1::"text" [])
            )
            and last_heartbeat < statement_timestamp() - $2 * interval '1 ms'
          for no key update
            skip locked
        )
      )
  )
select
  worker_id,
  tags,
  job_types,
  draining,
  (
    select
      coalesce(max(number), 0)
    from
      job_lanes
  ) as newest_lane
from
  workers
where
  worker_id = any ($3::"text" []);
-- $1 = '{w}'
-- $2 = 5000
-- $3 = '{w}'
