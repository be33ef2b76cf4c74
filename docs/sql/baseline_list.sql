-- baseline_list
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
  n.dataset > $1
order by
  n.dataset
limit
  $2;
-- $1 = ''
-- $2 = 10
