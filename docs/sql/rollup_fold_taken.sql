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
        with
          bin as materialized (
            select
              u.bin,
              part.metric,
              part.benchmark_id,
              sum(u.count)::bigint as count,
              min(u.low) as low,
              max(u.high) as high,
              not bool_or(u.low < u.high)
              and min(u.low) < max(u.high) as has_values
            from
              folded part
              cross join lateral unnest(part.bins, part.bin_counts, part.bin_lows, part.bin_highs) u (bin, count, low, high)
            group by
              1,
              2,
              3
            having
              sum(u.count) > 0
          ),
          divided as materialized (
            select
              *
            from
              (
                select
                  bin,
                  metric,
                  benchmark_id,
                  has_values,
                  count(*) over whole as bins,
                  count(*) filter (
                    where
                      not has_values
                  ) over whole as others
                from
                  bin
                window
                  whole as (
                    partition by
                      benchmark_id,
                      metric
                  )
              ) b
            where
              has_values
              and b.bins <= '100'::integer
              and true
          ),
          value as materialized (
            select
              v.*,
              d.others,
              count(*) over (
                partition by
                  v.benchmark_id,
                  v.metric
              ) as number
            from
              (
                select
                  u.bin,
                  part.metric,
                  part.benchmark_id,
                  sum(u.count)::bigint as count,
                  u.low
                from
                  (
                    select
                      *
                    from
                      folded p
                    where
                      (
                        select
                          count(*) > 0
                        from
                          divided
                      )
                      and (p.benchmark_id, p.metric) in (
                        select
                          benchmark_id,
                          metric
                        from
                          divided
                      )
                  ) part
                  cross join lateral unnest(part.bins, part.bin_counts, part.bin_lows, part.bin_highs) u (bin, count, low, high)
                group by
                  1,
                  2,
                  3,
                  5
                having
                  sum(u.count) > 0
              ) v
              join divided d on d.bin = v.bin
              and d.metric = v.metric
              and d.benchmark_id = v.benchmark_id
          ),
          entry as (
            select
              v.bin,
              v.metric,
              v.benchmark_id,
              v.count,
              v.low,
              v.low as high
            from
              value v
            where
              (v.others + v.number) <= '100'::integer
            union all
            select
              b.bin,
              b.metric,
              b.benchmark_id,
              b.count,
              b.low,
              b.high
            from
              bin b
            where
              not exists (
                select
                from
                  value v
                where
                  v.bin = b.bin
                  and v.metric = b.metric
                  and v.benchmark_id = b.benchmark_id
                  and (v.others + v.number) <= '100'::integer
              )
          )
        select
          e.benchmark_id,
          e.metric,
          min(e.low) as min,
          max(e.high) as max,
          array_agg(
            e.bin
            order by
              e.bin,
              e.low
          ) as bins,
          array_agg(
            e.count
            order by
              e.bin,
              e.low
          ) as bin_counts,
          array_agg(
            e.low
            order by
              e.bin,
              e.low
          ) as bin_lows,
          array_agg(
            e.high
            order by
              e.bin,
              e.low
          ) as bin_highs
        from
          entry e
        group by
          e.benchmark_id,
          e.metric
      ) b on b.benchmark_id = m.benchmark_id
      and b.metric = m.metric
  ) m;
-- $1 = '{00000000-0000-0000-0000-000000000000}'
-- $2 = 10
