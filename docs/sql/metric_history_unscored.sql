-- metric_history_unscored, 1 of 2
select
  count(*) as count
from
  (
    select
    from
      benchmarks b
    where
      b.dataset = $1
      and not exists (
        select
        from
          stale_rollups s
        where
          s.benchmark_id = b.id
          and s.is_missing
      )
      and (
        not exists (
          select
          from
            repeated_benchmarks r
          where
            r.benchmark_id = b.id
        )
        or exists (
          select
          from
            repeated_benchmarks r
          where
            r.benchmark_id = b.id
            and $2 >= case
              when r.is_missing then case
                when exists (
                  select
                  from
                    stale_rollups s
                  where
                    s.benchmark_id = b.id
                    and s.is_missing
                ) then $3
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
                        benchmark_id = b.id
                        and metric = 'metrics.failed'
                      union all
                      select
                        count
                      from
                        metric_deltas
                      where
                        benchmark_id = b.id
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
                  t.benchmark_id = b.id
              )
            end
        )
      )
      and not (
        coalesce(
          (
            select
              sum(part.count)
            from
              (
                select
                  metric,
                  count,
                  failed,
                  sum,
                  m2,
                  min,
                  max
                from
                  metric_rollups
                where
                  benchmark_id = b.id
                  and metric = $4
                union all
                select
                  metric,
                  count,
                  failed,
                  sum,
                  m2,
                  min,
                  max
                from
                  metric_deltas
                where
                  benchmark_id = b.id
                  and metric = $5
              ) part
          ),
          0
        ) > 0
        and true
      )
    order by
      b.created_at desc,
      b.id desc
    limit
      $6
  ) b;
-- $1 = 'd'
-- $2 = 20000
-- $3 = 20001
-- $4 = 'score'
-- $5 = 'score'
-- $6 = 1000

-- metric_history_unscored, 2 of 2
select
  count(*) as count
from
  (
    select
    from
      benchmarks b
    where
      b.model = $1
      and b.dataset = $2
      and b.created_at >= $3
      and b.created_at < $4
      and (b.created_at, b.id) < ($5::timestamptz, $6::uuid)
      and (b.created_at, b.id) > ($7::timestamptz, $8::uuid)
      and not exists (
        select
        from
          stale_rollups s
        where
          s.benchmark_id = b.id
          and s.is_missing
      )
      and (
        not exists (
          select
          from
            repeated_benchmarks r
          where
            r.benchmark_id = b.id
        )
        or exists (
          select
          from
            repeated_benchmarks r
          where
            r.benchmark_id = b.id
            and $9 >= case
              when r.is_missing then case
                when exists (
                  select
                  from
                    stale_rollups s
                  where
                    s.benchmark_id = b.id
                    and s.is_missing
                ) then $10
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
                        benchmark_id = b.id
                        and metric = 'metrics.failed'
                      union all
                      select
                        count
                      from
                        metric_deltas
                      where
                        benchmark_id = b.id
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
                  t.benchmark_id = b.id
              )
            end
        )
      )
      and not (
        coalesce(
          (
            select
              sum(part.count)
            from
              (
                select
                  metric,
                  count,
                  failed,
                  sum,
                  m2,
                  min,
                  max
                from
                  metric_rollups
                where
                  benchmark_id = b.id
                  and metric = $11
                union all
                select
                  metric,
                  count,
                  failed,
                  sum,
                  m2,
                  min,
                  max
                from
                  metric_deltas
                where
                  benchmark_id = b.id
                  and metric = $12
              ) part
          ),
          0
        ) > 0
        and (
          exists (
            select
            from
              repeated_benchmarks r
            where
              r.benchmark_id = b.id
          )
          and (
            exists (
              select
              from
                repeated_benchmarks r
              where
                r.benchmark_id = b.id
                and r.is_missing
            )
            or (
              select
                coalesce(sum(g.samples), 0)
              from
                sample_rollups g
              where
                g.benchmark_id = b.id
                and g.metric = $13
                and g.tries >= $14
                and g.successes >= 0
            ) + (
              select
                coalesce(sum(cardinality(t.samples)), 0)
              from
                touched_samples t
              where
                t.benchmark_id = b.id
            ) >= $15
          )
        )
      )
    order by
      b.created_at desc,
      b.id desc
    limit
      $16
  ) b;
-- $1 = 'm'
-- $2 = 'd'
-- $3 = '2026-01-31T12:00:00.000001Z'
-- $4 = '2026-01-31T12:00:00.000001Z'
-- $5 = '2026-01-31T12:00:00.000001Z'
-- $6 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $7 = '2026-01-31T12:00:00.000001Z'
-- $8 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $9 = 20000
-- $10 = 20001
-- $11 = 'accuracy'
-- $12 = 'accuracy'
-- $13 = 'accuracy'
-- $14 = 2
-- $15 = 1
-- $16 = 1000
