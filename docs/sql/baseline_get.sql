-- baseline_get
select
  n.dataset,
  n.benchmark_id,
  b.name as benchmark_name,
  n.set_by,
  n.set_at
from
  baselines n
  join benchmarks b on b.id = n.benchmark_id
where
  n.dataset = $1;
-- $1 = 'd'
