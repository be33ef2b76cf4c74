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
      r.benchmark_id
    from
      repeated_benchmarks r
    where
      r.is_missing
      and not exists (
        select
        from
          repeated_benchmarks r
        where
          r.benchmark_id = r.benchmark_id
          and $1 >= case
            when r.is_missing then case
              when exists (
                select
                from
                  stale_rollups s
                where
                  s.benchmark_id = r.benchmark_id
                  and s.is_missing
              ) then $2
              else (
                select
                  coalesce(sum(p.count), 0)
                from
                  (
                    select
                      count
                    from
                      metric_rollups
                    where
                      benchmark_id = r.benchmark_id
                      and metric = 'metrics.failed'
                    union all
                    select
                      count
                    from
                      metric_deltas
                    where
                      benchmark_id = r.benchmark_id
                      and metric = 'metrics.failed'
                  ) p
              )
            end
            else (
              select
                coalesce(sum(cardinality(t.samples)), 0)
              from
                touched_samples t
              where
                t.benchmark_id = r.benchmark_id
            )
          end
      )
    union
    select
      t.benchmark_id
    from
      touched_samples t
      join repeated_benchmarks r on r.benchmark_id = t.benchmark_id
      and not r.is_missing
    group by
      t.benchmark_id
    having
      sum(cardinality(samples)) > $3
  ) s
  join benchmarks b on b.id = s.id
  and b.dataset = $4;
-- $1 = 20000
-- $2 = 20001
-- $3 = 20000
-- $4 = 'd'
