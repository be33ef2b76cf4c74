-- benchmark_has_evaluations
select
  exists (
    select
    from
      evaluations
    where
      benchmark_id = $1
  ) as has;
-- $1 = '01890a5d-ac96-774b-bcce-b302099a8057'
