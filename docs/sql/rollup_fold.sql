-- rollup_fold
with
  folded as (
    delete from metric_deltas
    where
      ctid = any (
        array(
          select
            ctid
          from
            metric_deltas
          where
            benchmark_id = any ($1::uuid[])
            and count > 0
          limit
            $2
        )
      )
    returning
      *
  ),
  named as (
    select
      n.benchmark_id,
      n.metric,
      s.names is not null as is_settled,
      n.is_there
      or n.metric = any (s.names) as is_kept,
      row_number() over (
        partition by
          n.benchmark_id
        order by
          n.is_there desc,
          n.metric
      ) as place
    from
      (
        select
          benchmark_id,
          metric,
          bool_or(is_there) as is_there
        from
          (
            select
              benchmark_id,
              metric,
              false as is_there
            from
              folded
            union all
            select
              benchmark_id,
              metric,
              true
            from
              metric_rollups
            where
              benchmark_id in (
                select
                  benchmark_id
                from
                  folded
              )
          ) n
        where
          not n.metric in ('score', 'latency_ms', 'input_tokens', 'output_tokens', 'cost_usd', 'metrics.failed')
        group by
          benchmark_id,
          metric
      ) n
      left join stale_rollups s on s.benchmark_id = n.benchmark_id
  ),
  left_out as materialized (
    select
      benchmark_id,
      metric,
      is_settled
    from
      named
    where
      case
        when is_settled then not is_kept
        else place > $3
      end
  ),
  settled as (
    insert into
      stale_rollups (benchmark_id, is_missing, names_left_out, names)
    select
      n.benchmark_id,
      false,
      count(l.metric),
      coalesce(
        array_agg(n.metric::text) filter (
          where
            l.metric is null
        ),
        '{}'
      )
    from
      named n
      left join left_out l on l.benchmark_id = n.benchmark_id
      and l.metric = n.metric
    where
      n.benchmark_id in (
        select
          benchmark_id
        from
          left_out
        where
          not is_settled
      )
    group by
      n.benchmark_id
    on conflict (benchmark_id) do update
    set
      names = excluded.names,
      names_left_out = excluded.names_left_out
  ),
  part as (
    select
      benchmark_id,
      metric,
      count,
      failed,
      sum,
      m2,
      min,
      max,
      bins,
      bin_counts,
      bin_lows,
      bin_highs
    from
      folded f
    where
      not exists (
        select
        from
          left_out l
        where
          l.benchmark_id = f.benchmark_id
          and l.metric = f.metric
      )
    union all
    select
      benchmark_id,
      metric,
      count,
      failed,
      sum,
      m2,
      min,
      max,
      bins,
      bin_counts,
      bin_lows,
      bin_highs
    from
      metric_rollups r
    where
      (r.benchmark_id, r.metric) in (
        select
          benchmark_id,
          metric
        from
          folded
      )
  ),
  written as (
    insert into
      metric_rollups (
        benchmark_id,
        metric,
        count,
        failed,
        sum,
        m2,
        min,
        max,
        bins,
        bin_counts,
        bin_lows,
        bin_highs,
        dataset
      )
    select
      benchmark_id,
      metric,
      count,
      failed,
      sum,
      m2,
      min,
      max,
      bins,
      bin_counts,
      bin_lows,
      bin_highs,
      b.dataset
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
                      part part
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
                  part part
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
                          part p
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
      ) m
      join benchmarks b on b.id = benchmark_id
    on conflict (benchmark_id, metric) do update
    set
      count = excluded.count,
      failed = excluded.failed,
      sum = excluded.sum,
      m2 = excluded.m2,
      min = excluded.min,
      max = excluded.max,
      bins = excluded.bins,
      bin_counts = excluded.bin_counts,
      bin_lows = excluded.bin_lows,
      bin_highs = excluded.bin_highs
  )
select
  count(*) as folded
from
  folded;
-- $1 = '{00000000-0000-0000-0000-000000000000}'
-- $2 = 10
-- $3 = 256
