-- evaluation_benchmark_exists
select
  id
from
  benchmarks
where
  id = $1;
-- $1 = '01890a5d-ac96-774b-bcce-b302099a8057'
