-- job_forget_events
with
  first as materialized (
    select
      e.xid,
      e.id
    from
      job_events e
    where
      (e.xid, e.id) = (
        select
          xid,
          id
        from
          job_events
        order by
          xid,
          id
        limit
          1
      )
    for update
      skip locked
  ),
  old as materialized (
    select
      xid,
      id,
      tid,
      row_number() over (
        order by
          xid desc,
          id desc
      ) as place
    from
      (
        select
          xid,
          id,
          tid,
          bool_and(is_old) over (
            order by
              xid,
              id
          ) as is_forgotten
        from
          (
            select
              e.ctid as tid,
              e.xid,
              e.id,
              e.created_at < now() - make_interval(mins => $1)
              and xid < txid_snapshot_xmin(txid_current_snapshot()) as is_old
            from
              job_events e
            where
              exists (
                select
                from
                  first
              )
            order by
              e.xid,
              e.id
            limit
              $2
          ) e
      ) e
    where
      is_forgotten
  ),
  emptied as (
    update job_events
    set
      job_ids = '{}'
    where
      (xid, id) = (
        select
          xid,
          id
        from
          old
        where
          place = 1
      )
      and job_ids <> '{}'
  ),
  forgotten as (
    delete from job_events
    where
      ctid = any (
        array(
          select
            tid
          from
            old
          where
            place > 1
        )
      )
    returning
      1
  )
select
  count(*) as forgotten
from
  forgotten;
-- $1 = 60
-- $2 = 10
