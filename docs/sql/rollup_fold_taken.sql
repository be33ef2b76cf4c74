-- rollup_fold_taken
with
  folded as (
    delete from metric_deltas
    where
      count < 0
      and benchmark_id in (
        select
          benchmark_id
        from
          metric_deltas
        where
          benchmark_id = any ($1::uuid[])
          and count < 0
        group by
          benchmark_id
        having
          count(*) > $2 + 2 * count(distinct metric)
      )
    returning
      benchmark_id,
      metric,
      - count as count,
      - sum as sum,
      - m2 as m2,
      min,
      max,
      bins,
      array(
        select
          - n
        from
          unnest(bin_counts) n
      ) as bin_counts,
      bin_lows,
      bin_highs
  )
insert into
  metric_deltas (benchmark_id, metric, count, sum, m2, min, max, bins, bin_counts, bin_lows, bin_highs)
select
  m.benchmark_id,
  m.metric,
  - m.count,
  - m.sum,
  - m.m2,
  m.min,
  m.max,
  m.bins,
  array(
    select
      - n
    from
      unnest(m.bin_counts) n
  ),
  m.bin_lows,
  m.bin_highs
from
  (
    select
      m.benchmark_id,
      m.metric,
      m.count,
      m.sum,
      m.m2,
      b.min,
      b.max,
      b.bins,
      b.bin_counts,
      b.bin_lows,
      b.bin_highs,
      case
        when m.was_taken
        and m.size > 1e-290 then m.m2 < 1e-5 * m.size
        else false
      end as is_lossy
    from
      (
        select
          p.benchmark_id,
          p.metric,
          max(p.n)::bigint as count,
          max(p.total) as sum,
          greatest(
            sum(
              case
                when abs(
                  case
                    when abs(p.sum) < 1e-290 then 0
                    else p.sum / p.count
                  end - p.mean
                ) < 1e-150 then p.m2
                else p.m2 + p.count * (
                  case
                    when abs(p.sum) < 1e-290 then 0
                    else p.sum / p.count
                  end - p.mean
                ) ^ 2
              end
            ),
            0
          ) as m2,
          bool_or(p.count < 0) as was_taken,
          sum(
            abs(
              case
                when abs(
                  case
                    when abs(p.sum) < 1e-290 then 0
                    else p.sum / p.count
                  end - p.mean
                ) < 1e-150 then p.m2
                else p.m2 + p.count * (
                  case
                    when abs(p.sum) < 1e-290 then 0
                    else p.sum / p.count
                  end - p.mean
                ) ^ 2
              end
            )
          ) as size
        from
          (
            select
              p.*,
              case
                when abs(p.total) < 1e-290 then 0
                else p.total / p.n
              end as mean
            from
              (
                select
                  p.*,
                  sum(p.count) over whole as n,
                  sum(p.sum) over whole as total
                from
                  "folded" p
                window
                  whole as (
                    partition by
                      p.benchmark_id,
                      p.metric
                  )
              ) p
            where
              p.n > 0
          ) p
        group by
          p.benchmark_id,
          p.metric
      ) m
      join (
        select
          b.benchmark_id,
          b.metric,
          min(b.low) as min,
          max(b.high) as max,
          array_agg(
            b.bin
            order by
              b.bin
          ) as bins,
          array_agg(
            b.count
            order by
              b.bin
          ) as bin_counts,
          array_agg(
            b.low
            order by
              b.bin
          ) as bin_lows,
          array_agg(
            b.high
            order by
              b.bin
          ) as bin_highs
        from
          (
            select
              u.bin,
              p.metric,
              p.benchmark_id,
              sum(u.count)::bigint as count,
              min(u.low) as low,
              max(u.high) as high
            from
              "folded" p
              cross join lateral unnest(p.bins, p.bin_counts, p.bin_lows, p.bin_highs) u (bin, count, low, high)
            group by
              1,
              2,
              3
            having
              sum(u.count) > 0
          ) b
        group by
          b.benchmark_id,
          b.metric
      ) b on b.benchmark_id = m.benchmark_id
      and b.metric = m.metric
  ) m;
-- $1 = '{00000000-0000-0000-0000-000000000000}'
-- $2 = 10
