-- benchmark_count
select
  count(*) as count
from
  benchmarks;
