-- job_is_ready
select
  exists (
    select
    from
      job_lanes lane
    where
      lane.id = any ($1::uuid[])
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
      and exists (
        select
        from
          job_ready ready
        where
          ready.lane_id = lane.id
      )
  ) as ready;
-- $1 = '{01890a5d-ac96-774b-bcce-b302099a8057}'
