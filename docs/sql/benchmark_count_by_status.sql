-- benchmark_count_by_status
select
  count(*) as count
from
  benchmarks
where
  status = $1;
-- $1 = 'running'
