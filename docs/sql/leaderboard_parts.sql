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
          )
        group by
          t.benchmark_id
      ) m
  ),
  kept as materialized (
    select
      r.id
    from
      repeated r
      left join marked m on m.id = r.id
    where
      not r.is_missing
      and coalesce(m.fits, true)
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
            metric in ($3, $4)
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
                      length(f.metric) <= $5
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
            metric in ($6, $7)
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
      g.metric = $8
      and true
  ) as groups,
  (
    select
      coalesce(
        encode(
          string_agg(
            uuid_send (b.id) || float8send ((b.planned_samples)::double precision) || float8send ((b.total_iterations)::double precision) || float8send ((b.repetitions)::double precision) || float8send ((coalesce(s.tried, f.count, 0))::double precision) || float8send ((coalesce(s.failed, f.sum, 0))::double precision) || float8send ((coalesce(s.most, 1))::double precision) || float8send ((coalesce(s.elsewhere, o.samples, 0))::double precision) || float8send ((coalesce(s.elsewhere_failed, o.failed, 0))::double precision),
            ''::bytea
          ),
          'base64'
        ),
        ''
      )
    from
      benchmarks b
      left join metric_rollups f on f.dataset = $9
      and f.metric = $10
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
          coalesce(
            sum(samples) filter (
              where
                false
            ),
            0
          ) as elsewhere,
          coalesce(
            sum(failed) filter (
              where
                false
            ),
            0
          ) as elsewhere_failed
        from
          grouped
        group by
          benchmark_id
      ) s on s.benchmark_id = b.id
      left join (
        select
          benchmark_id,
          sum(count) as samples,
          sum(failed) as failed
        from
          (
            select
              benchmark_id,
              count,
              failed
            from
              metric_rollups
            where
              dataset = $11
              and false
            union all
            select
              d.benchmark_id,
              d.count,
              d.failed
            from
              metric_deltas d
              join benchmarks b on b.id = d.benchmark_id
              and b.dataset = $12
            where
              false
          ) part
        group by
          benchmark_id
      ) o on o.benchmark_id = b.id
    where
      b.dataset = $13
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
      and b.dataset = $14
    where
      part.metric = $15
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
      part.dataset = $16
      and part.metric = $17
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
      and b.dataset = $18
    where
      part.metric = $19
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
          and b.dataset = $20
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
-- $3 = 'score'
-- $4 = 'metrics.failed'
-- $5 = 255
-- $6 = 'score'
-- $7 = 'metrics.failed'
-- $8 = 'score'
-- $9 = 'd'
-- $10 = 'metrics.failed'
-- $11 = 'd'
-- $12 = 'd'
-- $13 = 'd'
-- $14 = 'd'
-- $15 = 'metrics.failed'
-- $16 = 'd'
-- $17 = 'score'
-- $18 = 'd'
-- $19 = 'score'
-- $20 = 'd'

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
          )
        group by
          t.benchmark_id
      ) m
  ),
  kept as materialized (
    select
      r.id
    from
      repeated r
      left join marked m on m.id = r.id
    where
      not r.is_missing
      and coalesce(m.fits, true)
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
            metric in ($8, $9)
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
                      length(f.metric) <= $10
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
            metric in ($11, $12)
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
            uuid_send (b.id) || float8send ((b.planned_samples)::double precision) || float8send ((b.total_iterations)::double precision) || float8send ((b.repetitions)::double precision) || float8send ((coalesce(s.tried, f.count, 0))::double precision) || float8send ((coalesce(s.failed, f.sum, 0))::double precision) || float8send ((coalesce(s.most, 1))::double precision) || float8send ((coalesce(s.elsewhere, o.samples, 0))::double precision) || float8send ((coalesce(s.elsewhere_failed, o.failed, 0))::double precision),
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
          coalesce(
            sum(samples) filter (
              where
                false
            ),
            0
          ) as elsewhere,
          coalesce(
            sum(failed) filter (
              where
                false
            ),
            0
          ) as elsewhere_failed
        from
          grouped
        group by
          benchmark_id
      ) s on s.benchmark_id = b.id
      left join (
        select
          benchmark_id,
          sum(count) as samples,
          sum(failed) as failed
        from
          (
            select
              benchmark_id,
              count,
              failed
            from
              metric_rollups
            where
              dataset = $17
              and false
            union all
            select
              d.benchmark_id,
              d.count,
              d.failed
            from
              metric_deltas d
              join benchmarks b on b.id = d.benchmark_id
              and b.status = $18
              and b.provider = $19
              and b.dataset = $20
              and b.labels @> $21
              and b.created_at >= $22
              and b.created_at < $23
            where
              false
          ) part
        group by
          benchmark_id
      ) o on o.benchmark_id = b.id
    where
      b.status = $24
      and b.provider = $25
      and b.dataset = $26
      and b.labels @> $27
      and b.created_at >= $28
      and b.created_at < $29
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
      and b.status = $30
      and b.provider = $31
      and b.dataset = $32
      and b.labels @> $33
      and b.created_at >= $34
      and b.created_at < $35
    where
      part.metric = $36
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
                                  case jsonb_typeof(e.metrics -> $37::text)
                                    when 'number' then (e.metrics -> $38::text)::double precision
                                    when 'boolean' then (e.metrics -> $39::text)::boolean::integer::double precision
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
          and not $40 = any (s.names)
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
      and b.status = $41
      and b.provider = $42
      and b.dataset = $43
      and b.labels @> $44
      and b.created_at >= $45
      and b.created_at < $46
    where
      part.dataset = $47
      and part.metric = $48
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
      and b.status = $49
      and b.provider = $50
      and b.dataset = $51
      and b.labels @> $52
      and b.created_at >= $53
      and b.created_at < $54
    where
      part.metric = $55
      and not exists (
        select
        from
          stale_rollups s
        where
          s.benchmark_id = "part"."benchmark_id"
          and not $56 = any (s.names)
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
          and b.status = $57
          and b.provider = $58
          and b.dataset = $59
          and b.labels @> $60
          and b.created_at >= $61
          and b.created_at < $62
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
-- $8 = 'accuracy'
-- $9 = 'metrics.failed'
-- $10 = 255
-- $11 = 'accuracy'
-- $12 = 'metrics.failed'
-- $13 = 'accuracy'
-- $14 = 'accuracy'
-- $15 = 'd'
-- $16 = 'metrics.failed'
-- $17 = 'd'
-- $18 = 'completed'
-- $19 = 'p'
-- $20 = 'd'
-- $21 = '{"a":"b"}'
-- $22 = '2026-01-31T12:00:00.000001Z'
-- $23 = '2026-01-31T12:00:00.000001Z'
-- $24 = 'completed'
-- $25 = 'p'
-- $26 = 'd'
-- $27 = '{"a":"b"}'
-- $28 = '2026-01-31T12:00:00.000001Z'
-- $29 = '2026-01-31T12:00:00.000001Z'
-- $30 = 'completed'
-- $31 = 'p'
-- $32 = 'd'
-- $33 = '{"a":"b"}'
-- $34 = '2026-01-31T12:00:00.000001Z'
-- $35 = '2026-01-31T12:00:00.000001Z'
-- $36 = 'metrics.failed'
-- $37 = 'accuracy'
-- $38 = 'accuracy'
-- $39 = 'accuracy'
-- $40 = 'accuracy'
-- $41 = 'completed'
-- $42 = 'p'
-- $43 = 'd'
-- $44 = '{"a":"b"}'
-- $45 = '2026-01-31T12:00:00.000001Z'
-- $46 = '2026-01-31T12:00:00.000001Z'
-- $47 = 'd'
-- $48 = 'accuracy'
-- $49 = 'completed'
-- $50 = 'p'
-- $51 = 'd'
-- $52 = '{"a":"b"}'
-- $53 = '2026-01-31T12:00:00.000001Z'
-- $54 = '2026-01-31T12:00:00.000001Z'
-- $55 = 'accuracy'
-- $56 = 'accuracy'
-- $57 = 'completed'
-- $58 = 'p'
-- $59 = 'd'
-- $60 = '{"a":"b"}'
-- $61 = '2026-01-31T12:00:00.000001Z'
-- $62 = '2026-01-31T12:00:00.000001Z'

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
          )
        group by
          t.benchmark_id
      ) m
  ),
  kept as materialized (
    select
      r.id
    from
      repeated r
      left join marked m on m.id = r.id
    where
      not r.is_missing
      and coalesce(m.fits, true)
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
            metric in ($3, $4)
            or (
              metric <> $5
              and starts_with(metric, $6::text)
              and substr(metric, length($7::text) + 1) ~ '^(train|valid|test)(/|$)'
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
              metric <> $11
              and starts_with(metric, $12::text)
              and substr(metric, length($13::text) + 1) ~ '^(train|valid|test)(/|$)'
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
            uuid_send (b.id) || float8send ((b.planned_samples)::double precision) || float8send ((b.total_iterations)::double precision) || float8send ((b.repetitions)::double precision) || float8send ((coalesce(s.tried, f.count, 0))::double precision) || float8send ((coalesce(s.failed, f.sum, 0))::double precision) || float8send ((coalesce(s.most, 1))::double precision) || float8send ((coalesce(s.elsewhere, o.samples, 0))::double precision) || float8send ((coalesce(s.elsewhere_failed, o.failed, 0))::double precision),
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
          coalesce(
            sum(samples) filter (
              where
                (
                  metric <> $18
                  and starts_with(metric, $19::text)
                  and substr(metric, length($20::text) + 1) ~ '^(train|valid|test)(/|$)'
                )
            ),
            0
          ) as elsewhere,
          coalesce(
            sum(failed) filter (
              where
                (
                  metric <> $21
                  and starts_with(metric, $22::text)
                  and substr(metric, length($23::text) + 1) ~ '^(train|valid|test)(/|$)'
                )
            ),
            0
          ) as elsewhere_failed
        from
          grouped
        group by
          benchmark_id
      ) s on s.benchmark_id = b.id
      left join (
        select
          benchmark_id,
          sum(count) as samples,
          sum(failed) as failed
        from
          (
            select
              benchmark_id,
              count,
              failed
            from
              metric_rollups
            where
              dataset = $24
              and (
                metric <> $25
                and starts_with(metric, $26::text)
                and substr(metric, length($27::text) + 1) ~ '^(train|valid|test)(/|$)'
              )
            union all
            select
              d.benchmark_id,
              d.count,
              d.failed
            from
              metric_deltas d
              join benchmarks b on b.id = d.benchmark_id
              and b.dataset = $28
            where
              (
                metric <> $29
                and starts_with(metric, $30::text)
                and substr(metric, length($31::text) + 1) ~ '^(train|valid|test)(/|$)'
              )
          ) part
        group by
          benchmark_id
      ) o on o.benchmark_id = b.id
    where
      b.dataset = $32
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
      and b.dataset = $33
    where
      part.metric = $34
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
      part.dataset = $35
      and part.metric = $36
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
      and b.dataset = $37
    where
      part.metric = $38
      and not exists (
        select
        from
          stale_rollups s
        where
          s.benchmark_id = "part"."benchmark_id"
          and not $39 = any (s.names)
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
          and b.dataset = $40
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
-- $3 = 'accuracy/test'
-- $4 = 'metrics.failed'
-- $5 = 'accuracy/test'
-- $6 = 'accuracy/'
-- $7 = 'accuracy/'
-- $8 = 255
-- $9 = 'accuracy/test'
-- $10 = 'metrics.failed'
-- $11 = 'accuracy/test'
-- $12 = 'accuracy/'
-- $13 = 'accuracy/'
-- $14 = 'accuracy/test'
-- $15 = 'accuracy/test'
-- $16 = 'd'
-- $17 = 'metrics.failed'
-- $18 = 'accuracy/test'
-- $19 = 'accuracy/'
-- $20 = 'accuracy/'
-- $21 = 'accuracy/test'
-- $22 = 'accuracy/'
-- $23 = 'accuracy/'
-- $24 = 'd'
-- $25 = 'accuracy/test'
-- $26 = 'accuracy/'
-- $27 = 'accuracy/'
-- $28 = 'd'
-- $29 = 'accuracy/test'
-- $30 = 'accuracy/'
-- $31 = 'accuracy/'
-- $32 = 'd'
-- $33 = 'd'
-- $34 = 'metrics.failed'
-- $35 = 'd'
-- $36 = 'accuracy/test'
-- $37 = 'd'
-- $38 = 'accuracy/test'
-- $39 = 'accuracy/test'
-- $40 = 'd'
