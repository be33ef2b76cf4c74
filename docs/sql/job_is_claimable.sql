-- job_is_claimable
select
  exists (
    select
    from
      worker_slots
    where
      worker_id = any ($1::"text" [])
      and used < capacity
  )
  and exists (
    select
    from
      job_lanes l
    where
      l.id = any ($2::int4[])
      and not exists (
        select
        from
          job_pauses p
        where
          p.job_type in ('', l.job_type)
          and p.limit_key in ('', coalesce(l.limit_key, ''))
          and (
            p.limit_key = ''
            or l.limit_key is not null
          )
      )
      and not exists (
        select
        from
          job_limits q
        where
          q.limit_key = l.limit_key
      )
      and exists (
        select
        from
          job_ready r
        where
          r.lane_id = l.id
      )
  ) as claimable;
-- $1 = '{w}'
-- $2 = '{1}'
