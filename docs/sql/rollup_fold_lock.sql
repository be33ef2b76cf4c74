-- rollup_fold_lock
with recursive
  candidate as (
    (
      select
        benchmark_id as id
      from
        metric_deltas
      where
        benchmark_id > $1
      order by
        benchmark_id
      limit
        1
    )
    union all
    select
      d.id
    from
      candidate c
      cross join lateral (
        select
          benchmark_id as id
        from
          metric_deltas
        where
          benchmark_id > c.id
        order by
          benchmark_id
        limit
          1
      ) d
  ),
  listed as (
    select
      id
    from
      candidate
    limit
      $2
  ),
  there as materialized (
    select
      id
    from
      benchmarks
    where
      id in (
        select
          id
        from
          listed
      )
    order by
      id
    for key share
      skip locked
  )
select
  s.id,
  case
    when t.id is not null then case
      when pg_try_advisory_xact_lock(hashtextextended ('metric_rollups:' || t.id::text, 0)) then 'mine'
      else 'busy'
    end
    when exists (
      select
      from
        benchmarks b
      where
        b.id = s.id
    ) then 'busy'
    else 'gone'
  end as state
from
  listed s
  left join there t on t.id = s.id
order by
  s.id;
-- $1 = '00000000-0000-0000-0000-000000000000'
-- $2 = 10
