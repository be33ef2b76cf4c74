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
      - failed as failed,
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
  metric_deltas (benchmark_id, metric, count, failed, sum, m2, min, max, bins, bin_counts, bin_lows, bin_highs)
select
  m.benchmark_id,
  m.metric,
  - m.count,
  - m.failed,
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
      m.failed,
      case
        when m.was_taken
        and b.min = b.max then b.min * m.count
        else m.sum
      end as sum,
      case
        when m.was_taken
        and b.min = b.max then 0
        else m.m2
      end as m2,
      b.min,
      b.max,
      b.bins,
      b.bin_counts,
      b.bin_lows,
      b.bin_highs,
      case
        when not m.was_taken
        or b.min = b.max then false
        when m.size > 1e-290 then m.m2 < 1e-5 * m.size
        else true
      end as is_lossy,
      m.was_taken
    from
      (
        select
          part.benchmark_id,
          part.metric,
          max(part.n)::bigint as count,
          sum(part.failed)::bigint as failed,
          max(part.total) as sum,
          greatest(
            sum(
              case
                when abs(
                  case
                    when abs(part.sum) < 1e-290 then 0
                    else part.sum / part.count
                  end - part.mean
                ) < 1e-150 then part.m2
                else part.m2 + part.count * (
                  case
                    when abs(part.sum) < 1e-290 then 0
                    else part.sum / part.count
                  end - part.mean
                ) ^ 2
              end
            ),
            0
          ) as m2,
          bool_or(part.count < 0) as was_taken,
          sum(
            abs(
              case
                when abs(
                  case
                    when abs(part.sum) < 1e-290 then 0
                    else part.sum / part.count
                  end - part.mean
                ) < 1e-150 then part.m2
                else part.m2 + part.count * (
                  case
                    when abs(part.sum) < 1e-290 then 0
                    else part.sum / part.count
                  end - part.mean
                ) ^ 2
              end
            )
          ) as size
        from
          (
            select
              part.*,
              case
                when abs(part.total) < 1e-290 then 0
                else part.total / part.n
              end as mean
            from
              (
                select
                  part.*,
                  sum(part.count) over whole as n,
                  sum(part.sum) over whole as total
                from
                  folded part
                window
                  whole as (
                    partition by
                      part.benchmark_id,
                      part.metric
                  )
              ) part
            where
              part.n > 0
          ) part
        group by
          part.benchmark_id,
          part.metric
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
              part.metric,
              part.benchmark_id,
              sum(u.count)::bigint as count,
              min(u.low) as low,
              max(u.high) as high
            from
              folded part
              cross join lateral unnest(part.bins, part.bin_counts, part.bin_lows, part.bin_highs) u (bin, count, low, high)
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
