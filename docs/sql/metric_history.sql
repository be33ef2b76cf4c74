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
          or (
            exists (
              select
              from
                repeated_benchmarks r
              where
                r.benchmark_id = b.id
                and not r.is_missing
            )
            and (
              select
                coalesce(sum(cardinality(t.samples)), 0) <= $4
              from
                touched_samples t
              where
                t.benchmark_id = b.id
            )
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
              and d.metric = $5
          ),
          0
        ) >= $6
      order by
        created_at desc,
        id desc
      limit
        $7
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
            d.metric = $8
            and true
            and not exists (
              select
              from
                metric_rollups r
              where
                r.benchmark_id = d.benchmark_id
                and r.metric = $9
            )
          group by
            d.benchmark_id
        ) d
        join benchmarks b on b.id = d.benchmark_id
      where
        b.dataset = $10
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
          or (
            exists (
              select
              from
                repeated_benchmarks r
              where
                r.benchmark_id = b.id
                and not r.is_missing
            )
            and (
              select
                coalesce(sum(cardinality(t.samples)), 0) <= $11
              from
                touched_samples t
              where
                t.benchmark_id = b.id
            )
          )
        )
        and true
        and d.count >= $12
      order by
        created_at desc,
        id desc
      limit
        $13
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
      $14
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
  coalesce(g.elsewhere, o.samples) as elsewhere,
  coalesce(g.elsewhere_failed, o.failed) as elsewhere_with_error,
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
          g.metric = $15
      ) as groups,
      (
        sum(g.samples) filter (
          where
            g.metric = $16
        )
      )::bigint as tried,
      (
        sum(g.failed) filter (
          where
            g.metric = $17
        )
      )::bigint as failed,
      max(g.tries) filter (
        where
          g.metric = $18
      ) as most,
      coalesce(
        sum(g.samples) filter (
          where
            false
        ),
        0
      )::bigint as elsewhere,
      coalesce(
        sum(g.failed) filter (
          where
            false
        ),
        0
      )::bigint as elsewhere_failed
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
              and (
                metric in ($19, $20)
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
                          length(f.metric) <= $21
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
                metric in ($22, $23)
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
      ) g
    group by
      g.benchmark_id
  ) g on g.benchmark_id = run.id
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
                  and metric = $24
                union all
                select
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
                  and metric = $25
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
  ) t
  cross join lateral (
    select
      coalesce(sum(part.count), 0)::bigint as samples,
      coalesce(sum(part.failed), 0)::bigint as failed
    from
      (
        select
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
  ) o
order by
  b.created_at desc,
  b.id desc;
-- $1 = 'd'
-- $2 = 'score'
-- $3 = 'd'
-- $4 = 20000
-- $5 = 'score'
-- $6 = 1
-- $7 = 2
-- $8 = 'score'
-- $9 = 'score'
-- $10 = 'd'
-- $11 = 20000
-- $12 = 1
-- $13 = 2
-- $14 = 2
-- $15 = 'score'
-- $16 = 'metrics.failed'
-- $17 = 'metrics.failed'
-- $18 = 'metrics.failed'
-- $19 = 'score'
-- $20 = 'metrics.failed'
-- $21 = 255
-- $22 = 'score'
-- $23 = 'metrics.failed'
-- $24 = 'score'
-- $25 = 'score'
-- $26 = 'metrics.failed'
-- $27 = 'metrics.failed'

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
          or (
            exists (
              select
              from
                repeated_benchmarks r
              where
                r.benchmark_id = b.id
                and not r.is_missing
            )
            and (
              select
                coalesce(sum(cardinality(t.samples)), 0) <= $4
              from
                touched_samples t
              where
                t.benchmark_id = b.id
            )
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
          or (
            select
              coalesce(sum(g.samples), 0)
            from
              sample_rollups g
            where
              g.benchmark_id = b.id
              and g.metric = $5
              and true
          ) + (
            select
              coalesce(sum(cardinality(t.samples)), 0)
            from
              touched_samples t
            where
              t.benchmark_id = b.id
          ) >= $6
        )
        and r.count + coalesce(
          (
            select
              sum(d.count)
            from
              metric_deltas d
            where
              d.benchmark_id = b.id
              and d.metric = $7
          ),
          0
        ) >= $8
      order by
        created_at desc,
        id desc
      limit
        $9
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
            d.metric = $10
            and true
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
          or (
            exists (
              select
              from
                repeated_benchmarks r
              where
                r.benchmark_id = b.id
                and not r.is_missing
            )
            and (
              select
                coalesce(sum(cardinality(t.samples)), 0) <= $13
              from
                touched_samples t
              where
                t.benchmark_id = b.id
            )
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
          or (
            select
              coalesce(sum(g.samples), 0)
            from
              sample_rollups g
            where
              g.benchmark_id = b.id
              and g.metric = $14
              and true
          ) + (
            select
              coalesce(sum(cardinality(t.samples)), 0)
            from
              touched_samples t
            where
              t.benchmark_id = b.id
          ) >= $15
        )
        and d.count >= $16
      order by
        created_at desc,
        id desc
      limit
        $17
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
      $18
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
  coalesce(g.elsewhere, o.samples) as elsewhere,
  coalesce(g.elsewhere_failed, o.failed) as elsewhere_with_error,
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
          g.metric = $19
      ) as groups,
      (
        sum(g.samples) filter (
          where
            g.metric = $20
        )
      )::bigint as tried,
      (
        sum(g.failed) filter (
          where
            g.metric = $21
        )
      )::bigint as failed,
      max(g.tries) filter (
        where
          g.metric = $22
      ) as most,
      coalesce(
        sum(g.samples) filter (
          where
            false
        ),
        0
      )::bigint as elsewhere,
      coalesce(
        sum(g.failed) filter (
          where
            false
        ),
        0
      )::bigint as elsewhere_failed
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
              and (
                metric in ($23, $24)
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
                          length(f.metric) <= $25
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
                metric in ($26, $27)
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
      ) g
    group by
      g.benchmark_id
  ) g on g.benchmark_id = run.id
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
  ) t
  cross join lateral (
    select
      coalesce(sum(part.count), 0)::bigint as samples,
      coalesce(sum(part.failed), 0)::bigint as failed
    from
      (
        select
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
  ) o
order by
  b.created_at desc,
  b.id desc;
-- $1 = 'd'
-- $2 = 'score'
-- $3 = 'd'
-- $4 = 20000
-- $5 = 'score'
-- $6 = 9
-- $7 = 'score'
-- $8 = 9
-- $9 = 2
-- $10 = 'score'
-- $11 = 'score'
-- $12 = 'd'
-- $13 = 20000
-- $14 = 'score'
-- $15 = 9
-- $16 = 9
-- $17 = 2
-- $18 = 2
-- $19 = 'score'
-- $20 = 'metrics.failed'
-- $21 = 'metrics.failed'
-- $22 = 'metrics.failed'
-- $23 = 'score'
-- $24 = 'metrics.failed'
-- $25 = 255
-- $26 = 'score'
-- $27 = 'metrics.failed'
-- $28 = 'score'
-- $29 = 'score'
-- $30 = 'metrics.failed'
-- $31 = 'metrics.failed'

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
          or (
            exists (
              select
              from
                repeated_benchmarks r
              where
                r.benchmark_id = b.id
                and not r.is_missing
            )
            and (
              select
                coalesce(sum(cardinality(t.samples)), 0) <= $13
              from
                touched_samples t
              where
                t.benchmark_id = b.id
            )
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
            select
              coalesce(sum(g.samples), 0)
            from
              sample_rollups g
            where
              g.benchmark_id = b.id
              and g.metric = $14
              and g.tries >= $15
              and g.successes >= 0
          ) + (
            select
              coalesce(sum(cardinality(t.samples)), 0)
            from
              touched_samples t
            where
              t.benchmark_id = b.id
          ) >= $16
        )
        and r.count + coalesce(
          (
            select
              sum(d.count)
            from
              metric_deltas d
            where
              d.benchmark_id = b.id
              and d.metric = $17
          ),
          0
        ) >= $18
      order by
        created_at desc,
        id desc
      limit
        $19
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
            d.metric = $20
            and not exists (
              select
              from
                stale_rollups s
              where
                s.benchmark_id = "d"."benchmark_id"
                and not $21 = any (s.names)
            )
            and not exists (
              select
              from
                metric_rollups r
              where
                r.benchmark_id = d.benchmark_id
                and r.metric = $22
            )
          group by
            d.benchmark_id
        ) d
        join benchmarks b on b.id = d.benchmark_id
      where
        b.status = $23
        and b.provider = $24
        and b.model = $25
        and b.dataset = $26
        and b.labels @> $27
        and b.created_at >= $28
        and b.created_at < $29
        and b.id = $30
        and (b.created_at, b.id) < ($31::timestamptz, $32::uuid)
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
          or (
            exists (
              select
              from
                repeated_benchmarks r
              where
                r.benchmark_id = b.id
                and not r.is_missing
            )
            and (
              select
                coalesce(sum(cardinality(t.samples)), 0) <= $33
              from
                touched_samples t
              where
                t.benchmark_id = b.id
            )
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
            select
              coalesce(sum(g.samples), 0)
            from
              sample_rollups g
            where
              g.benchmark_id = b.id
              and g.metric = $34
              and g.tries >= $35
              and g.successes >= 0
          ) + (
            select
              coalesce(sum(cardinality(t.samples)), 0)
            from
              touched_samples t
            where
              t.benchmark_id = b.id
          ) >= $36
        )
        and d.count >= $37
      order by
        created_at desc,
        id desc
      limit
        $38
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
      $39
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
  coalesce(g.elsewhere, o.samples) as elsewhere,
  coalesce(g.elsewhere_failed, o.failed) as elsewhere_with_error,
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
          g.metric = $40
      ) as groups,
      (
        sum(g.samples) filter (
          where
            g.metric = $41
        )
      )::bigint as tried,
      (
        sum(g.failed) filter (
          where
            g.metric = $42
        )
      )::bigint as failed,
      max(g.tries) filter (
        where
          g.metric = $43
      ) as most,
      coalesce(
        sum(g.samples) filter (
          where
            false
        ),
        0
      )::bigint as elsewhere,
      coalesce(
        sum(g.failed) filter (
          where
            false
        ),
        0
      )::bigint as elsewhere_failed
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
              and (
                metric in ($44, $45)
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
                          length(f.metric) <= $46
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
                metric in ($47, $48)
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
      ) g
    group by
      g.benchmark_id
  ) g on g.benchmark_id = run.id
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
                  and metric = $49
                union all
                select
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
                  and metric = $50
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
  ) t
  cross join lateral (
    select
      coalesce(sum(part.count), 0)::bigint as samples,
      coalesce(sum(part.failed), 0)::bigint as failed
    from
      (
        select
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
  ) o
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
-- $14 = 'accuracy'
-- $15 = 2
-- $16 = 1
-- $17 = 'accuracy'
-- $18 = 1
-- $19 = 2
-- $20 = 'accuracy'
-- $21 = 'accuracy'
-- $22 = 'accuracy'
-- $23 = 'completed'
-- $24 = 'p'
-- $25 = 'm'
-- $26 = 'd'
-- $27 = '{"a":"b"}'
-- $28 = '2026-01-31T12:00:00.000001Z'
-- $29 = '2026-01-31T12:00:00.000001Z'
-- $30 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $31 = '2026-01-31T12:00:00.000001Z'
-- $32 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $33 = 20000
-- $34 = 'accuracy'
-- $35 = 2
-- $36 = 1
-- $37 = 1
-- $38 = 2
-- $39 = 2
-- $40 = 'accuracy'
-- $41 = 'metrics.failed'
-- $42 = 'metrics.failed'
-- $43 = 'metrics.failed'
-- $44 = 'accuracy'
-- $45 = 'metrics.failed'
-- $46 = 255
-- $47 = 'accuracy'
-- $48 = 'metrics.failed'
-- $49 = 'accuracy'
-- $50 = 'accuracy'
-- $51 = 'metrics.failed'
-- $52 = 'metrics.failed'

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
          or (
            exists (
              select
              from
                repeated_benchmarks r
              where
                r.benchmark_id = b.id
                and not r.is_missing
            )
            and (
              select
                coalesce(sum(cardinality(t.samples)), 0) <= $4
              from
                touched_samples t
              where
                t.benchmark_id = b.id
            )
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
              and d.metric = $5
          ),
          0
        ) >= $6
      order by
        created_at desc,
        id desc
      limit
        $7
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
            d.metric = $8
            and not exists (
              select
              from
                stale_rollups s
              where
                s.benchmark_id = "d"."benchmark_id"
                and not $9 = any (s.names)
            )
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
          or (
            exists (
              select
              from
                repeated_benchmarks r
              where
                r.benchmark_id = b.id
                and not r.is_missing
            )
            and (
              select
                coalesce(sum(cardinality(t.samples)), 0) <= $12
              from
                touched_samples t
              where
                t.benchmark_id = b.id
            )
          )
        )
        and true
        and d.count >= $13
      order by
        created_at desc,
        id desc
      limit
        $14
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
      $15
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
  coalesce(g.elsewhere, o.samples) as elsewhere,
  coalesce(g.elsewhere_failed, o.failed) as elsewhere_with_error,
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
          g.metric = $16
      ) as groups,
      (
        sum(g.samples) filter (
          where
            g.metric = $17
        )
      )::bigint as tried,
      (
        sum(g.failed) filter (
          where
            g.metric = $18
        )
      )::bigint as failed,
      max(g.tries) filter (
        where
          g.metric = $19
      ) as most,
      coalesce(
        sum(g.samples) filter (
          where
            (
              metric <> $20
              and starts_with(metric, $21::text)
              and substr(metric, length($22::text) + 1) ~ '^(train|valid|test)(/|$)'
            )
        ),
        0
      )::bigint as elsewhere,
      coalesce(
        sum(g.failed) filter (
          where
            (
              metric <> $23
              and starts_with(metric, $24::text)
              and substr(metric, length($25::text) + 1) ~ '^(train|valid|test)(/|$)'
            )
        ),
        0
      )::bigint as elsewhere_failed
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
              and (
                metric in ($26, $27)
                or (
                  metric <> $28
                  and starts_with(metric, $29::text)
                  and substr(metric, length($30::text) + 1) ~ '^(train|valid|test)(/|$)'
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
                          length(f.metric) <= $31
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
                metric in ($32, $33)
                or (
                  metric <> $34
                  and starts_with(metric, $35::text)
                  and substr(metric, length($36::text) + 1) ~ '^(train|valid|test)(/|$)'
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
      ) g
    group by
      g.benchmark_id
  ) g on g.benchmark_id = run.id
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
                  and metric = $37
                union all
                select
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
                  and metric = $38
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
          and metric = $39
        union all
        select
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
          and metric = $40
      ) part
  ) t
  cross join lateral (
    select
      coalesce(sum(part.count), 0)::bigint as samples,
      coalesce(sum(part.failed), 0)::bigint as failed
    from
      (
        select
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
            metric <> $41
            and starts_with(metric, $42::text)
            and substr(metric, length($43::text) + 1) ~ '^(train|valid|test)(/|$)'
          )
        union all
        select
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
            metric <> $44
            and starts_with(metric, $45::text)
            and substr(metric, length($46::text) + 1) ~ '^(train|valid|test)(/|$)'
          )
      ) part
  ) o
order by
  b.created_at desc,
  b.id desc;
-- $1 = 'd'
-- $2 = 'accuracy/test'
-- $3 = 'd'
-- $4 = 20000
-- $5 = 'accuracy/test'
-- $6 = 1
-- $7 = 2
-- $8 = 'accuracy/test'
-- $9 = 'accuracy/test'
-- $10 = 'accuracy/test'
-- $11 = 'd'
-- $12 = 20000
-- $13 = 1
-- $14 = 2
-- $15 = 2
-- $16 = 'accuracy/test'
-- $17 = 'metrics.failed'
-- $18 = 'metrics.failed'
-- $19 = 'metrics.failed'
-- $20 = 'accuracy/test'
-- $21 = 'accuracy/'
-- $22 = 'accuracy/'
-- $23 = 'accuracy/test'
-- $24 = 'accuracy/'
-- $25 = 'accuracy/'
-- $26 = 'accuracy/test'
-- $27 = 'metrics.failed'
-- $28 = 'accuracy/test'
-- $29 = 'accuracy/'
-- $30 = 'accuracy/'
-- $31 = 255
-- $32 = 'accuracy/test'
-- $33 = 'metrics.failed'
-- $34 = 'accuracy/test'
-- $35 = 'accuracy/'
-- $36 = 'accuracy/'
-- $37 = 'accuracy/test'
-- $38 = 'accuracy/test'
-- $39 = 'metrics.failed'
-- $40 = 'metrics.failed'
-- $41 = 'accuracy/test'
-- $42 = 'accuracy/'
-- $43 = 'accuracy/'
-- $44 = 'accuracy/test'
-- $45 = 'accuracy/'
-- $46 = 'accuracy/'
