-- rollup_compute
with
  many as materialized (
    select
      v.metric
    from
      (
        select
          e.benchmark_id,
          v.metric,
          v.value,
          e.failed
        from
          (
            select
              *,
              error is not null as failed
            from
              evaluations
            where
              benchmark_id = $1
            limit
              $2
          ) e
          cross join lateral (
            select
              metric,
              value
            from
              (
                values
                  ('metrics.failed', e.failed::integer::double precision),
                  ('score', e."score"::double precision),
                  ('latency_ms', e."latency_ms"::double precision),
                  ('input_tokens', e."input_tokens"::double precision),
                  ('output_tokens', e."output_tokens"::double precision),
                  ('cost_usd', e."cost_usd"::double precision)
              ) c (metric, value)
            union all
            select
              case
                when m.key in ('score', 'latency_ms', 'input_tokens', 'output_tokens', 'cost_usd')
                or m.key like 'metrics.%' then 'metrics.' || m.key
                else m.key
              end as metric,
              case jsonb_typeof(m.value)
                when 'number' then m.value::double precision
                else m.value::boolean::integer
              end as value
            from
              jsonb_each(e.metrics) m
            where
              e.metrics <> '{}'
              and jsonb_typeof(m.value) in ('number', 'boolean')
          ) v
        where
          abs(v.value) < 1e+150
      ) v
    group by
      v.metric
    having
      count(distinct v.value) > $3
  ),
  rollup as materialized (
    select
      part.*,
      part.metric in ('score', 'latency_ms', 'input_tokens', 'output_tokens', 'cost_usd', 'metrics.failed') as is_built_in,
      s.names is not null as is_settled,
      case
        when part.metric in ('score', 'latency_ms', 'input_tokens', 'output_tokens', 'cost_usd', 'metrics.failed') then true
        when s.names is not null then part.metric = any (s.names)
        else length(part.metric) <= $4
        and row_number() over (
          partition by
            part.metric in ('score', 'latency_ms', 'input_tokens', 'output_tokens', 'cost_usd', 'metrics.failed'),
            length(part.metric) <= $5
          order by
            part.count desc,
            part.metric
        ) <= $6
      end as is_kept
    from
      (
        select
          p.*
        from
          (
            with
              part as materialized (
                select
                  case
                    when abs(v.value) < '1e-9'::double precision then 0
                    else (
                      sign(v.value) * (
                        ceil(ln(least(abs(v.value), '1000000000000'::double precision)) / ln('1.01'::double precision)) + 2083 + (abs(v.value) >= 1)::integer
                      )
                    )::integer
                  end as bin,
                  v.metric,
                  v.benchmark_id,
                  count(*) as count,
                  count(*) filter (
                    where
                      v.failed
                  ) as failed,
                  sum(
                    case
                      when abs(v.value) between 1e-30 and 1e30 then v.value::real::double precision
                      else 0
                    end
                  ) + sum(
                    v.value - case
                      when abs(v.value) between 1e-30 and 1e30 then v.value::real::double precision
                      else 0
                    end
                  ) as sum,
                  regr_sxx(v.value, v.value) as m2,
                  min(v.value) + 0 as low,
                  max(v.value) + 0 as high
                from
                  (
                    select
                      e.benchmark_id,
                      v.metric,
                      v.value,
                      e.failed
                    from
                      (
                        select
                          *,
                          error is not null as failed
                        from
                          evaluations
                        where
                          benchmark_id = $7
                      ) e
                      cross join lateral (
                        select
                          metric,
                          value
                        from
                          (
                            values
                              ('metrics.failed', e.failed::integer::double precision),
                              ('score', e."score"::double precision),
                              ('latency_ms', e."latency_ms"::double precision),
                              ('input_tokens', e."input_tokens"::double precision),
                              ('output_tokens', e."output_tokens"::double precision),
                              ('cost_usd', e."cost_usd"::double precision)
                          ) c (metric, value)
                        union all
                        select
                          case
                            when m.key in ('score', 'latency_ms', 'input_tokens', 'output_tokens', 'cost_usd')
                            or m.key like 'metrics.%' then 'metrics.' || m.key
                            else m.key
                          end as metric,
                          case jsonb_typeof(m.value)
                            when 'number' then m.value::double precision
                            else m.value::boolean::integer
                          end as value
                        from
                          jsonb_each(e.metrics) m
                        where
                          e.metrics <> '{}'
                          and jsonb_typeof(m.value) in ('number', 'boolean')
                      ) v
                    where
                      abs(v.value) < 1e+150
                  ) v
                group by
                  1,
                  2,
                  3
              ),
              bin as materialized (
                select
                  bin,
                  metric,
                  benchmark_id,
                  count,
                  low,
                  high,
                  low < high as has_values
                from
                  part
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
                  and b.metric not in (
                    select
                      metric
                    from
                      many
                  )
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
                      case
                        when abs(v.value) < '1e-9'::double precision then 0
                        else (
                          sign(v.value) * (
                            ceil(ln(least(abs(v.value), '1000000000000'::double precision)) / ln('1.01'::double precision)) + 2083 + (abs(v.value) >= 1)::integer
                          )
                        )::integer
                      end as bin,
                      v.metric,
                      v.benchmark_id,
                      count(*) as count,
                      v.value + 0 as low
                    from
                      (
                        select
                          e.benchmark_id,
                          v.metric,
                          v.value,
                          e.failed
                        from
                          (
                            select
                              *,
                              error is not null as failed
                            from
                              evaluations
                            where
                              benchmark_id = $8
                          ) e
                          cross join lateral (
                            select
                              metric,
                              value
                            from
                              (
                                values
                                  ('metrics.failed', e.failed::integer::double precision),
                                  ('score', e."score"::double precision),
                                  ('latency_ms', e."latency_ms"::double precision),
                                  ('input_tokens', e."input_tokens"::double precision),
                                  ('output_tokens', e."output_tokens"::double precision),
                                  ('cost_usd', e."cost_usd"::double precision)
                              ) c (metric, value)
                            union all
                            select
                              case
                                when m.key in ('score', 'latency_ms', 'input_tokens', 'output_tokens', 'cost_usd')
                                or m.key like 'metrics.%' then 'metrics.' || m.key
                                else m.key
                              end as metric,
                              case jsonb_typeof(m.value)
                                when 'number' then m.value::double precision
                                else m.value::boolean::integer
                              end as value
                            from
                              jsonb_each(e.metrics) m
                            where
                              e.metrics <> '{}'
                              and jsonb_typeof(m.value) in ('number', 'boolean')
                          ) v
                        where
                          abs(v.value) < 1e+150
                      ) v
                    where
                      (
                        select
                          count(*) > 0
                        from
                          divided
                      )
                      and (v.benchmark_id, v.metric) in (
                        select
                          benchmark_id,
                          metric
                        from
                          divided
                      )
                    group by
                      1,
                      2,
                      3,
                      5
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
              f.benchmark_id,
              f.metric,
              f.count,
              f.failed,
              f.sum,
              f.m2,
              f.min,
              f.max,
              e.bins,
              e.bin_counts,
              e.bin_lows,
              e.bin_highs
            from
              (
                select
                  part.benchmark_id,
                  part.metric,
                  sum(part.count)::bigint as count,
                  sum(part.failed)::bigint as failed,
                  sum(part.sum) as sum,
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
                  min(part.low) as min,
                  max(part.high) as max
                from
                  (
                    select
                      part.*,
                      case
                        when abs(sum(part.sum) over whole) < 1e-290 then 0
                        else sum(part.sum) over whole / sum(part.count) over whole
                      end as mean
                    from
                      part
                    window
                      whole as (
                        partition by
                          part.benchmark_id,
                          part.metric
                      )
                  ) part
                group by
                  part.benchmark_id,
                  part.metric
              ) f
              join (
                select
                  e.benchmark_id,
                  e.metric,
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
              ) e on e.benchmark_id = f.benchmark_id
              and e.metric = f.metric
          ) p
      ) part
      left join stale_rollups s on s.benchmark_id = part.benchmark_id
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
          *
        from
          rollup
        where
          is_kept
      ) r
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
  ),
  dropped as (
    delete from metric_rollups
    where
      benchmark_id = $9
      and metric not in (
        select
          metric
        from
          rollup
        where
          is_kept
      )
  ),
  counted as (
    delete from metric_deltas
    where
      benchmark_id = $10
      and (
        select
          count(*)
        from
          rollup
      ) >= 0
  )
select
  case
    when count(*) filter (
      where
        not is_kept
        and not is_settled
    ) > 0 then coalesce(
      array_agg(metric::text) filter (
        where
          is_kept
          and not is_built_in
      ),
      '{}'
    )
  end as names,
  count(*) filter (
    where
      not is_kept
  ) as left_out
from
  rollup;
-- $1 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $2 = 5000
-- $3 = 100
-- $4 = 255
-- $5 = 255
-- $6 = 256
-- $7 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $8 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $9 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $10 = '01890a5d-ac96-774b-bcce-b302099a8057'
