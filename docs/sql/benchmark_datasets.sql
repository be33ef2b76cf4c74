-- benchmark_datasets
select
  d.dataset,
  counted.count as benchmark_count,
  latest.id as latest_benchmark_id,
  latest.name as latest_benchmark_name,
  latest.created_at as latest_created_at,
  coalesce(measured.metrics, '{}') as metrics
from
  (
    select
      v.value as dataset,
      v.place
    from
      (
        with recursive
          found as (
            select
              first.value,
              1 as place
            from
              (
                select
                  t.dataset as value
                from
                  benchmarks t
                where
                  true
                  and t.dataset > $1
                order by
                  t.dataset
                limit
                  1
              ) first
            union all
            select
              next.value,
              found.place + 1
            from
              found
              cross join lateral (
                select
                  t.dataset as value
                from
                  benchmarks t
                where
                  true
                  and t.dataset > found.value
                order by
                  t.dataset
                limit
                  1
              ) next
            where
              found.place < $2
          )
        select
          value,
          place
        from
          found
      ) v
    limit
      $3
  ) d
  cross join lateral (
    select
      id,
      name,
      created_at
    from
      benchmarks
    where
      dataset = d.dataset
    order by
      created_at desc,
      id desc
    limit
      1
  ) latest
  cross join lateral (
    select
      count(*) as count
    from
      (
        select
        from
          benchmarks
        where
          dataset = d.dataset
        limit
          $4
      ) b
  ) counted
  cross join lateral (
    select
      array_agg(m.value::text) as metrics
    from
      (
        select
          value
        from
          (
            with recursive
              found as (
                select
                  first.value,
                  1 as place
                from
                  (
                    select
                      t.metric as value
                    from
                      metric_rollups t
                    where
                      t.dataset = d.dataset
                      and true
                    order by
                      t.metric
                    limit
                      1
                  ) first
                union all
                select
                  next.value,
                  found.place + 1
                from
                  found
                  cross join lateral (
                    select
                      t.metric as value
                    from
                      metric_rollups t
                    where
                      t.dataset = d.dataset
                      and t.metric > found.value
                    order by
                      t.metric
                    limit
                      1
                  ) next
                where
                  found.place < $5
              )
            select
              value,
              place
            from
              found
          ) v
        where
          value <> $6
        limit
          $7
      ) m
  ) measured
order by
  d.place;
-- $1 = ''
-- $2 = 10000
-- $3 = 10
-- $4 = 10000
-- $5 = 10000
-- $6 = 'metrics.failed'
-- $7 = 100
