-- samples_due
with recursive
  marked as (
    (
      select
        benchmark_id as id
      from
        touched_samples
      where
        benchmark_id > $1
      order by
        benchmark_id
      limit
        1
    )
    union all
    select
      t.id
    from
      marked m
      cross join lateral (
        select
          benchmark_id as id
        from
          touched_samples
        where
          benchmark_id > m.id
        order by
          benchmark_id
        limit
          1
      ) t
  )
select
  r.benchmark_id as id,
  r.is_missing
from
  repeated_benchmarks r
  join (
    select
      id
    from
      marked
    union
    select
      benchmark_id
    from
      repeated_benchmarks
    where
      is_missing
      and benchmark_id > $2
  ) due on due.id = r.benchmark_id
where
  not exists (
    select
    from
      benchmark_deletions g
    where
      g.benchmark_id = r.benchmark_id
  )
  and not exists (
    select
    from
      stale_rollups s
    where
      s.benchmark_id = r.benchmark_id
      and s.is_missing
  )
order by
  r.benchmark_id
limit
  $3;
-- $1 = '00000000-0000-0000-0000-000000000000'
-- $2 = '00000000-0000-0000-0000-000000000000'
-- $3 = 10
