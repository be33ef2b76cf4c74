-- metric_history_pending
select
  count(*) as count
from
  stale_rollups s
  join benchmarks b on b.id = s.benchmark_id
  and b.dataset = $1
where
  s.is_missing;
-- $1 = 'd'
