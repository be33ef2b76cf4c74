-- job_history_read
with
  h as materialized (
    select
      known.minute,
      to_timestamp(
        floor(
          extract(
            epoch
            from
              known.minute
          ) / $1
        ) * $2
      ) as start,
      h.created,
      h.started,
      h.completed,
      h.failed,
      coalesce(h.ready, 0) as ready,
      coalesce(h.running, 0) as running,
      h.waits,
      h.runs
    from
      job_history known
      left join job_history h on h.job_type = $3
      and h.minute = known.minute
    where
      known.job_type = ''
      and known.minute >= $4::timestamptz
      and known.minute < $5::timestamptz
  ),
  waited as (
    select
      start,
      array_agg(
        n
        order by
          place
      ) as counts
    from
      (
        select
          h.start,
          each.place,
          sum(each.n)::double precision as n
        from
          h
          cross join lateral unnest(h.waits) with ordinality as each (n, place)
        group by
          h.start,
          each.place
      ) c
    group by
      start
  ),
  ran as (
    select
      start,
      array_agg(
        n
        order by
          place
      ) as counts
    from
      (
        select
          h.start,
          each.place,
          sum(each.n)::double precision as n
        from
          h
          cross join lateral unnest(h.runs) with ordinality as each (n, place)
        group by
          h.start,
          each.place
      ) c
    group by
      start
  )
select
  h.start,
  h.minutes,
  h.created,
  h.started,
  h.completed,
  h.failed,
  h.ready,
  h.running,
  waited.counts as waits,
  ran.counts as runs
from
  (
    select
      start,
      count(*) as minutes,
      coalesce(sum(created), 0) as created,
      coalesce(sum(started), 0) as started,
      coalesce(sum(completed), 0) as completed,
      coalesce(sum(failed), 0) as failed,
      (
        array_agg(
          ready
          order by
            minute desc
        )
      ) [1] as ready,
      (
        array_agg(
          running
          order by
            minute desc
        )
      ) [1] as running
    from
      h
    group by
      start
  ) h
  left join waited on waited.start = h.start
  left join ran on ran.start = h.start
order by
  h.start;
-- $1 = 60
-- $2 = 60
-- $3 = 't'
-- $4 = '2026-01-31T12:00:00.000001Z'
-- $5 = '2026-01-31T12:00:00.000001Z'
