-- job_live_of_benchmark
select
  exists (
    select
    from
      jobs
    where
      benchmark_id = $1
      and status in ('pending', 'running')
  ) as has;
-- $1 = '01890a5d-ac96-774b-bcce-b302099a8057'
