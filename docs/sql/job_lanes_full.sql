-- job_lanes_full
select
  not exists (
    select
    from
      job_lanes
    where
      id = $1
  )
  and (
    select
      count(*)
    from
      job_lanes
  ) >= $2 as full;
-- $1 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $2 = 5000
