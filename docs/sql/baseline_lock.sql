-- baseline_lock
select
  dataset,
  pg_advisory_xact_lock(hashtextextended ('baselines:' || dataset, 0))::text as locked
from
  benchmarks
where
  id = $1
for key share;
-- $1 = '01890a5d-ac96-774b-bcce-b302099a8057'
