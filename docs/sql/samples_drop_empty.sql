-- samples_drop_empty
delete from sample_rollups
where
  benchmark_id = $1
  and samples = 0;
-- $1 = '01890a5d-ac96-774b-bcce-b302099a8057'
