-- rollup_due
select
  d.benchmark_id as id
from
  (
    select
      benchmark_id
    from
      stale_rollups
    where
      is_missing
    union
    select
      benchmark_id
    from
      metric_deltas
    where
      count < 0
  ) d
  join benchmarks b on b.id = d.benchmark_id
  left join stale_rollups s on s.benchmark_id = d.benchmark_id
where
  coalesce(s.compute_after <= now(), true)
  and not exists (
    select
    from
      benchmark_deletions g
    where
      g.benchmark_id = d.benchmark_id
  )
order by
  s.compute_after nulls first,
  d.benchmark_id
limit
  $1;
-- $1 = 10
