-- samples_tell_readable
with
  event as (
    insert into
      benchmark_events (benchmark_ids)
    select
      array_agg(id)
    from
      (
        select
          $1::uuid as id
      ) ben
    having
      count(*) > 0
  )
select;
-- $1 = '01890a5d-ac96-774b-bcce-b302099a8057'
