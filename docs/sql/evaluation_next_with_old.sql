-- evaluation_next_with_old
select
  b.id
from
  benchmarks b
  cross join lateral (
    (
      select
        1
      from
        evaluations e
      where
        e.benchmark_id = b.id
        and e.stored_at <> e.created_at
        and e.stored_at < $1::timestamptz
      order by
        e.stored_at
      limit
        1
    )
    union all
    (
      select
        1
      from
        evaluations e
      where
        e.benchmark_id = b.id
        and e.stored_at = e.created_at
        and e.created_at >= b.created_at - interval '1 day'
        and e.created_at < $2::timestamptz
      order by
        e.created_at
      limit
        1
    )
    limit
      1
  ) old
where
  b.id > $3
  and not exists (
    select
    from
      benchmark_deletions d
    where
      d.benchmark_id = b.id
  )
order by
  b.id
limit
  1;
-- $1 = '2026-01-31T12:00:00.000001Z'
-- $2 = '2026-01-31T12:00:00.000001Z'
-- $3 = '00000000-0000-0000-0000-000000000000'
