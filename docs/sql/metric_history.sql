-- metric_history, 1 of 4
with
  run as (
    (
      select
        b.id,
        b.created_at
      from
        metric_rollups r
        join benchmarks b on b.id = r.benchmark_id
      where
        r.dataset = $1
        and r.metric = $2
        and b.dataset = $3
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
              and $4 >= case
                when r.is_missing then case
                  when exists (
                    select
                    from
                      stale_rollups s
                    where
                      s.benchmark_id = b.id
                      and s.is_missing
                  ) then $5
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
        and true
        and r.count + coalesce(
          (
            select
              sum(d.count)
            from
              metric_deltas d
            where
              d.benchmark_id = b.id
              and d.metric = $6
          ),
          0
        ) >= $7
      order by
        created_at desc,
        id desc
      limit
        $8
    )
    union all
    (
      select
        b.id,
        b.created_at
      from
        (
          select
            d.benchmark_id,
            sum(d.count) as count
          from
            metric_deltas d
          where
            d.metric = $9
            and true
            and not exists (
              select
              from
                metric_rollups r
              where
                r.benchmark_id = d.benchmark_id
                and r.metric = $10
            )
          group by
            d.benchmark_id
        ) d
        join benchmarks b on b.id = d.benchmark_id
      where
        b.dataset = $11
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
              and $12 >= case
                when r.is_missing then case
                  when exists (
                    select
                    from
                      stale_rollups s
                    where
                      s.benchmark_id = b.id
                      and s.is_missing
                  ) then $13
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
        and true
        and d.count >= $14
      order by
        created_at desc,
        id desc
      limit
        $15
    )
  ),
  page as materialized (
    select
      *
    from
      run
    order by
      created_at desc,
      id desc
    limit
      $16
  ),
  kept as materialized (
    select
      p.id
    from
      page p
      join repeated_benchmarks r on r.benchmark_id = p.id
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
  ),
  grouped as materialized (
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
          and (
            metric in ($17, $18)
            or false
          )
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
                      length(f.metric) <= $19
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
          (
            metric in ($20, $21)
            or false
          )
      ) g
    group by
      benchmark_id,
      metric,
      tries,
      successes
    having
      sum(samples) > 0
  )
select
  b.id,
  b.name,
  b.provider,
  b.model,
  b.repetitions,
  b.planned_samples,
  b.total_iterations,
  b.status,
  b.created_at,
  f."count" as count,
  f."failed" as failed,
  f."sum" as sum,
  f."m2" as m2,
  f."min" as min,
  f."max" as max,
  coalesce(g.tried, t.tried) as tried,
  coalesce(g.failed, t.failed) as with_error,
  coalesce(g.most, 1) as most_tries,
  coalesce(g.beyond, 0) as beyond,
  coalesce(
    case
      when g.benchmark_id is null then o."samples"
      else e."samples"
    end,
    0
  )::bigint as elsewhere,
  coalesce(
    case
      when g.benchmark_id is null then o."failed"
      else e."failed"
    end,
    0
  )::bigint as elsewhere_with_error,
  g.groups as groups,
  moments.reduced as reduced,
  (b.named_samples + added.named_samples)::bigint as named_samples,
  (b.ids_hash + added.ids_hash)::text as ids_hash,
  (b.inputs_hash + added.inputs_hash)::text as inputs_hash
from
  page run
  join benchmarks b on b.id = run.id
  cross join lateral (
    select
      coalesce(sum(named_samples), 0) as named_samples,
      coalesce(sum(ids_hash), 0) as ids_hash,
      coalesce(sum(inputs_hash), 0) as inputs_hash
    from
      benchmark_count_deltas d
    where
      d.benchmark_id = b.id
  ) added
  left join (
    select
      g.benchmark_id,
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
      ) filter (
        where
          g.metric = $22
      ) as groups,
      (
        sum(g.samples) filter (
          where
            g.metric = $23
        )
      )::bigint as tried,
      (
        sum(g.failed) filter (
          where
            g.metric = $24
        )
      )::bigint as failed,
      max(g.tries) filter (
        where
          g.metric = $25
      ) as most,
      coalesce(
        sum(g.samples) filter (
          where
            g.is_beyond
        ),
        0
      )::bigint as beyond
    from
      (
        select
          g.*,
          g.metric = 'metrics.failed'
          and g.tries > case
            when b.repetitions > 0 then b.repetitions
            else min(g.tries) filter (
              where
                g.metric = 'metrics.failed'
            ) over (
              partition by
                g.benchmark_id
            )
          end as is_beyond
        from
          grouped g
          join benchmarks b on b.id = g.benchmark_id
      ) g
    group by
      g.benchmark_id
  ) g on g.benchmark_id = run.id
  left join (
    select
      benchmark_id,
      sum(samples)::bigint as samples,
      sum(failed)::bigint as failed
    from
      (
        select
          benchmark_id,
          max(samples) as samples,
          max(failed) as failed
        from
          (
            select
              p.benchmark_id,
              p.metric,
              sum(p.samples) as samples,
              sum(p.failed) as failed
            from
              (
                select
                  benchmark_id,
                  metric,
                  samples,
                  failed
                from
                  grouped
                where
                  false
              ) p
            group by
              p.benchmark_id,
              p.metric
          ) m
        group by
          m.benchmark_id,
          substring(
            m.metric
            from
              '^.+?/((?:train|valid|test)(?:/.*)?)$'
          )
      ) s
    group by
      benchmark_id
  ) e on e.benchmark_id = run.id
  left join (
    select
      null::uuid as benchmark_id,
      null::jsonb as reduced
  ) moments on moments.benchmark_id = run.id
  cross join lateral (
    select
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
      min(part.min) filter (
        where
          part.count > 0
      ) as min,
      max(part.max) filter (
        where
          part.count > 0
      ) as max
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
              sum(part.count) over () as n,
              sum(part.sum) over () as total
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
                  and metric = $26
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
                  and metric = $27
              ) part
          ) part
      ) part
  ) f
  cross join lateral (
    select
      coalesce(sum(part.count), 0)::bigint as tried,
      coalesce(sum(part.sum), 0) as failed
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
          and metric = $28
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
          and metric = $29
      ) part
  ) t
  left join lateral (
    select
      benchmark_id,
      sum(samples)::bigint as samples,
      sum(failed)::bigint as failed
    from
      (
        select
          benchmark_id,
          max(samples) as samples,
          max(failed) as failed
        from
          (
            select
              p.benchmark_id,
              p.metric,
              sum(p.samples) as samples,
              sum(p.failed) as failed
            from
              (
                select
                  b.id as benchmark_id,
                  metric,
                  count as samples,
                  failed
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
                      and false
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
                      and false
                  ) part
              ) p
            group by
              p.benchmark_id,
              p.metric
          ) m
        group by
          m.benchmark_id,
          substring(
            m.metric
            from
              '^.+?/((?:train|valid|test)(?:/.*)?)$'
          )
      ) s
    group by
      benchmark_id
  ) o on true
order by
  b.created_at desc,
  b.id desc;
-- $1 = 'd'
-- $2 = 'score'
-- $3 = 'd'
-- $4 = 20000
-- $5 = 20001
-- $6 = 'score'
-- $7 = 1
-- $8 = 2
-- $9 = 'score'
-- $10 = 'score'
-- $11 = 'd'
-- $12 = 20000
-- $13 = 20001
-- $14 = 1
-- $15 = 2
-- $16 = 2
-- $17 = 'score'
-- $18 = 'metrics.failed'
-- $19 = 255
-- $20 = 'score'
-- $21 = 'metrics.failed'
-- $22 = 'score'
-- $23 = 'metrics.failed'
-- $24 = 'metrics.failed'
-- $25 = 'metrics.failed'
-- $26 = 'score'
-- $27 = 'score'
-- $28 = 'metrics.failed'
-- $29 = 'metrics.failed'

-- metric_history, 2 of 4
with
  run as (
    (
      select
        b.id,
        b.created_at
      from
        metric_rollups r
        join benchmarks b on b.id = r.benchmark_id
      where
        r.dataset = $1
        and r.metric = $2
        and b.dataset = $3
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
              and $4 >= case
                when r.is_missing then case
                  when exists (
                    select
                    from
                      stale_rollups s
                    where
                      s.benchmark_id = b.id
                      and s.is_missing
                  ) then $5
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
              and r.is_missing
          )
          or (
            select
              coalesce(sum(g.samples), 0)
            from
              sample_rollups g
            where
              g.benchmark_id = b.id
              and g.metric = $6
              and true
          ) + (
            select
              coalesce(sum(cardinality(t.samples)), 0)
            from
              touched_samples t
            where
              t.benchmark_id = b.id
          ) >= $7
        )
        and r.count + coalesce(
          (
            select
              sum(d.count)
            from
              metric_deltas d
            where
              d.benchmark_id = b.id
              and d.metric = $8
          ),
          0
        ) >= $9
      order by
        created_at desc,
        id desc
      limit
        $10
    )
    union all
    (
      select
        b.id,
        b.created_at
      from
        (
          select
            d.benchmark_id,
            sum(d.count) as count
          from
            metric_deltas d
          where
            d.metric = $11
            and true
            and not exists (
              select
              from
                metric_rollups r
              where
                r.benchmark_id = d.benchmark_id
                and r.metric = $12
            )
          group by
            d.benchmark_id
        ) d
        join benchmarks b on b.id = d.benchmark_id
      where
        b.dataset = $13
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
              and $14 >= case
                when r.is_missing then case
                  when exists (
                    select
                    from
                      stale_rollups s
                    where
                      s.benchmark_id = b.id
                      and s.is_missing
                  ) then $15
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
              and r.is_missing
          )
          or (
            select
              coalesce(sum(g.samples), 0)
            from
              sample_rollups g
            where
              g.benchmark_id = b.id
              and g.metric = $16
              and true
          ) + (
            select
              coalesce(sum(cardinality(t.samples)), 0)
            from
              touched_samples t
            where
              t.benchmark_id = b.id
          ) >= $17
        )
        and d.count >= $18
      order by
        created_at desc,
        id desc
      limit
        $19
    )
  ),
  page as materialized (
    select
      *
    from
      run
    order by
      created_at desc,
      id desc
    limit
      $20
  ),
  kept as materialized (
    select
      p.id
    from
      page p
      join repeated_benchmarks r on r.benchmark_id = p.id
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
  ),
  grouped as materialized (
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
          and (
            metric in ($21, $22)
            or false
          )
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
                      length(f.metric) <= $23
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
          (
            metric in ($24, $25)
            or false
          )
      ) g
    group by
      benchmark_id,
      metric,
      tries,
      successes
    having
      sum(samples) > 0
  )
select
  b.id,
  b.name,
  b.provider,
  b.model,
  b.repetitions,
  b.planned_samples,
  b.total_iterations,
  b.status,
  b.created_at,
  f."count" as count,
  f."failed" as failed,
  f."sum" as sum,
  f."m2" as m2,
  f."min" as min,
  f."max" as max,
  coalesce(g.tried, t.tried) as tried,
  coalesce(g.failed, t.failed) as with_error,
  coalesce(g.most, 1) as most_tries,
  coalesce(g.beyond, 0) as beyond,
  coalesce(
    case
      when g.benchmark_id is null then o."samples"
      else e."samples"
    end,
    0
  )::bigint as elsewhere,
  coalesce(
    case
      when g.benchmark_id is null then o."failed"
      else e."failed"
    end,
    0
  )::bigint as elsewhere_with_error,
  g.groups as groups,
  moments.reduced as reduced,
  (b.named_samples + added.named_samples)::bigint as named_samples,
  (b.ids_hash + added.ids_hash)::text as ids_hash,
  (b.inputs_hash + added.inputs_hash)::text as inputs_hash
from
  page run
  join benchmarks b on b.id = run.id
  cross join lateral (
    select
      coalesce(sum(named_samples), 0) as named_samples,
      coalesce(sum(ids_hash), 0) as ids_hash,
      coalesce(sum(inputs_hash), 0) as inputs_hash
    from
      benchmark_count_deltas d
    where
      d.benchmark_id = b.id
  ) added
  left join (
    select
      g.benchmark_id,
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
      ) filter (
        where
          g.metric = $26
      ) as groups,
      (
        sum(g.samples) filter (
          where
            g.metric = $27
        )
      )::bigint as tried,
      (
        sum(g.failed) filter (
          where
            g.metric = $28
        )
      )::bigint as failed,
      max(g.tries) filter (
        where
          g.metric = $29
      ) as most,
      coalesce(
        sum(g.samples) filter (
          where
            g.is_beyond
        ),
        0
      )::bigint as beyond
    from
      (
        select
          g.*,
          g.metric = 'metrics.failed'
          and g.tries > case
            when b.repetitions > 0 then b.repetitions
            else min(g.tries) filter (
              where
                g.metric = 'metrics.failed'
            ) over (
              partition by
                g.benchmark_id
            )
          end as is_beyond
        from
          grouped g
          join benchmarks b on b.id = g.benchmark_id
      ) g
    group by
      g.benchmark_id
  ) g on g.benchmark_id = run.id
  left join (
    select
      benchmark_id,
      sum(samples)::bigint as samples,
      sum(failed)::bigint as failed
    from
      (
        select
          benchmark_id,
          max(samples) as samples,
          max(failed) as failed
        from
          (
            select
              p.benchmark_id,
              p.metric,
              sum(p.samples) as samples,
              sum(p.failed) as failed
            from
              (
                select
                  benchmark_id,
                  metric,
                  samples,
                  failed
                from
                  grouped
                where
                  false
              ) p
            group by
              p.benchmark_id,
              p.metric
          ) m
        group by
          m.benchmark_id,
          substring(
            m.metric
            from
              '^.+?/((?:train|valid|test)(?:/.*)?)$'
          )
      ) s
    group by
      benchmark_id
  ) e on e.benchmark_id = run.id
  left join (
    select
      m.benchmark_id,
      to_jsonb(m) - 'benchmark_id' as reduced
    from
      (
        select
          v.benchmark_id,
          count(*) as count,
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
          min(v.value) as min,
          max(v.value) as max
        from
          (
            select
              v.benchmark_id,
              v.sample,
              percentile_cont(0.5) within group (
                order by
                  v.value
              ) as value
            from
              (
                select
                  *
                from
                  (
                    select
                      e.benchmark_id,
                      coalesce('s' || e.sample_id, 'e' || e.id) as sample,
                      e.repetition,
                      (
                        select
                          v.value
                        from
                          (
                            select
                              "e"."score"::double precision as value
                          ) v
                        where
                          abs(v.value) < 1e+150
                      ) as value
                    from
                      evaluations e
                    where
                      e.benchmark_id in (
                        select
                          id
                        from
                          kept
                      )
                  ) v
                where
                  value is not null
              ) v
            group by
              v.benchmark_id,
              v.sample
          ) v
        group by
          v.benchmark_id
      ) m
  ) moments on moments.benchmark_id = run.id
  cross join lateral (
    select
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
      min(part.min) filter (
        where
          part.count > 0
      ) as min,
      max(part.max) filter (
        where
          part.count > 0
      ) as max
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
              sum(part.count) over () as n,
              sum(part.sum) over () as total
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
                  and metric = $30
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
                  and metric = $31
              ) part
          ) part
      ) part
  ) f
  cross join lateral (
    select
      coalesce(sum(part.count), 0)::bigint as tried,
      coalesce(sum(part.sum), 0) as failed
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
          and metric = $32
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
          and metric = $33
      ) part
  ) t
  left join lateral (
    select
      benchmark_id,
      sum(samples)::bigint as samples,
      sum(failed)::bigint as failed
    from
      (
        select
          benchmark_id,
          max(samples) as samples,
          max(failed) as failed
        from
          (
            select
              p.benchmark_id,
              p.metric,
              sum(p.samples) as samples,
              sum(p.failed) as failed
            from
              (
                select
                  b.id as benchmark_id,
                  metric,
                  count as samples,
                  failed
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
                      and false
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
                      and false
                  ) part
              ) p
            group by
              p.benchmark_id,
              p.metric
          ) m
        group by
          m.benchmark_id,
          substring(
            m.metric
            from
              '^.+?/((?:train|valid|test)(?:/.*)?)$'
          )
      ) s
    group by
      benchmark_id
  ) o on true
order by
  b.created_at desc,
  b.id desc;
-- $1 = 'd'
-- $2 = 'score'
-- $3 = 'd'
-- $4 = 20000
-- $5 = 20001
-- $6 = 'score'
-- $7 = 9
-- $8 = 'score'
-- $9 = 9
-- $10 = 2
-- $11 = 'score'
-- $12 = 'score'
-- $13 = 'd'
-- $14 = 20000
-- $15 = 20001
-- $16 = 'score'
-- $17 = 9
-- $18 = 9
-- $19 = 2
-- $20 = 2
-- $21 = 'score'
-- $22 = 'metrics.failed'
-- $23 = 255
-- $24 = 'score'
-- $25 = 'metrics.failed'
-- $26 = 'score'
-- $27 = 'metrics.failed'
-- $28 = 'metrics.failed'
-- $29 = 'metrics.failed'
-- $30 = 'score'
-- $31 = 'score'
-- $32 = 'metrics.failed'
-- $33 = 'metrics.failed'

-- metric_history, 3 of 4
with
  run as (
    (
      select
        b.id,
        b.created_at
      from
        metric_rollups r
        join benchmarks b on b.id = r.benchmark_id
      where
        r.dataset = $1
        and r.metric = $2
        and b.status = $3
        and b.provider = $4
        and b.model = $5
        and b.dataset = $6
        and b.labels @> $7
        and b.created_at >= $8
        and b.created_at < $9
        and b.id = $10
        and (b.created_at, b.id) < ($11::timestamptz, $12::uuid)
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
              and $13 >= case
                when r.is_missing then case
                  when exists (
                    select
                    from
                      stale_rollups s
                    where
                      s.benchmark_id = b.id
                      and s.is_missing
                  ) then $14
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
                and g.metric = $15
                and g.tries >= $16
                and g.successes >= 0
            ) + (
              select
                coalesce(sum(cardinality(t.samples)), 0)
              from
                touched_samples t
              where
                t.benchmark_id = b.id
            ) >= $17
          )
        )
        and r.count + coalesce(
          (
            select
              sum(d.count)
            from
              metric_deltas d
            where
              d.benchmark_id = b.id
              and d.metric = $18
          ),
          0
        ) >= $19
      order by
        created_at desc,
        id desc
      limit
        $20
    )
    union all
    (
      select
        b.id,
        b.created_at
      from
        (
          select
            d.benchmark_id,
            sum(d.count) as count
          from
            metric_deltas d
          where
            d.metric = $21
            and not exists (
              select
              from
                stale_rollups s
              where
                s.benchmark_id = "d"."benchmark_id"
                and not $22 = any (s.names)
            )
            and not exists (
              select
              from
                metric_rollups r
              where
                r.benchmark_id = d.benchmark_id
                and r.metric = $23
            )
          group by
            d.benchmark_id
        ) d
        join benchmarks b on b.id = d.benchmark_id
      where
        b.status = $24
        and b.provider = $25
        and b.model = $26
        and b.dataset = $27
        and b.labels @> $28
        and b.created_at >= $29
        and b.created_at < $30
        and b.id = $31
        and (b.created_at, b.id) < ($32::timestamptz, $33::uuid)
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
              and $34 >= case
                when r.is_missing then case
                  when exists (
                    select
                    from
                      stale_rollups s
                    where
                      s.benchmark_id = b.id
                      and s.is_missing
                  ) then $35
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
                and g.metric = $36
                and g.tries >= $37
                and g.successes >= 0
            ) + (
              select
                coalesce(sum(cardinality(t.samples)), 0)
              from
                touched_samples t
              where
                t.benchmark_id = b.id
            ) >= $38
          )
        )
        and d.count >= $39
      order by
        created_at desc,
        id desc
      limit
        $40
    )
  ),
  page as materialized (
    select
      *
    from
      run
    order by
      created_at desc,
      id desc
    limit
      $41
  ),
  kept as materialized (
    select
      p.id
    from
      page p
      join repeated_benchmarks r on r.benchmark_id = p.id
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
  ),
  grouped as materialized (
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
          and (
            metric in ($42, $43)
            or false
          )
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
                      length(f.metric) <= $44
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
          (
            metric in ($45, $46)
            or false
          )
      ) g
    group by
      benchmark_id,
      metric,
      tries,
      successes
    having
      sum(samples) > 0
  )
select
  b.id,
  b.name,
  b.provider,
  b.model,
  b.repetitions,
  b.planned_samples,
  b.total_iterations,
  b.status,
  b.created_at,
  f."count" as count,
  f."failed" as failed,
  f."sum" as sum,
  f."m2" as m2,
  f."min" as min,
  f."max" as max,
  coalesce(g.tried, t.tried) as tried,
  coalesce(g.failed, t.failed) as with_error,
  coalesce(g.most, 1) as most_tries,
  coalesce(g.beyond, 0) as beyond,
  coalesce(
    case
      when g.benchmark_id is null then o."samples"
      else e."samples"
    end,
    0
  )::bigint as elsewhere,
  coalesce(
    case
      when g.benchmark_id is null then o."failed"
      else e."failed"
    end,
    0
  )::bigint as elsewhere_with_error,
  g.groups as groups,
  moments.reduced as reduced,
  (b.named_samples + added.named_samples)::bigint as named_samples,
  (b.ids_hash + added.ids_hash)::text as ids_hash,
  (b.inputs_hash + added.inputs_hash)::text as inputs_hash
from
  page run
  join benchmarks b on b.id = run.id
  cross join lateral (
    select
      coalesce(sum(named_samples), 0) as named_samples,
      coalesce(sum(ids_hash), 0) as ids_hash,
      coalesce(sum(inputs_hash), 0) as inputs_hash
    from
      benchmark_count_deltas d
    where
      d.benchmark_id = b.id
  ) added
  left join (
    select
      g.benchmark_id,
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
      ) filter (
        where
          g.metric = $47
      ) as groups,
      (
        sum(g.samples) filter (
          where
            g.metric = $48
        )
      )::bigint as tried,
      (
        sum(g.failed) filter (
          where
            g.metric = $49
        )
      )::bigint as failed,
      max(g.tries) filter (
        where
          g.metric = $50
      ) as most,
      coalesce(
        sum(g.samples) filter (
          where
            g.is_beyond
        ),
        0
      )::bigint as beyond
    from
      (
        select
          g.*,
          g.metric = 'metrics.failed'
          and g.tries > case
            when b.repetitions > 0 then b.repetitions
            else min(g.tries) filter (
              where
                g.metric = 'metrics.failed'
            ) over (
              partition by
                g.benchmark_id
            )
          end as is_beyond
        from
          grouped g
          join benchmarks b on b.id = g.benchmark_id
      ) g
    group by
      g.benchmark_id
  ) g on g.benchmark_id = run.id
  left join (
    select
      benchmark_id,
      sum(samples)::bigint as samples,
      sum(failed)::bigint as failed
    from
      (
        select
          benchmark_id,
          max(samples) as samples,
          max(failed) as failed
        from
          (
            select
              p.benchmark_id,
              p.metric,
              sum(p.samples) as samples,
              sum(p.failed) as failed
            from
              (
                select
                  benchmark_id,
                  metric,
                  samples,
                  failed
                from
                  grouped
                where
                  false
              ) p
            group by
              p.benchmark_id,
              p.metric
          ) m
        group by
          m.benchmark_id,
          substring(
            m.metric
            from
              '^.+?/((?:train|valid|test)(?:/.*)?)$'
          )
      ) s
    group by
      benchmark_id
  ) e on e.benchmark_id = run.id
  left join (
    select
      null::uuid as benchmark_id,
      null::jsonb as reduced
  ) moments on moments.benchmark_id = run.id
  cross join lateral (
    select
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
      min(part.min) filter (
        where
          part.count > 0
      ) as min,
      max(part.max) filter (
        where
          part.count > 0
      ) as max
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
              sum(part.count) over () as n,
              sum(part.sum) over () as total
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
                  and metric = $51
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
                  and metric = $52
              ) part
          ) part
      ) part
  ) f
  cross join lateral (
    select
      coalesce(sum(part.count), 0)::bigint as tried,
      coalesce(sum(part.sum), 0) as failed
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
          and metric = $53
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
          and metric = $54
      ) part
  ) t
  left join lateral (
    select
      benchmark_id,
      sum(samples)::bigint as samples,
      sum(failed)::bigint as failed
    from
      (
        select
          benchmark_id,
          max(samples) as samples,
          max(failed) as failed
        from
          (
            select
              p.benchmark_id,
              p.metric,
              sum(p.samples) as samples,
              sum(p.failed) as failed
            from
              (
                select
                  b.id as benchmark_id,
                  metric,
                  count as samples,
                  failed
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
                      and false
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
                      and false
                  ) part
              ) p
            group by
              p.benchmark_id,
              p.metric
          ) m
        group by
          m.benchmark_id,
          substring(
            m.metric
            from
              '^.+?/((?:train|valid|test)(?:/.*)?)$'
          )
      ) s
    group by
      benchmark_id
  ) o on true
order by
  b.created_at desc,
  b.id desc;
-- $1 = 'd'
-- $2 = 'accuracy'
-- $3 = 'completed'
-- $4 = 'p'
-- $5 = 'm'
-- $6 = 'd'
-- $7 = '{"a":"b"}'
-- $8 = '2026-01-31T12:00:00.000001Z'
-- $9 = '2026-01-31T12:00:00.000001Z'
-- $10 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $11 = '2026-01-31T12:00:00.000001Z'
-- $12 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $13 = 20000
-- $14 = 20001
-- $15 = 'accuracy'
-- $16 = 2
-- $17 = 1
-- $18 = 'accuracy'
-- $19 = 1
-- $20 = 2
-- $21 = 'accuracy'
-- $22 = 'accuracy'
-- $23 = 'accuracy'
-- $24 = 'completed'
-- $25 = 'p'
-- $26 = 'm'
-- $27 = 'd'
-- $28 = '{"a":"b"}'
-- $29 = '2026-01-31T12:00:00.000001Z'
-- $30 = '2026-01-31T12:00:00.000001Z'
-- $31 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $32 = '2026-01-31T12:00:00.000001Z'
-- $33 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $34 = 20000
-- $35 = 20001
-- $36 = 'accuracy'
-- $37 = 2
-- $38 = 1
-- $39 = 1
-- $40 = 2
-- $41 = 2
-- $42 = 'accuracy'
-- $43 = 'metrics.failed'
-- $44 = 255
-- $45 = 'accuracy'
-- $46 = 'metrics.failed'
-- $47 = 'accuracy'
-- $48 = 'metrics.failed'
-- $49 = 'metrics.failed'
-- $50 = 'metrics.failed'
-- $51 = 'accuracy'
-- $52 = 'accuracy'
-- $53 = 'metrics.failed'
-- $54 = 'metrics.failed'

-- metric_history, 4 of 4
with
  run as (
    (
      select
        b.id,
        b.created_at
      from
        metric_rollups r
        join benchmarks b on b.id = r.benchmark_id
      where
        r.dataset = $1
        and r.metric = $2
        and b.dataset = $3
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
              and $4 >= case
                when r.is_missing then case
                  when exists (
                    select
                    from
                      stale_rollups s
                    where
                      s.benchmark_id = b.id
                      and s.is_missing
                  ) then $5
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
        and true
        and r.count + coalesce(
          (
            select
              sum(d.count)
            from
              metric_deltas d
            where
              d.benchmark_id = b.id
              and d.metric = $6
          ),
          0
        ) >= $7
      order by
        created_at desc,
        id desc
      limit
        $8
    )
    union all
    (
      select
        b.id,
        b.created_at
      from
        (
          select
            d.benchmark_id,
            sum(d.count) as count
          from
            metric_deltas d
          where
            d.metric = $9
            and not exists (
              select
              from
                stale_rollups s
              where
                s.benchmark_id = "d"."benchmark_id"
                and not $10 = any (s.names)
            )
            and not exists (
              select
              from
                metric_rollups r
              where
                r.benchmark_id = d.benchmark_id
                and r.metric = $11
            )
          group by
            d.benchmark_id
        ) d
        join benchmarks b on b.id = d.benchmark_id
      where
        b.dataset = $12
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
              and $13 >= case
                when r.is_missing then case
                  when exists (
                    select
                    from
                      stale_rollups s
                    where
                      s.benchmark_id = b.id
                      and s.is_missing
                  ) then $14
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
        and true
        and d.count >= $15
      order by
        created_at desc,
        id desc
      limit
        $16
    )
  ),
  page as materialized (
    select
      *
    from
      run
    order by
      created_at desc,
      id desc
    limit
      $17
  ),
  kept as materialized (
    select
      p.id
    from
      page p
      join repeated_benchmarks r on r.benchmark_id = p.id
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
  ),
  grouped as materialized (
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
          and (
            metric in ($18, $19)
            or (
              substring(
                metric
                from
                  '^.+?/((?:train|valid|test)(?:/.*)?)$'
              ) <> $20
              and (
                starts_with(metric, $21::text)
                or substring(
                  metric
                  from
                    '^.+?/((?:train|valid|test)(?:/.*)?)$'
                ) not like '%:%'
              )
            )
          )
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
                      length(f.metric) <= $22
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
          (
            metric in ($23, $24)
            or (
              substring(
                metric
                from
                  '^.+?/((?:train|valid|test)(?:/.*)?)$'
              ) <> $25
              and (
                starts_with(metric, $26::text)
                or substring(
                  metric
                  from
                    '^.+?/((?:train|valid|test)(?:/.*)?)$'
                ) not like '%:%'
              )
            )
          )
      ) g
    group by
      benchmark_id,
      metric,
      tries,
      successes
    having
      sum(samples) > 0
  )
select
  b.id,
  b.name,
  b.provider,
  b.model,
  b.repetitions,
  b.planned_samples,
  b.total_iterations,
  b.status,
  b.created_at,
  f."count" as count,
  f."failed" as failed,
  f."sum" as sum,
  f."m2" as m2,
  f."min" as min,
  f."max" as max,
  coalesce(g.tried, t.tried) as tried,
  coalesce(g.failed, t.failed) as with_error,
  coalesce(g.most, 1) as most_tries,
  coalesce(g.beyond, 0) as beyond,
  coalesce(
    case
      when g.benchmark_id is null then o."samples"
      else e."samples"
    end,
    0
  )::bigint as elsewhere,
  coalesce(
    case
      when g.benchmark_id is null then o."failed"
      else e."failed"
    end,
    0
  )::bigint as elsewhere_with_error,
  g.groups as groups,
  moments.reduced as reduced,
  (b.named_samples + added.named_samples)::bigint as named_samples,
  (b.ids_hash + added.ids_hash)::text as ids_hash,
  (b.inputs_hash + added.inputs_hash)::text as inputs_hash
from
  page run
  join benchmarks b on b.id = run.id
  cross join lateral (
    select
      coalesce(sum(named_samples), 0) as named_samples,
      coalesce(sum(ids_hash), 0) as ids_hash,
      coalesce(sum(inputs_hash), 0) as inputs_hash
    from
      benchmark_count_deltas d
    where
      d.benchmark_id = b.id
  ) added
  left join (
    select
      g.benchmark_id,
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
      ) filter (
        where
          g.metric = $27
      ) as groups,
      (
        sum(g.samples) filter (
          where
            g.metric = $28
        )
      )::bigint as tried,
      (
        sum(g.failed) filter (
          where
            g.metric = $29
        )
      )::bigint as failed,
      max(g.tries) filter (
        where
          g.metric = $30
      ) as most,
      coalesce(
        sum(g.samples) filter (
          where
            g.is_beyond
        ),
        0
      )::bigint as beyond
    from
      (
        select
          g.*,
          g.metric = 'metrics.failed'
          and g.tries > case
            when b.repetitions > 0 then b.repetitions
            else min(g.tries) filter (
              where
                g.metric = 'metrics.failed'
            ) over (
              partition by
                g.benchmark_id
            )
          end as is_beyond
        from
          grouped g
          join benchmarks b on b.id = g.benchmark_id
      ) g
    group by
      g.benchmark_id
  ) g on g.benchmark_id = run.id
  left join (
    select
      benchmark_id,
      sum(samples)::bigint as samples,
      sum(failed)::bigint as failed
    from
      (
        select
          benchmark_id,
          max(samples) as samples,
          max(failed) as failed
        from
          (
            select
              p.benchmark_id,
              p.metric,
              sum(p.samples) as samples,
              sum(p.failed) as failed
            from
              (
                select
                  benchmark_id,
                  metric,
                  samples,
                  failed
                from
                  grouped
                where
                  (
                    substring(
                      metric
                      from
                        '^.+?/((?:train|valid|test)(?:/.*)?)$'
                    ) <> $31
                    and (
                      starts_with(metric, $32::text)
                      or substring(
                        metric
                        from
                          '^.+?/((?:train|valid|test)(?:/.*)?)$'
                      ) not like '%:%'
                    )
                  )
              ) p
            group by
              p.benchmark_id,
              p.metric
          ) m
        group by
          m.benchmark_id,
          substring(
            m.metric
            from
              '^.+?/((?:train|valid|test)(?:/.*)?)$'
          )
      ) s
    group by
      benchmark_id
  ) e on e.benchmark_id = run.id
  left join (
    select
      null::uuid as benchmark_id,
      null::jsonb as reduced
  ) moments on moments.benchmark_id = run.id
  cross join lateral (
    select
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
      min(part.min) filter (
        where
          part.count > 0
      ) as min,
      max(part.max) filter (
        where
          part.count > 0
      ) as max
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
              sum(part.count) over () as n,
              sum(part.sum) over () as total
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
                  and metric = $33
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
                  and metric = $34
              ) part
          ) part
      ) part
  ) f
  cross join lateral (
    select
      coalesce(sum(part.count), 0)::bigint as tried,
      coalesce(sum(part.sum), 0) as failed
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
          and metric = $35
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
          and metric = $36
      ) part
  ) t
  left join lateral (
    select
      benchmark_id,
      sum(samples)::bigint as samples,
      sum(failed)::bigint as failed
    from
      (
        select
          benchmark_id,
          max(samples) as samples,
          max(failed) as failed
        from
          (
            select
              p.benchmark_id,
              p.metric,
              sum(p.samples) as samples,
              sum(p.failed) as failed
            from
              (
                select
                  b.id as benchmark_id,
                  metric,
                  count as samples,
                  failed
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
                      and (
                        substring(
                          metric
                          from
                            '^.+?/((?:train|valid|test)(?:/.*)?)$'
                        ) <> $37
                        and (
                          starts_with(metric, $38::text)
                          or substring(
                            metric
                            from
                              '^.+?/((?:train|valid|test)(?:/.*)?)$'
                          ) not like '%:%'
                        )
                      )
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
                      and (
                        substring(
                          metric
                          from
                            '^.+?/((?:train|valid|test)(?:/.*)?)$'
                        ) <> $39
                        and (
                          starts_with(metric, $40::text)
                          or substring(
                            metric
                            from
                              '^.+?/((?:train|valid|test)(?:/.*)?)$'
                          ) not like '%:%'
                        )
                      )
                  ) part
              ) p
            group by
              p.benchmark_id,
              p.metric
          ) m
        group by
          m.benchmark_id,
          substring(
            m.metric
            from
              '^.+?/((?:train|valid|test)(?:/.*)?)$'
          )
      ) s
    group by
      benchmark_id
  ) o on true
order by
  b.created_at desc,
  b.id desc;
-- $1 = 'd'
-- $2 = 'accuracy/test'
-- $3 = 'd'
-- $4 = 20000
-- $5 = 20001
-- $6 = 'accuracy/test'
-- $7 = 1
-- $8 = 2
-- $9 = 'accuracy/test'
-- $10 = 'accuracy/test'
-- $11 = 'accuracy/test'
-- $12 = 'd'
-- $13 = 20000
-- $14 = 20001
-- $15 = 1
-- $16 = 2
-- $17 = 2
-- $18 = 'accuracy/test'
-- $19 = 'metrics.failed'
-- $20 = 'test'
-- $21 = 'accuracy/'
-- $22 = 255
-- $23 = 'accuracy/test'
-- $24 = 'metrics.failed'
-- $25 = 'test'
-- $26 = 'accuracy/'
-- $27 = 'accuracy/test'
-- $28 = 'metrics.failed'
-- $29 = 'metrics.failed'
-- $30 = 'metrics.failed'
-- $31 = 'test'
-- $32 = 'accuracy/'
-- $33 = 'accuracy/test'
-- $34 = 'accuracy/test'
-- $35 = 'metrics.failed'
-- $36 = 'metrics.failed'
-- $37 = 'test'
-- $38 = 'accuracy/'
-- $39 = 'test'
-- $40 = 'accuracy/'
