-- metric_history_pending
select
  count(*) as count
from
  (
    select
      benchmark_id as id
    from
      stale_rollups
    where
      is_missing
    union
    select
      benchmark_id
    from
      repeated_benchmarks
    where
      is_missing
    union
    select
      t.benchmark_id
    from
      touched_samples t
      join repeated_benchmarks r on r.benchmark_id = t.benchmark_id
    group by
      t.benchmark_id
    having
      sum(cardinality(samples)) > $1
  ) s
  join benchmarks b on b.id = s.id
  and b.dataset = $2;
-- $1 = 20000
-- $2 = 'd'
