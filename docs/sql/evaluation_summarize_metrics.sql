-- evaluation_summarize_metrics
select
  metric as name,
  count(*) as count,
  sum(
    case
      when abs(value) between 1e-30 and 1e30 then value::real::double precision
      else 0
    end
  ) + sum(
    value - case
      when abs(value) between 1e-30 and 1e30 then value::real::double precision
      else 0
    end
  ) as sum,
  regr_sxx(value, value) as m2,
  min(value) as min,
  max(value) as max,
  count(*) filter (
    where
      failed
  ) as failed,
  percentile_cont($1::"float8" []) within group (
    order by
      value
  ) as percentiles,
  exists (
    select
    from
      repeated_benchmarks
    where
      benchmark_id = $2
  ) as is_repeated
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
          benchmark_id = $3
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
  metric
order by
  metric;
-- $1 = '{0.5, 0.9, 0.95, 0.99}'
-- $2 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $3 = '01890a5d-ac96-774b-bcce-b302099a8057'
