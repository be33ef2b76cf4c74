-- evaluation_summarize_samples, 1 of 6
with
  s as materialized (
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
      metric
  )
select
  s.*,
  g.groups,
  r.moments as reduced,
  c.found as clusters
from
  s
  left join (
    select
      g.metric,
      jsonb_agg(
        jsonb_build_object(
          'tries',
          g.tries,
          'successes',
          g.successes,
          'samples',
          g.samples,
          'alike',
          g.alike,
          'fractional',
          g.fractional,
          'failed',
          g.failed,
          'mean',
          case
            when g.fractional = 0
            or abs(g.sum) < 1e-290 * g.fractional then 0
            else g.sum / g.fractional
          end::double precision,
          'm2',
          case
            when g.fractional = 0
            or abs((g.fractional * g.squares - g.sum * g.sum)) < 1e-290 * g.fractional then 0
            else (g.fractional * g.squares - g.sum * g.sum) / g.fractional
          end::double precision
        )
      ) as groups
    from
      (
        select
          f.benchmark_id,
          f.metric,
          f.tries,
          f.successes,
          sum(f.sign)::bigint as samples,
          sum(f.sign * f.alike)::bigint as alike,
          coalesce(
            sum(f.sign) filter (
              where
                f.mean is not null
            ),
            0
          )::bigint as fractional,
          sum(f.sign * f.failed)::bigint as failed,
          coalesce(sum(f.sign * f.mean), 0) as sum,
          coalesce(sum(f.sign * f.mean * f.mean), 0) as squares
        from
          (
            select
              benchmark_id,
              sample,
              metric,
              tries,
              successes,
              mean,
              alike,
              failed,
              1 as sign
            from
              (
                select
                  f.*,
                  (
                    max(f.successes) filter (
                      where
                        f.metric = 'metrics.failed'
                    ) over (
                      partition by
                        f.benchmark_id,
                        f.sample
                    ) > 0
                  )::integer as failed
                from
                  (
                    select
                      v.benchmark_id,
                      v.sample,
                      v.metric,
                      count(*)::integer as tries,
                      case
                        when min(v.value) >= 0
                        and max(v.value) <= 1 then count(*) filter (
                          where
                            v.value = 1
                        )
                        else -1
                      end::integer as successes,
                      case
                        when count(*) filter (
                          where
                            v.value in (0, 1)
                        ) < count(*) then avg(v.value)::numeric
                      end as mean,
                      (
                        count(*) > 1
                        and min(v.value) = max(v.value)
                      )::integer as alike
                    from
                      (
                        select
                          e.benchmark_id,
                          v.metric,
                          v.value,
                          e.failed,
                          coalesce('s' || e.sample_id, 'e' || e.id) as sample,
                          e.repetition
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
                      v.benchmark_id,
                      v.sample,
                      v.metric
                  ) f
              ) f
          ) f
        group by
          f.benchmark_id,
          f.metric,
          f.tries,
          f.successes
      ) g
    group by
      g.metric
  ) g on g.metric = s.name
  left join (
    select
      null::text as metric,
      null::jsonb as moments
  ) r on r.metric = s.name
  left join (
    select
      null::text as metric,
      null::jsonb as found
  ) c on c.metric = s.name;
-- $1 = '{0.5, 0.9, 0.95, 0.99}'
-- $2 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $3 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $4 = '01890a5d-ac96-774b-bcce-b302099a8057'

-- evaluation_summarize_samples, 2 of 6
with
  s as materialized (
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
      metric
  )
select
  s.*,
  g.groups,
  r.moments as reduced,
  c.found as clusters
from
  s
  left join (
    select
      g.metric,
      jsonb_agg(
        jsonb_build_object(
          'tries',
          g.tries,
          'successes',
          g.successes,
          'samples',
          g.samples,
          'alike',
          g.alike,
          'fractional',
          g.fractional,
          'failed',
          g.failed,
          'mean',
          case
            when g.fractional = 0
            or abs(g.sum) < 1e-290 * g.fractional then 0
            else g.sum / g.fractional
          end::double precision,
          'm2',
          case
            when g.fractional = 0
            or abs((g.fractional * g.squares - g.sum * g.sum)) < 1e-290 * g.fractional then 0
            else (g.fractional * g.squares - g.sum * g.sum) / g.fractional
          end::double precision
        )
      ) as groups
    from
      (
        select
          f.benchmark_id,
          f.metric,
          f.tries,
          f.successes,
          sum(f.sign)::bigint as samples,
          sum(f.sign * f.alike)::bigint as alike,
          coalesce(
            sum(f.sign) filter (
              where
                f.mean is not null
            ),
            0
          )::bigint as fractional,
          sum(f.sign * f.failed)::bigint as failed,
          coalesce(sum(f.sign * f.mean), 0) as sum,
          coalesce(sum(f.sign * f.mean * f.mean), 0) as squares
        from
          (
            select
              benchmark_id,
              sample,
              metric,
              tries,
              successes,
              mean,
              alike,
              failed,
              1 as sign
            from
              (
                select
                  f.*,
                  (
                    max(f.successes) filter (
                      where
                        f.metric = 'metrics.failed'
                    ) over (
                      partition by
                        f.benchmark_id,
                        f.sample
                    ) > 0
                  )::integer as failed
                from
                  (
                    select
                      v.benchmark_id,
                      v.sample,
                      v.metric,
                      count(*)::integer as tries,
                      case
                        when min(v.value) >= 0
                        and max(v.value) <= 1 then count(*) filter (
                          where
                            v.value = 1
                        )
                        else -1
                      end::integer as successes,
                      case
                        when count(*) filter (
                          where
                            v.value in (0, 1)
                        ) < count(*) then avg(v.value)::numeric
                      end as mean,
                      (
                        count(*) > 1
                        and min(v.value) = max(v.value)
                      )::integer as alike
                    from
                      (
                        select
                          e.benchmark_id,
                          v.metric,
                          v.value,
                          e.failed,
                          coalesce('s' || e.sample_id, 'e' || e.id) as sample,
                          e.repetition
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
                      v.benchmark_id,
                      v.sample,
                      v.metric
                  ) f
              ) f
          ) f
        group by
          f.benchmark_id,
          f.metric,
          f.tries,
          f.successes
      ) g
    group by
      g.metric
  ) g on g.metric = s.name
  left join (
    select
      v.metric,
      to_jsonb(v) - 'metric' as moments
    from
      (
        select
          metric,
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
          max(value) as max
        from
          (
            select
              v.benchmark_id,
              v.sample,
              v.metric,
              percentile_cont(0.5) within group (
                order by
                  v.value
              ) as value
            from
              (
                select
                  e.benchmark_id,
                  v.metric,
                  v.value,
                  e.failed,
                  coalesce('s' || e.sample_id, 'e' || e.id) as sample,
                  e.repetition
                from
                  (
                    select
                      *,
                      error is not null as failed
                    from
                      evaluations
                    where
                      benchmark_id = $5
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
              v.benchmark_id,
              v.sample,
              v.metric
          ) v
        group by
          metric
      ) v
  ) r on r.metric = s.name
  left join (
    select
      null::text as metric,
      null::jsonb as found
  ) c on c.metric = s.name;
-- $1 = '{0.5, 0.9, 0.95, 0.99}'
-- $2 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $3 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $4 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $5 = '01890a5d-ac96-774b-bcce-b302099a8057'

-- evaluation_summarize_samples, 3 of 6
with
  s as materialized (
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
      metric
  )
select
  s.*,
  g.groups,
  r.moments as reduced,
  c.found as clusters
from
  s
  left join (
    select
      g.metric,
      jsonb_agg(
        jsonb_build_object(
          'tries',
          g.tries,
          'successes',
          g.successes,
          'samples',
          g.samples,
          'alike',
          g.alike,
          'fractional',
          g.fractional,
          'failed',
          g.failed,
          'mean',
          case
            when g.fractional = 0
            or abs(g.sum) < 1e-290 * g.fractional then 0
            else g.sum / g.fractional
          end::double precision,
          'm2',
          case
            when g.fractional = 0
            or abs((g.fractional * g.squares - g.sum * g.sum)) < 1e-290 * g.fractional then 0
            else (g.fractional * g.squares - g.sum * g.sum) / g.fractional
          end::double precision
        )
      ) as groups
    from
      (
        select
          f.benchmark_id,
          f.metric,
          f.tries,
          f.successes,
          sum(f.sign)::bigint as samples,
          sum(f.sign * f.alike)::bigint as alike,
          coalesce(
            sum(f.sign) filter (
              where
                f.mean is not null
            ),
            0
          )::bigint as fractional,
          sum(f.sign * f.failed)::bigint as failed,
          coalesce(sum(f.sign * f.mean), 0) as sum,
          coalesce(sum(f.sign * f.mean * f.mean), 0) as squares
        from
          (
            select
              benchmark_id,
              sample,
              metric,
              tries,
              successes,
              mean,
              alike,
              failed,
              1 as sign
            from
              (
                select
                  f.*,
                  (
                    max(f.successes) filter (
                      where
                        f.metric = 'metrics.failed'
                    ) over (
                      partition by
                        f.benchmark_id,
                        f.sample
                    ) > 0
                  )::integer as failed
                from
                  (
                    select
                      v.benchmark_id,
                      v.sample,
                      v.metric,
                      count(*)::integer as tries,
                      case
                        when min(v.value) >= 0
                        and max(v.value) <= 1 then count(*) filter (
                          where
                            v.value = 1
                        )
                        else -1
                      end::integer as successes,
                      case
                        when count(*) filter (
                          where
                            v.value in (0, 1)
                        ) < count(*) then avg(v.value)::numeric
                      end as mean,
                      (
                        count(*) > 1
                        and min(v.value) = max(v.value)
                      )::integer as alike
                    from
                      (
                        select
                          e.benchmark_id,
                          v.metric,
                          v.value,
                          e.failed,
                          coalesce('s' || e.sample_id, 'e' || e.id) as sample,
                          e.repetition
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
                      v.benchmark_id,
                      v.sample,
                      v.metric
                  ) f
              ) f
          ) f
        group by
          f.benchmark_id,
          f.metric,
          f.tries,
          f.successes
      ) g
    group by
      g.metric
  ) g on g.metric = s.name
  left join (
    select
      v.metric,
      to_jsonb(v) - 'metric' as moments
    from
      (
        select
          metric,
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
          max(value) as max
        from
          (
            select
              v.benchmark_id,
              v.sample,
              v.metric,
              (
                select
                  u.value
                from
                  unnest(
                    array_agg(
                      v.value
                      order by
                        v.repetition
                    )
                  ) with ordinality u (value, place)
                group by
                  u.value
                order by
                  count(*) desc,
                  min(u.place)
                limit
                  1
              ) as value
            from
              (
                select
                  e.benchmark_id,
                  v.metric,
                  v.value,
                  e.failed,
                  coalesce('s' || e.sample_id, 'e' || e.id) as sample,
                  e.repetition
                from
                  (
                    select
                      *,
                      error is not null as failed
                    from
                      evaluations
                    where
                      benchmark_id = $5
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
              v.benchmark_id,
              v.sample,
              v.metric
          ) v
        group by
          metric
      ) v
  ) r on r.metric = s.name
  left join (
    select
      c.metric,
      jsonb_build_object(
        'clusters',
        count(*),
        'squares',
        sum(
          case
            when abs(c.share) < 1e-150 then 0
            else c.share ^ 2
          end
        ),
        'largest',
        max(c.n),
        'unnamed',
        count(*) filter (
          where
            c.cluster_id is null
        ),
        'mixed',
        sum(c.mixed)
      ) as found
    from
      (
        select
          c.*,
          case
            when abs((c.sum - c.n * c.shift)) < 1e-290 then 0
            else (c.sum - c.n * c.shift) / c.total
          end as share
        from
          (
            select
              c.*,
              case
                when abs(c.all_sums) < 1e-290 then 0
                else c.all_sums / c.total
              end as shift
            from
              (
                select
                  c.*,
                  sum(c.n) over whole as total,
                  sum(c.sum) over whole as all_sums
                from
                  (
                    select
                      v.metric,
                      v.cluster_id,
                      case
                        when v.cluster_id is null then v.sample
                      end as own,
                      count(*) as n,
                      sum(v.value - v.center) as sum,
                      count(*) filter (
                        where
                          v.is_mixed
                      ) as mixed
                    from
                      (
                        select
                          v.*,
                          s.sum / s.count as center
                        from
                          (
                            select
                              v.benchmark_id,
                              v.sample,
                              v.metric,
                              (
                                array_agg(
                                  v.cluster_id
                                  order by
                                    v.repetition
                                ) filter (
                                  where
                                    v.cluster_id is not null
                                )
                              ) [1] as cluster_id,
                              coalesce(min(v.cluster_id) <> max(v.cluster_id), false) as is_mixed,
                              (
                                select
                                  u.value
                                from
                                  unnest(
                                    array_agg(
                                      v.value
                                      order by
                                        v.repetition
                                    )
                                  ) with ordinality u (value, place)
                                group by
                                  u.value
                                order by
                                  count(*) desc,
                                  min(u.place)
                                limit
                                  1
                              ) as value
                            from
                              (
                                select
                                  e.benchmark_id,
                                  v.metric,
                                  v.value,
                                  e.failed,
                                  coalesce('s' || e.sample_id, 'e' || e.id) as sample,
                                  e.cluster_id,
                                  e.repetition
                                from
                                  (
                                    select
                                      e.*,
                                      e.error is not null as failed,
                                      hashtextextended (
                                        nullif(
                                          (
                                            select
                                              case
                                                when char_length(t.value) <= $6::integer then t.value
                                                else left(t.value, $7::integer) || '… (' || char_length(t.value) || ' characters, hash ' || to_hex(hashtextextended (t.value, 0)) || ')'
                                              end
                                            from
                                              (
                                                select
                                                  case
                                                    when jsonb_typeof(v.value) = 'number'
                                                    and v.text like '%.%' then rtrim(rtrim(v.text, '0'), '.')
                                                    else v.text
                                                  end as value
                                                from
                                                  (
                                                    select
                                                      k.value,
                                                      k.value #>> '{}' as text
                                                    from
                                                      (
                                                        select
                                                          coalesce(
                                                            e.metadata -> $8::text,
                                                            e.metadata #> $9::"text" [],
                                                            e.metadata #> $10::"text" [],
                                                            e.metadata #> $11::"text" []
                                                          ) as value
                                                        offset
                                                          0
                                                      ) k
                                                    offset
                                                      0
                                                  ) v
                                                offset
                                                  0
                                              ) t
                                          ),
                                          ''
                                        ),
                                        0
                                      ) as cluster_id
                                    from
                                      evaluations e
                                    where
                                      e.benchmark_id = $12
                                    offset
                                      0
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
                              v.benchmark_id,
                              v.sample,
                              v.metric
                          ) v
                          join s on s.name = v.metric
                        where
                          v.value is not null
                      ) v
                    group by
                      1,
                      2,
                      3
                  ) c
                window
                  whole as (
                    partition by
                      c.metric
                  )
              ) c
          ) c
      ) c
    group by
      c.metric
  ) c on c.metric = s.name;
-- $1 = '{0.5, 0.9, 0.95, 0.99}'
-- $2 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $3 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $4 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $5 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $6 = 200
-- $7 = 200
-- $8 = 'document.id'
-- $9 = '{document, id}'
-- $10 = '{metadata, document, id}'
-- $11 = '{doc, document, id}'
-- $12 = '01890a5d-ac96-774b-bcce-b302099a8057'

-- evaluation_summarize_samples, 4 of 6
with
  s as materialized (
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
      metric
  )
select
  s.*,
  g.groups,
  r.moments as reduced,
  c.found as clusters
from
  s
  left join (
    select
      g.metric,
      jsonb_agg(
        jsonb_build_object(
          'tries',
          g.tries,
          'successes',
          g.successes,
          'samples',
          g.samples,
          'alike',
          g.alike,
          'fractional',
          g.fractional,
          'failed',
          g.failed,
          'mean',
          case
            when g.fractional = 0
            or abs(g.sum) < 1e-290 * g.fractional then 0
            else g.sum / g.fractional
          end::double precision,
          'm2',
          case
            when g.fractional = 0
            or abs((g.fractional * g.squares - g.sum * g.sum)) < 1e-290 * g.fractional then 0
            else (g.fractional * g.squares - g.sum * g.sum) / g.fractional
          end::double precision
        )
      ) as groups
    from
      (
        select
          f.benchmark_id,
          f.metric,
          f.tries,
          f.successes,
          sum(f.sign)::bigint as samples,
          sum(f.sign * f.alike)::bigint as alike,
          coalesce(
            sum(f.sign) filter (
              where
                f.mean is not null
            ),
            0
          )::bigint as fractional,
          sum(f.sign * f.failed)::bigint as failed,
          coalesce(sum(f.sign * f.mean), 0) as sum,
          coalesce(sum(f.sign * f.mean * f.mean), 0) as squares
        from
          (
            select
              benchmark_id,
              sample,
              metric,
              tries,
              successes,
              mean,
              alike,
              failed,
              1 as sign
            from
              (
                select
                  f.*,
                  (
                    max(f.successes) filter (
                      where
                        f.metric = 'metrics.failed'
                    ) over (
                      partition by
                        f.benchmark_id,
                        f.sample
                    ) > 0
                  )::integer as failed
                from
                  (
                    select
                      v.benchmark_id,
                      v.sample,
                      v.metric,
                      count(*)::integer as tries,
                      case
                        when min(v.value) >= 0
                        and max(v.value) <= 1 then count(*) filter (
                          where
                            v.value = 1
                        )
                        else -1
                      end::integer as successes,
                      case
                        when count(*) filter (
                          where
                            v.value in (0, 1)
                        ) < count(*) then avg(v.value)::numeric
                      end as mean,
                      (
                        count(*) > 1
                        and min(v.value) = max(v.value)
                      )::integer as alike
                    from
                      (
                        select
                          e.benchmark_id,
                          v.metric,
                          v.value,
                          e.failed,
                          coalesce('s' || e.sample_id, 'e' || e.id) as sample,
                          e.repetition
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
                      v.benchmark_id,
                      v.sample,
                      v.metric
                  ) f
              ) f
          ) f
        group by
          f.benchmark_id,
          f.metric,
          f.tries,
          f.successes
      ) g
    group by
      g.metric
  ) g on g.metric = s.name
  left join (
    select
      v.metric,
      to_jsonb(v) - 'metric' as moments
    from
      (
        select
          metric,
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
          max(value) as max
        from
          (
            select
              v.benchmark_id,
              v.sample,
              v.metric,
              max(v.value) as value
            from
              (
                select
                  e.benchmark_id,
                  v.metric,
                  v.value,
                  e.failed,
                  coalesce('s' || e.sample_id, 'e' || e.id) as sample,
                  e.repetition
                from
                  (
                    select
                      *,
                      error is not null as failed
                    from
                      evaluations
                    where
                      benchmark_id = $5
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
              v.benchmark_id,
              v.sample,
              v.metric
          ) v
        group by
          metric
      ) v
  ) r on r.metric = s.name
  left join (
    select
      null::text as metric,
      null::jsonb as found
  ) c on c.metric = s.name;
-- $1 = '{0.5, 0.9, 0.95, 0.99}'
-- $2 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $3 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $4 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $5 = '01890a5d-ac96-774b-bcce-b302099a8057'

-- evaluation_summarize_samples, 5 of 6
with
  s as materialized (
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
      metric
  )
select
  s.*,
  g.groups,
  r.moments as reduced,
  c.found as clusters
from
  s
  left join (
    select
      g.metric,
      jsonb_agg(
        jsonb_build_object(
          'tries',
          g.tries,
          'successes',
          g.successes,
          'samples',
          g.samples,
          'alike',
          g.alike,
          'fractional',
          g.fractional,
          'failed',
          g.failed,
          'mean',
          case
            when g.fractional = 0
            or abs(g.sum) < 1e-290 * g.fractional then 0
            else g.sum / g.fractional
          end::double precision,
          'm2',
          case
            when g.fractional = 0
            or abs((g.fractional * g.squares - g.sum * g.sum)) < 1e-290 * g.fractional then 0
            else (g.fractional * g.squares - g.sum * g.sum) / g.fractional
          end::double precision
        )
      ) as groups
    from
      (
        select
          f.benchmark_id,
          f.metric,
          f.tries,
          f.successes,
          sum(f.sign)::bigint as samples,
          sum(f.sign * f.alike)::bigint as alike,
          coalesce(
            sum(f.sign) filter (
              where
                f.mean is not null
            ),
            0
          )::bigint as fractional,
          sum(f.sign * f.failed)::bigint as failed,
          coalesce(sum(f.sign * f.mean), 0) as sum,
          coalesce(sum(f.sign * f.mean * f.mean), 0) as squares
        from
          (
            select
              benchmark_id,
              sample,
              metric,
              tries,
              successes,
              mean,
              alike,
              failed,
              1 as sign
            from
              (
                select
                  f.*,
                  (
                    max(f.successes) filter (
                      where
                        f.metric = 'metrics.failed'
                    ) over (
                      partition by
                        f.benchmark_id,
                        f.sample
                    ) > 0
                  )::integer as failed
                from
                  (
                    select
                      v.benchmark_id,
                      v.sample,
                      v.metric,
                      count(*)::integer as tries,
                      case
                        when min(v.value) >= 0
                        and max(v.value) <= 1 then count(*) filter (
                          where
                            v.value = 1
                        )
                        else -1
                      end::integer as successes,
                      case
                        when count(*) filter (
                          where
                            v.value in (0, 1)
                        ) < count(*) then avg(v.value)::numeric
                      end as mean,
                      (
                        count(*) > 1
                        and min(v.value) = max(v.value)
                      )::integer as alike
                    from
                      (
                        select
                          e.benchmark_id,
                          v.metric,
                          v.value,
                          e.failed,
                          coalesce('s' || e.sample_id, 'e' || e.id) as sample,
                          e.repetition
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
                      v.benchmark_id,
                      v.sample,
                      v.metric
                  ) f
              ) f
          ) f
        group by
          f.benchmark_id,
          f.metric,
          f.tries,
          f.successes
      ) g
    group by
      g.metric
  ) g on g.metric = s.name
  left join (
    select
      null::text as metric,
      null::jsonb as moments
  ) r on r.metric = s.name
  left join (
    select
      c.metric,
      jsonb_build_object(
        'clusters',
        count(*),
        'squares',
        sum(
          case
            when abs(c.share) < 1e-150 then 0
            else c.share ^ 2
          end
        ),
        'largest',
        max(c.n),
        'unnamed',
        count(*) filter (
          where
            c.cluster_id is null
        ),
        'mixed',
        sum(c.mixed)
      ) as found
    from
      (
        select
          c.*,
          case
            when abs((c.sum - c.n * c.shift)) < 1e-290 then 0
            else (c.sum - c.n * c.shift) / c.total
          end as share
        from
          (
            select
              c.*,
              case
                when abs(c.all_sums) < 1e-290 then 0
                else c.all_sums / c.total
              end as shift
            from
              (
                select
                  c.*,
                  sum(c.n) over whole as total,
                  sum(c.sum) over whole as all_sums
                from
                  (
                    select
                      v.metric,
                      v.cluster_id,
                      case
                        when v.cluster_id is null then v.sample
                      end as own,
                      count(*) as n,
                      sum(v.value - v.center) as sum,
                      count(*) filter (
                        where
                          v.is_mixed
                      ) as mixed
                    from
                      (
                        select
                          v.*,
                          s.sum / s.count as center
                        from
                          (
                            select
                              v.benchmark_id,
                              v.sample,
                              v.metric,
                              v.cluster_id,
                              v.is_mixed,
                              case
                                when v.successes >= 0 then case
                                  when v.n >= $5 then 1 - case
                                    when (v.n - v.successes) < $6 then 0
                                    else (
                                      select
                                        exp(sum(ln(((v.n - v.successes) - i)::double precision / (v.n - i))))
                                      from
                                        generate_series(0, $7::bigint - 1) i
                                    )
                                  end
                                end
                              end as value
                            from
                              (
                                select
                                  v.benchmark_id,
                                  v.sample,
                                  v.metric,
                                  (
                                    array_agg(
                                      v.cluster_id
                                      order by
                                        v.repetition
                                    ) filter (
                                      where
                                        v.cluster_id is not null
                                    )
                                  ) [1] as cluster_id,
                                  coalesce(min(v.cluster_id) <> max(v.cluster_id), false) as is_mixed,
                                  count(*) + 0 as n,
                                  case
                                    when min(v.value) >= 0
                                    and max(v.value) <= 1 then count(*) filter (
                                      where
                                        v.value = 1
                                    ) + 0
                                    else -1
                                  end as successes
                                from
                                  (
                                    select
                                      e.benchmark_id,
                                      v.metric,
                                      v.value,
                                      e.failed,
                                      coalesce('s' || e.sample_id, 'e' || e.id) as sample,
                                      e.cluster_id,
                                      e.repetition
                                    from
                                      (
                                        select
                                          e.*,
                                          e.error is not null as failed,
                                          hashtextextended (
                                            nullif(
                                              (
                                                select
                                                  case
                                                    when char_length(t.value) <= $8::integer then t.value
                                                    else left(t.value, $9::integer) || '… (' || char_length(t.value) || ' characters, hash ' || to_hex(hashtextextended (t.value, 0)) || ')'
                                                  end
                                                from
                                                  (
                                                    select
                                                      case
                                                        when jsonb_typeof(v.value) = 'number'
                                                        and v.text like '%.%' then rtrim(rtrim(v.text, '0'), '.')
                                                        else v.text
                                                      end as value
                                                    from
                                                      (
                                                        select
                                                          k.value,
                                                          k.value #>> '{}' as text
                                                        from
                                                          (
                                                            select
                                                              coalesce(e.metadata -> $10::text, e.metadata #> $11::"text" [], e.metadata #> $12::"text" []) as value
                                                            offset
                                                              0
                                                          ) k
                                                        offset
                                                          0
                                                      ) v
                                                    offset
                                                      0
                                                  ) t
                                              ),
                                              ''
                                            ),
                                            0
                                          ) as cluster_id
                                        from
                                          evaluations e
                                        where
                                          e.benchmark_id = $13
                                        offset
                                          0
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
                                  v.benchmark_id,
                                  v.sample,
                                  v.metric
                              ) v
                          ) v
                          join s on s.name = v.metric
                        where
                          v.value is not null
                      ) v
                    group by
                      1,
                      2,
                      3
                  ) c
                window
                  whole as (
                    partition by
                      c.metric
                  )
              ) c
          ) c
      ) c
    group by
      c.metric
  ) c on c.metric = s.name;
-- $1 = '{0.5, 0.9, 0.95, 0.99}'
-- $2 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $3 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $4 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $5 = 2
-- $6 = 2
-- $7 = 2
-- $8 = 200
-- $9 = 200
-- $10 = 'document'
-- $11 = '{metadata, document}'
-- $12 = '{doc, document}'
-- $13 = '01890a5d-ac96-774b-bcce-b302099a8057'

-- evaluation_summarize_samples, 6 of 6
with
  s as materialized (
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
      metric
  )
select
  s.*,
  g.groups,
  r.moments as reduced,
  c.found as clusters
from
  s
  left join (
    select
      null::text as metric,
      null::jsonb as groups
  ) g on g.metric = s.name
  left join (
    select
      null::text as metric,
      null::jsonb as moments
  ) r on r.metric = s.name
  left join (
    select
      c.metric,
      jsonb_build_object(
        'clusters',
        count(*),
        'squares',
        sum(
          case
            when abs(c.share) < 1e-150 then 0
            else c.share ^ 2
          end
        ),
        'largest',
        max(c.n),
        'unnamed',
        count(*) filter (
          where
            c.cluster_id is null
        ),
        'mixed',
        sum(c.mixed)
      ) as found
    from
      (
        select
          c.*,
          case
            when abs((c.sum - c.n * c.shift)) < 1e-290 then 0
            else (c.sum - c.n * c.shift) / c.total
          end as share
        from
          (
            select
              c.*,
              case
                when abs(c.all_sums) < 1e-290 then 0
                else c.all_sums / c.total
              end as shift
            from
              (
                select
                  c.*,
                  sum(c.n) over whole as total,
                  sum(c.sum) over whole as all_sums
                from
                  (
                    select
                      v.metric,
                      v.cluster_id,
                      case
                        when v.cluster_id is null then v.sample
                      end as own,
                      count(*) as n,
                      sum(v.value - v.center) as sum,
                      count(*) filter (
                        where
                          v.is_mixed
                      ) as mixed
                    from
                      (
                        select
                          v.*,
                          s.sum / s.count as center
                        from
                          (
                            select
                              e.benchmark_id,
                              v.metric,
                              v.value,
                              e.failed,
                              coalesce('s' || e.sample_id, 'e' || e.id) as sample,
                              e.cluster_id,
                              false as is_mixed
                            from
                              (
                                select
                                  e.*,
                                  e.error is not null as failed,
                                  hashtextextended (
                                    nullif(
                                      (
                                        select
                                          case
                                            when char_length(t.value) <= $4::integer then t.value
                                            else left(t.value, $5::integer) || '… (' || char_length(t.value) || ' characters, hash ' || to_hex(hashtextextended (t.value, 0)) || ')'
                                          end
                                        from
                                          (
                                            select
                                              case
                                                when jsonb_typeof(v.value) = 'number'
                                                and v.text like '%.%' then rtrim(rtrim(v.text, '0'), '.')
                                                else v.text
                                              end as value
                                            from
                                              (
                                                select
                                                  k.value,
                                                  k.value #>> '{}' as text
                                                from
                                                  (
                                                    select
                                                      coalesce(e.metadata -> $6::text, e.metadata #> $7::"text" [], e.metadata #> $8::"text" []) as value
                                                    offset
                                                      0
                                                  ) k
                                                offset
                                                  0
                                              ) v
                                            offset
                                              0
                                          ) t
                                      ),
                                      ''
                                    ),
                                    0
                                  ) as cluster_id
                                from
                                  evaluations e
                                where
                                  e.benchmark_id = $9
                                offset
                                  0
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
                          join s on s.name = v.metric
                        where
                          v.value is not null
                      ) v
                    group by
                      1,
                      2,
                      3
                  ) c
                window
                  whole as (
                    partition by
                      c.metric
                  )
              ) c
          ) c
      ) c
    group by
      c.metric
  ) c on c.metric = s.name;
-- $1 = '{0.5, 0.9, 0.95, 0.99}'
-- $2 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $3 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $4 = 200
-- $5 = 200
-- $6 = 'document'
-- $7 = '{metadata, document}'
-- $8 = '{doc, document}'
-- $9 = '01890a5d-ac96-774b-bcce-b302099a8057'
