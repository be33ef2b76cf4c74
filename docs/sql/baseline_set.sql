-- baseline_set
insert into
  baselines (dataset, benchmark_id, set_by)
values
  ($1, $2, $3)
on conflict (dataset) do update
set
  benchmark_id = excluded.benchmark_id,
  set_by = excluded.set_by,
  set_at = now()
returning
  dataset;
-- $1 = 'd'
-- $2 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $3 = null
