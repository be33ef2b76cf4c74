-- evaluation_benchmark
select
  b.id,
  b.repetitions,
  b.planned_samples,
  b.total_iterations,
  exists (
    select
    from
      repeated_benchmarks r
    where
      r.benchmark_id = b.id
  ) as is_repeated
from
  benchmarks b
where
  b.id = $1;
-- $1 = '01890a5d-ac96-774b-bcce-b302099a8057'
