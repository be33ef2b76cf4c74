-- benchmark_lock
select
  status,
  version
from
  benchmarks
where
  id = $1
for no key update;
-- $1 = '01890a5d-ac96-774b-bcce-b302099a8057'
