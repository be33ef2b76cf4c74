-- samples_score_groups
with
  repeated as materialized (
    select
      r.benchmark_id as id,
      r.is_missing
    from
      repeated_benchmarks r
      join benchmarks b on b.id = r.benchmark_id
      and b.id = any ($1::uuid[])
  ),
  marked as (
    select
      m.id,
      sum(m.samples) over (
        order by
          m.samples,
          m.id
      ) <= $2 as fits
    from
      (
        select
          t.benchmark_id as id,
          sum(cardinality(t.samples)) as samples
        from
          touched_samples t
        where
          t.benchmark_id in (
            select
              id
            from
              repeated
            where
              not is_missing
          )
        group by
          t.benchmark_id
        union all
        select
          r.id,
          case
            when exists (
              select
              from
                stale_rollups s
              where
                s.benchmark_id = r.id
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
                    benchmark_id = r.id
                    and metric = 'metrics.failed'
                  union all
                  select
                    count
                  from
                    metric_deltas
                  where
                    benchmark_id = r.id
                    and metric = 'metrics.failed'
                ) p
            )
          end
        from
          repeated r
        where
          r.is_missing
      ) m
  ),
  kept as materialized (
    select
      r.id
    from
      repeated r
      left join marked m on m.id = r.id
    where
      coalesce(m.fits, true)
  ),
  changed as materialized (
    select distinct
      t.benchmark_id,
      s.sample
    from
      touched_samples t
      cross join lateral unnest(t.samples) s (sample)
    where
      t.benchmark_id in (
        select
          id
        from
          kept
      )
    union
    select
      r.benchmark_id,
      e.sample
    from
      repeated_benchmarks r
      cross join lateral (
        select
          coalesce('s' || e.sample_id, 'e' || e.id) as sample
        from
          evaluations e
        where
          e.benchmark_id = r.benchmark_id
        offset
          0
      ) e
    where
      r.is_missing
      and r.benchmark_id in (
        select
          id
        from
          kept
      )
  )
select
  g.benchmark_id as id,
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
      benchmark_id,
      metric,
      tries,
      successes,
      sum(samples) as samples,
      sum(alike) as alike,
      sum(fractional) as fractional,
      sum(failed) as failed,
      sum(sum) as sum,
      sum(squares) as squares
    from
      (
        select
          benchmark_id,
          metric,
          tries,
          successes,
          samples,
          alike,
          fractional,
          failed,
          sum,
          squares
        from
          sample_rollups
        where
          benchmark_id in (
            select
              id
            from
              kept
          )
          and metric = 'score'
        union all
        select
          benchmark_id,
          metric,
          tries,
          successes,
          samples,
          alike,
          fractional,
          failed,
          sum,
          squares
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
                      f.*
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
                                  e.sample
                                from
                                  (
                                    select
                                      e.*,
                                      e.error is not null as failed,
                                      t.sample
                                    from
                                      changed t
                                      cross join lateral (
                                        select
                                          *
                                        from
                                          evaluations e
                                        where
                                          e.benchmark_id = t.benchmark_id
                                          and e.sample_id = substr(t.sample, 2)
                                        offset
                                          0
                                      ) e
                                    where
                                      t.sample like 's%'
                                    union all
                                    select
                                      e.*,
                                      e.error is not null,
                                      t.sample
                                    from
                                      changed t
                                      cross join lateral (
                                        select
                                          *
                                        from
                                          evaluations e
                                        where
                                          e.id = (
                                            case
                                              when t.sample like 'e%' then substr(t.sample, 2)
                                            end
                                          )::uuid
                                          and e.benchmark_id = t.benchmark_id
                                        offset
                                          0
                                      ) e
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
                      left join stale_rollups s on s.benchmark_id = f.benchmark_id
                    where
                      length(f.metric) <= $4
                      and (
                        s.names is null
                        or f.metric = any (s.names)
                        or f.metric in ('score', 'latency_ms', 'input_tokens', 'output_tokens', 'cost_usd', 'metrics.failed')
                      )
                  ) f
                union all
                select
                  benchmark_id,
                  sample,
                  metric,
                  tries,
                  successes,
                  mean,
                  alike,
                  failed,
                  -1
                from
                  (
                    select
                      f.benchmark_id,
                      f.sample,
                      m.metric,
                      m.tries,
                      m.successes,
                      m.mean,
                      coalesce(
                        m.alike,
                        (
                          m.tries > 1
                          and m.successes in (0, m.tries)
                        )::integer
                      ) as alike,
                      ((f.figures -> 'metrics.failed' ->> 1)::integer > 0)::integer as failed
                    from
                      changed c
                      join sample_figures f using (benchmark_id, sample)
                      cross join lateral (
                        select
                          key as metric,
                          (value ->> 0)::integer as tries,
                          (value ->> 1)::integer as successes,
                          (value ->> 2)::numeric as mean,
                          (value ->> 3)::integer as alike
                        from
                          jsonb_each(f.figures)
                      ) m
                  ) f
              ) f
            group by
              f.benchmark_id,
              f.metric,
              f.tries,
              f.successes
          ) g
        where
          metric = 'score'
      ) g
    group by
      benchmark_id,
      metric,
      tries,
      successes
    having
      sum(samples) > 0
  ) g
group by
  g.benchmark_id;
-- $1 = '{01890a5d-ac96-774b-bcce-b302099a8057}'
-- $2 = 20000
-- $3 = 20001
-- $4 = 255
