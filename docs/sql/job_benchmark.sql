-- job_benchmark
select
  b.id
from
  jobs j
  join benchmarks b on (
    b.id = j.benchmark_id
    and (
      b.created_at <= j.created_at
      or b.created_by is not distinct from j.created_by
    )
  )
where
  j.id = $1
  and not exists (
    select
    from
      benchmark_deletions deletion
    where
      deletion.benchmark_id = b.id
  );
-- $1 = '01890a5d-ac96-774b-bcce-b302099a8057'
