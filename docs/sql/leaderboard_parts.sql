-- leaderboard_parts, 1 of 3
with
  repeated as materialized (
    select
      r.benchmark_id as id,
      r.is_missing
    from
      repeated_benchmarks r
      join benchmarks b on b.id = r.benchmark_id
      and b.dataset = $1
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
            metric in ($4, $5)
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
                      length(f.metric) <= $6
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
            metric in ($7, $8)
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
  (
    select
      coalesce(
        encode(
          string_agg(
            uuid_send (g.benchmark_id) || float8send ((g."tries")::double precision) || float8send ((g."successes")::double precision) || float8send ((g."samples")::double precision) || float8send ((g."alike")::double precision) || float8send ((g."fractional")::double precision) || float8send ((g."failed")::double precision) || float8send (
              (
                case
                  when g.fractional = 0
                  or abs(g.sum) < 1e-290 * g.fractional then 0
                  else g.sum / g.fractional
                end::double precision
              )::double precision
            ) || float8send (
              (
                case
                  when g.fractional = 0
                  or abs((g.fractional * g.squares - g.sum * g.sum)) < 1e-290 * g.fractional then 0
                  else (g.fractional * g.squares - g.sum * g.sum) / g.fractional
                end::double precision
              )::double precision
            ),
            ''::bytea
          ),
          'base64'
        ),
        ''
      )
    from
      grouped g
    where
      g.metric = $9
      and true
  ) as groups,
  (
    select
      coalesce(
        encode(
          string_agg(
            uuid_send (b.id) || float8send ((b.planned_samples)::double precision) || float8send ((b.total_iterations)::double precision) || float8send ((b.repetitions)::double precision) || float8send ((coalesce(s.tried, f.count, 0))::double precision) || float8send ((coalesce(s.failed, f.sum, 0))::double precision) || float8send ((coalesce(s.most, 1))::double precision) || float8send ((coalesce(s.beyond, 0))::double precision) || float8send (
              (
                coalesce(
                  case
                    when s.benchmark_id is null then o."samples"
                    else r."samples"
                  end,
                  0
                )
              )::double precision
            ) || float8send (
              (
                coalesce(
                  case
                    when s.benchmark_id is null then o."failed"
                    else r."failed"
                  end,
                  0
                )
              )::double precision
            ),
            ''::bytea
          ),
          'base64'
        ),
        ''
      )
    from
      benchmarks b
      left join metric_rollups f on f.dataset = $10
      and f.metric = $11
      and f.benchmark_id = b.id
      left join (
        select
          benchmark_id,
          sum(samples) filter (
            where
              metric = 'metrics.failed'
          ) as tried,
          sum(failed) filter (
            where
              metric = 'metrics.failed'
          ) as failed,
          max(tries) filter (
            where
              metric = 'metrics.failed'
          ) as most,
          sum(samples) filter (
            where
              is_beyond
          ) as beyond
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
          benchmark_id
      ) s on s.benchmark_id = b.id
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
      ) r on r.benchmark_id = b.id
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
                      count as samples,
                      failed
                    from
                      metric_rollups
                    where
                      dataset = $12
                      and false
                    union all
                    select
                      d.benchmark_id,
                      d.metric,
                      d.count,
                      d.failed
                    from
                      metric_deltas d
                      join benchmarks b on b.id = d.benchmark_id
                      and b.dataset = $13
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
      ) o on o.benchmark_id = b.id
    where
      b.dataset = $14
  ) as plans,
  (
    select
      coalesce(
        encode(
          string_agg(
            uuid_send (part.benchmark_id) || float8send ((part."count")::double precision) || float8send ((part."failed")::double precision) || float8send ((part."sum")::double precision) || float8send ((part."m2")::double precision) || float8send ((part."min")::double precision) || float8send ((part."max")::double precision),
            ''::bytea
          ),
          'base64'
        ),
        ''
      )
    from
      metric_deltas part
      join benchmarks b on b.id = part.benchmark_id
      and b.dataset = $15
    where
      part.metric = $16
  ) as tried,
  '' as reduced,
  (
    select
      coalesce(
        encode(
          string_agg(
            uuid_send (part.benchmark_id) || float8send ((part."count")::double precision) || float8send ((part."failed")::double precision) || float8send ((part."sum")::double precision) || float8send ((part."m2")::double precision) || float8send ((part."min")::double precision) || float8send ((part."max")::double precision),
            ''::bytea
          ),
          'base64'
        ),
        ''
      )
    from
      metric_rollups part
    where
      part.dataset = $17
      and part.metric = $18
  ) as base,
  (
    select
      coalesce(
        encode(
          string_agg(
            uuid_send (part.benchmark_id) || float8send ((part."count")::double precision) || float8send ((part."failed")::double precision) || float8send ((part."sum")::double precision) || float8send ((part."m2")::double precision) || float8send ((part."min")::double precision) || float8send ((part."max")::double precision),
            ''::bytea
          ),
          'base64'
        ),
        ''
      )
    from
      metric_deltas part
      join benchmarks b on b.id = part.benchmark_id
      and b.dataset = $19
    where
      part.metric = $20
      and true
  ) as deltas,
  (
    select
      coalesce(encode(string_agg(uuid_send (m.id), ''::bytea), 'base64'), '')
    from
      (
        select
          s.benchmark_id as id
        from
          stale_rollups s
          join benchmarks b on b.id = s.benchmark_id
          and b.dataset = $21
        where
          s.is_missing
        union
        select
          id
        from
          repeated
        where
          id not in (
            select
              id
            from
              kept
          )
      ) m
  ) as missing;
-- $1 = 'd'
-- $2 = 20000
-- $3 = 20001
-- $4 = 'score'
-- $5 = 'metrics.failed'
-- $6 = 255
-- $7 = 'score'
-- $8 = 'metrics.failed'
-- $9 = 'score'
-- $10 = 'd'
-- $11 = 'metrics.failed'
-- $12 = 'd'
-- $13 = 'd'
-- $14 = 'd'
-- $15 = 'd'
-- $16 = 'metrics.failed'
-- $17 = 'd'
-- $18 = 'score'
-- $19 = 'd'
-- $20 = 'score'
-- $21 = 'd'

-- leaderboard_parts, 2 of 3
with
  repeated as materialized (
    select
      r.benchmark_id as id,
      r.is_missing
    from
      repeated_benchmarks r
      join benchmarks b on b.id = r.benchmark_id
      and b.status = $1
      and b.provider = $2
      and b.dataset = $3
      and b.labels @> $4
      and b.created_at >= $5
      and b.created_at < $6
  ),
  marked as (
    select
      m.id,
      sum(m.samples) over (
        order by
          m.samples,
          m.id
      ) <= $7 as fits
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
            ) then $8
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
            metric in ($9, $10)
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
                      length(f.metric) <= $11
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
            metric in ($12, $13)
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
  (
    select
      coalesce(
        encode(
          string_agg(
            uuid_send (g.benchmark_id) || float8send ((g."tries")::double precision) || float8send ((g."successes")::double precision) || float8send ((g."samples")::double precision) || float8send ((g."alike")::double precision) || float8send ((g."fractional")::double precision) || float8send ((g."failed")::double precision) || float8send (
              (
                case
                  when g.fractional = 0
                  or abs(g.sum) < 1e-290 * g.fractional then 0
                  else g.sum / g.fractional
                end::double precision
              )::double precision
            ) || float8send (
              (
                case
                  when g.fractional = 0
                  or abs((g.fractional * g.squares - g.sum * g.sum)) < 1e-290 * g.fractional then 0
                  else (g.fractional * g.squares - g.sum * g.sum) / g.fractional
                end::double precision
              )::double precision
            ),
            ''::bytea
          ),
          'base64'
        ),
        ''
      )
    from
      grouped g
    where
      g.metric = $14
      and not exists (
        select
        from
          stale_rollups s
        where
          s.benchmark_id = "g"."benchmark_id"
          and not $15 = any (s.names)
      )
  ) as groups,
  (
    select
      coalesce(
        encode(
          string_agg(
            uuid_send (b.id) || float8send ((b.planned_samples)::double precision) || float8send ((b.total_iterations)::double precision) || float8send ((b.repetitions)::double precision) || float8send ((coalesce(s.tried, f.count, 0))::double precision) || float8send ((coalesce(s.failed, f.sum, 0))::double precision) || float8send ((coalesce(s.most, 1))::double precision) || float8send ((coalesce(s.beyond, 0))::double precision) || float8send (
              (
                coalesce(
                  case
                    when s.benchmark_id is null then o."samples"
                    else r."samples"
                  end,
                  0
                )
              )::double precision
            ) || float8send (
              (
                coalesce(
                  case
                    when s.benchmark_id is null then o."failed"
                    else r."failed"
                  end,
                  0
                )
              )::double precision
            ),
            ''::bytea
          ),
          'base64'
        ),
        ''
      )
    from
      benchmarks b
      left join metric_rollups f on f.dataset = $16
      and f.metric = $17
      and f.benchmark_id = b.id
      left join (
        select
          benchmark_id,
          sum(samples) filter (
            where
              metric = 'metrics.failed'
          ) as tried,
          sum(failed) filter (
            where
              metric = 'metrics.failed'
          ) as failed,
          max(tries) filter (
            where
              metric = 'metrics.failed'
          ) as most,
          sum(samples) filter (
            where
              is_beyond
          ) as beyond
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
          benchmark_id
      ) s on s.benchmark_id = b.id
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
      ) r on r.benchmark_id = b.id
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
                      count as samples,
                      failed
                    from
                      metric_rollups
                    where
                      dataset = $18
                      and false
                    union all
                    select
                      d.benchmark_id,
                      d.metric,
                      d.count,
                      d.failed
                    from
                      metric_deltas d
                      join benchmarks b on b.id = d.benchmark_id
                      and b.status = $19
                      and b.provider = $20
                      and b.dataset = $21
                      and b.labels @> $22
                      and b.created_at >= $23
                      and b.created_at < $24
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
      ) o on o.benchmark_id = b.id
    where
      b.status = $25
      and b.provider = $26
      and b.dataset = $27
      and b.labels @> $28
      and b.created_at >= $29
      and b.created_at < $30
  ) as plans,
  (
    select
      coalesce(
        encode(
          string_agg(
            uuid_send (part.benchmark_id) || float8send ((part."count")::double precision) || float8send ((part."failed")::double precision) || float8send ((part."sum")::double precision) || float8send ((part."m2")::double precision) || float8send ((part."min")::double precision) || float8send ((part."max")::double precision),
            ''::bytea
          ),
          'base64'
        ),
        ''
      )
    from
      metric_deltas part
      join benchmarks b on b.id = part.benchmark_id
      and b.status = $31
      and b.provider = $32
      and b.dataset = $33
      and b.labels @> $34
      and b.created_at >= $35
      and b.created_at < $36
    where
      part.metric = $37
  ) as tried,
  (
    select
      coalesce(
        encode(
          string_agg(
            uuid_send (part.benchmark_id) || float8send ((part."count")::double precision) || float8send ((part."failed")::double precision) || float8send ((part."sum")::double precision) || float8send ((part."m2")::double precision) || float8send ((part."min")::double precision) || float8send ((part."max")::double precision),
            ''::bytea
          ),
          'base64'
        ),
        ''
      )
    from
      (
        select
          m.*,
          0 as failed
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
                                  case jsonb_typeof(e.metrics -> $38::text)
                                    when 'number' then (e.metrics -> $39::text)::double precision
                                    when 'boolean' then (e.metrics -> $40::text)::boolean::integer::double precision
                                  end as value
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
      ) part
    where
      not exists (
        select
        from
          stale_rollups s
        where
          s.benchmark_id = "part"."benchmark_id"
          and not $41 = any (s.names)
      )
  ) as reduced,
  (
    select
      coalesce(
        encode(
          string_agg(
            uuid_send (part.benchmark_id) || float8send ((part."count")::double precision) || float8send ((part."failed")::double precision) || float8send ((part."sum")::double precision) || float8send ((part."m2")::double precision) || float8send ((part."min")::double precision) || float8send ((part."max")::double precision),
            ''::bytea
          ),
          'base64'
        ),
        ''
      )
    from
      metric_rollups part
      join benchmarks b on b.id = part.benchmark_id
      and b.status = $42
      and b.provider = $43
      and b.dataset = $44
      and b.labels @> $45
      and b.created_at >= $46
      and b.created_at < $47
    where
      part.dataset = $48
      and part.metric = $49
  ) as base,
  (
    select
      coalesce(
        encode(
          string_agg(
            uuid_send (part.benchmark_id) || float8send ((part."count")::double precision) || float8send ((part."failed")::double precision) || float8send ((part."sum")::double precision) || float8send ((part."m2")::double precision) || float8send ((part."min")::double precision) || float8send ((part."max")::double precision),
            ''::bytea
          ),
          'base64'
        ),
        ''
      )
    from
      metric_deltas part
      join benchmarks b on b.id = part.benchmark_id
      and b.status = $50
      and b.provider = $51
      and b.dataset = $52
      and b.labels @> $53
      and b.created_at >= $54
      and b.created_at < $55
    where
      part.metric = $56
      and not exists (
        select
        from
          stale_rollups s
        where
          s.benchmark_id = "part"."benchmark_id"
          and not $57 = any (s.names)
      )
  ) as deltas,
  (
    select
      coalesce(encode(string_agg(uuid_send (m.id), ''::bytea), 'base64'), '')
    from
      (
        select
          s.benchmark_id as id
        from
          stale_rollups s
          join benchmarks b on b.id = s.benchmark_id
          and b.status = $58
          and b.provider = $59
          and b.dataset = $60
          and b.labels @> $61
          and b.created_at >= $62
          and b.created_at < $63
        where
          s.is_missing
        union
        select
          id
        from
          repeated
        where
          id not in (
            select
              id
            from
              kept
          )
      ) m
  ) as missing;
-- $1 = 'completed'
-- $2 = 'p'
-- $3 = 'd'
-- $4 = '{"a":"b"}'
-- $5 = '2026-01-31T12:00:00.000001Z'
-- $6 = '2026-01-31T12:00:00.000001Z'
-- $7 = 20000
-- $8 = 20001
-- $9 = 'accuracy'
-- $10 = 'metrics.failed'
-- $11 = 255
-- $12 = 'accuracy'
-- $13 = 'metrics.failed'
-- $14 = 'accuracy'
-- $15 = 'accuracy'
-- $16 = 'd'
-- $17 = 'metrics.failed'
-- $18 = 'd'
-- $19 = 'completed'
-- $20 = 'p'
-- $21 = 'd'
-- $22 = '{"a":"b"}'
-- $23 = '2026-01-31T12:00:00.000001Z'
-- $24 = '2026-01-31T12:00:00.000001Z'
-- $25 = 'completed'
-- $26 = 'p'
-- $27 = 'd'
-- $28 = '{"a":"b"}'
-- $29 = '2026-01-31T12:00:00.000001Z'
-- $30 = '2026-01-31T12:00:00.000001Z'
-- $31 = 'completed'
-- $32 = 'p'
-- $33 = 'd'
-- $34 = '{"a":"b"}'
-- $35 = '2026-01-31T12:00:00.000001Z'
-- $36 = '2026-01-31T12:00:00.000001Z'
-- $37 = 'metrics.failed'
-- $38 = 'accuracy'
-- $39 = 'accuracy'
-- $40 = 'accuracy'
-- $41 = 'accuracy'
-- $42 = 'completed'
-- $43 = 'p'
-- $44 = 'd'
-- $45 = '{"a":"b"}'
-- $46 = '2026-01-31T12:00:00.000001Z'
-- $47 = '2026-01-31T12:00:00.000001Z'
-- $48 = 'd'
-- $49 = 'accuracy'
-- $50 = 'completed'
-- $51 = 'p'
-- $52 = 'd'
-- $53 = '{"a":"b"}'
-- $54 = '2026-01-31T12:00:00.000001Z'
-- $55 = '2026-01-31T12:00:00.000001Z'
-- $56 = 'accuracy'
-- $57 = 'accuracy'
-- $58 = 'completed'
-- $59 = 'p'
-- $60 = 'd'
-- $61 = '{"a":"b"}'
-- $62 = '2026-01-31T12:00:00.000001Z'
-- $63 = '2026-01-31T12:00:00.000001Z'

-- leaderboard_parts, 3 of 3
with
  repeated as materialized (
    select
      r.benchmark_id as id,
      r.is_missing
    from
      repeated_benchmarks r
      join benchmarks b on b.id = r.benchmark_id
      and b.dataset = $1
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
            metric in ($4, $5)
            or (
              substring(
                metric
                from
                  '^.+?/((?:train|valid|test)(?:/.*)?)$'
              ) <> $6
              and (
                starts_with(metric, $7::text)
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
                      length(f.metric) <= $8
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
            metric in ($9, $10)
            or (
              substring(
                metric
                from
                  '^.+?/((?:train|valid|test)(?:/.*)?)$'
              ) <> $11
              and (
                starts_with(metric, $12::text)
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
  (
    select
      coalesce(
        encode(
          string_agg(
            uuid_send (g.benchmark_id) || float8send ((g."tries")::double precision) || float8send ((g."successes")::double precision) || float8send ((g."samples")::double precision) || float8send ((g."alike")::double precision) || float8send ((g."fractional")::double precision) || float8send ((g."failed")::double precision) || float8send (
              (
                case
                  when g.fractional = 0
                  or abs(g.sum) < 1e-290 * g.fractional then 0
                  else g.sum / g.fractional
                end::double precision
              )::double precision
            ) || float8send (
              (
                case
                  when g.fractional = 0
                  or abs((g.fractional * g.squares - g.sum * g.sum)) < 1e-290 * g.fractional then 0
                  else (g.fractional * g.squares - g.sum * g.sum) / g.fractional
                end::double precision
              )::double precision
            ),
            ''::bytea
          ),
          'base64'
        ),
        ''
      )
    from
      grouped g
    where
      g.metric = $13
      and not exists (
        select
        from
          stale_rollups s
        where
          s.benchmark_id = "g"."benchmark_id"
          and not $14 = any (s.names)
      )
  ) as groups,
  (
    select
      coalesce(
        encode(
          string_agg(
            uuid_send (b.id) || float8send ((b.planned_samples)::double precision) || float8send ((b.total_iterations)::double precision) || float8send ((b.repetitions)::double precision) || float8send ((coalesce(s.tried, f.count, 0))::double precision) || float8send ((coalesce(s.failed, f.sum, 0))::double precision) || float8send ((coalesce(s.most, 1))::double precision) || float8send ((coalesce(s.beyond, 0))::double precision) || float8send (
              (
                coalesce(
                  case
                    when s.benchmark_id is null then o."samples"
                    else r."samples"
                  end,
                  0
                )
              )::double precision
            ) || float8send (
              (
                coalesce(
                  case
                    when s.benchmark_id is null then o."failed"
                    else r."failed"
                  end,
                  0
                )
              )::double precision
            ),
            ''::bytea
          ),
          'base64'
        ),
        ''
      )
    from
      benchmarks b
      left join metric_rollups f on f.dataset = $15
      and f.metric = $16
      and f.benchmark_id = b.id
      left join (
        select
          benchmark_id,
          sum(samples) filter (
            where
              metric = 'metrics.failed'
          ) as tried,
          sum(failed) filter (
            where
              metric = 'metrics.failed'
          ) as failed,
          max(tries) filter (
            where
              metric = 'metrics.failed'
          ) as most,
          sum(samples) filter (
            where
              is_beyond
          ) as beyond
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
          benchmark_id
      ) s on s.benchmark_id = b.id
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
                        ) <> $17
                        and (
                          starts_with(metric, $18::text)
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
      ) r on r.benchmark_id = b.id
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
                      count as samples,
                      failed
                    from
                      metric_rollups
                    where
                      dataset = $19
                      and (
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
                    union all
                    select
                      d.benchmark_id,
                      d.metric,
                      d.count,
                      d.failed
                    from
                      metric_deltas d
                      join benchmarks b on b.id = d.benchmark_id
                      and b.dataset = $22
                    where
                      (
                        substring(
                          metric
                          from
                            '^.+?/((?:train|valid|test)(?:/.*)?)$'
                        ) <> $23
                        and (
                          starts_with(metric, $24::text)
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
      ) o on o.benchmark_id = b.id
    where
      b.dataset = $25
  ) as plans,
  (
    select
      coalesce(
        encode(
          string_agg(
            uuid_send (part.benchmark_id) || float8send ((part."count")::double precision) || float8send ((part."failed")::double precision) || float8send ((part."sum")::double precision) || float8send ((part."m2")::double precision) || float8send ((part."min")::double precision) || float8send ((part."max")::double precision),
            ''::bytea
          ),
          'base64'
        ),
        ''
      )
    from
      metric_deltas part
      join benchmarks b on b.id = part.benchmark_id
      and b.dataset = $26
    where
      part.metric = $27
  ) as tried,
  '' as reduced,
  (
    select
      coalesce(
        encode(
          string_agg(
            uuid_send (part.benchmark_id) || float8send ((part."count")::double precision) || float8send ((part."failed")::double precision) || float8send ((part."sum")::double precision) || float8send ((part."m2")::double precision) || float8send ((part."min")::double precision) || float8send ((part."max")::double precision),
            ''::bytea
          ),
          'base64'
        ),
        ''
      )
    from
      metric_rollups part
    where
      part.dataset = $28
      and part.metric = $29
  ) as base,
  (
    select
      coalesce(
        encode(
          string_agg(
            uuid_send (part.benchmark_id) || float8send ((part."count")::double precision) || float8send ((part."failed")::double precision) || float8send ((part."sum")::double precision) || float8send ((part."m2")::double precision) || float8send ((part."min")::double precision) || float8send ((part."max")::double precision),
            ''::bytea
          ),
          'base64'
        ),
        ''
      )
    from
      metric_deltas part
      join benchmarks b on b.id = part.benchmark_id
      and b.dataset = $30
    where
      part.metric = $31
      and not exists (
        select
        from
          stale_rollups s
        where
          s.benchmark_id = "part"."benchmark_id"
          and not $32 = any (s.names)
      )
  ) as deltas,
  (
    select
      coalesce(encode(string_agg(uuid_send (m.id), ''::bytea), 'base64'), '')
    from
      (
        select
          s.benchmark_id as id
        from
          stale_rollups s
          join benchmarks b on b.id = s.benchmark_id
          and b.dataset = $33
        where
          s.is_missing
        union
        select
          id
        from
          repeated
        where
          id not in (
            select
              id
            from
              kept
          )
      ) m
  ) as missing;
-- $1 = 'd'
-- $2 = 20000
-- $3 = 20001
-- $4 = 'accuracy/test'
-- $5 = 'metrics.failed'
-- $6 = 'test'
-- $7 = 'accuracy/'
-- $8 = 255
-- $9 = 'accuracy/test'
-- $10 = 'metrics.failed'
-- $11 = 'test'
-- $12 = 'accuracy/'
-- $13 = 'accuracy/test'
-- $14 = 'accuracy/test'
-- $15 = 'd'
-- $16 = 'metrics.failed'
-- $17 = 'test'
-- $18 = 'accuracy/'
-- $19 = 'd'
-- $20 = 'test'
-- $21 = 'accuracy/'
-- $22 = 'd'
-- $23 = 'test'
-- $24 = 'accuracy/'
-- $25 = 'd'
-- $26 = 'd'
-- $27 = 'metrics.failed'
-- $28 = 'd'
-- $29 = 'accuracy/test'
-- $30 = 'd'
-- $31 = 'accuracy/test'
-- $32 = 'accuracy/test'
-- $33 = 'd'
