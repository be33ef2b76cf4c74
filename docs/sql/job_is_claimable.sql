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
      job_lanes lane
    where
      lane.id = any ($2::uuid[])
      and not exists (
        select
        from
          job_pauses pause
        where
          pause.job_type in ('', lane.job_type)
          and pause.limit_key in ('', coalesce(lane.limit_key, ''))
          and (
            pause.limit_key = ''
            or lane.limit_key is not null
          )
      )
      and not exists (
        select
        from
          job_limits lim
        where
          lim.limit_key = lane.limit_key
      )
      and exists (
        select
        from
          job_ready ready
        where
          ready.lane_id = lane.id
      )
  ) as claimable;
-- $1 = '{w}'
-- $2 = '{01890a5d-ac96-774b-bcce-b302099a8057}'
