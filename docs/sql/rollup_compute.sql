-- rollup_compute
with
  rollup as materialized (
    select
      part.*,
      part.metric in ('score', 'latency_ms', 'input_tokens', 'output_tokens', 'cost_usd', 'metrics.failed') as is_built_in,
      s.names is not null as is_settled,
      case
        when part.metric in ('score', 'latency_ms', 'input_tokens', 'output_tokens', 'cost_usd', 'metrics.failed') then true
        when s.names is not null then part.metric = any (s.names)
        else length(part.metric) <= $1
        and row_number() over (
          partition by
            part.metric in ('score', 'latency_ms', 'input_tokens', 'output_tokens', 'cost_usd', 'metrics.failed'),
            length(part.metric) <= $2
          order by
            part.count desc,
            part.metric
        ) <= $3
      end as is_kept
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
          max(part.high) as max,
          array_agg(
            part.bin
            order by
              part.bin
          ) as bins,
          array_agg(
            part.count
            order by
              part.bin
          ) as bin_counts,
          array_agg(
            part.low
            order by
              part.bin
          ) as bin_lows,
          array_agg(
            part.high
            order by
              part.bin
          ) as bin_highs
        from
          (
            select
              part.*,
              case
                when abs(sum(part.sum) over whole) < 1e-290 then 0
                else sum(part.sum) over whole / sum(part.count) over whole
              end as mean
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
                  min(v.value) as low,
                  max(v.value) as high
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
                          benchmark_id = $4
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
              ) part
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
      benchmark_id = $5
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
      benchmark_id = $6
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
-- $1 = 255
-- $2 = 255
-- $3 = 256
-- $4 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $5 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $6 = '01890a5d-ac96-774b-bcce-b302099a8057'
