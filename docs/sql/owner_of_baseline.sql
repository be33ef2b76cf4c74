-- owner_of_baseline
select
  b.id,
  b.created_by as owner
from
  baselines n
  join benchmarks b on b.id = n.benchmark_id
where
  n.dataset = coalesce(
    $1,
    (
      select
        dataset
      from
        benchmarks
      where
        id = $2
    )
  );
-- $1 = 'd'
-- $2 = null
