-- leaderboard_parts, 1 of 2
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
  )
select
  (
    select
      coalesce(
        encode(
          string_agg(
            uuid_send (g.benchmark_id) || float8send (g.tries) || float8send (g.successes) || float8send (g.samples::double precision) || float8send (g.alike::double precision) || float8send (g.fractional::double precision) || float8send (
              case
                when g.fractional = 0
                or abs(g.sum) < 1e-290 * g.fractional then 0
                else g.sum / g.fractional
              end::double precision
            ) || float8send (
              case
                when g.fractional = 0
                or abs((g.fractional * g.squares - g.sum * g.sum)) < 1e-290 * g.fractional then 0
                else (g.fractional * g.squares - g.sum * g.sum) / g.fractional
              end::double precision
            ),
            ''::bytea
          ),
          'base64'
        ),
        ''
      )
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
              and metric = $3
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
              metric = $5
          ) g
        group by
          benchmark_id,
          metric,
          tries,
          successes
        having
          sum(samples) > 0
      ) g
    where
      true
  ) as groups,
  '' as reduced,
  (
    select
      coalesce(
        encode(
          string_agg(
            uuid_send (part.benchmark_id) || float8send (part.count::double precision) || float8send (part.sum) || float8send (part.m2),
            ''::bytea
          ),
          'base64'
        ),
        ''
      )
    from
      metric_rollups part
    where
      part.dataset = $6
      and part.metric = $7
  ) as base,
  (
    select
      coalesce(
        encode(
          string_agg(
            uuid_send (part.benchmark_id) || float8send (part.count::double precision) || float8send (part.sum) || float8send (part.m2),
            ''::bytea
          ),
          'base64'
        ),
        ''
      )
    from
      metric_deltas part
      join benchmarks b on b.id = part.benchmark_id
      and b.dataset = $8
    where
      part.metric = $9
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
          and b.dataset = $10
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
-- $4 = 255
-- $5 = 'score'
-- $6 = 'd'
-- $7 = 'score'
-- $8 = 'd'
-- $9 = 'score'
-- $10 = 'd'

-- leaderboard_parts, 2 of 2
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
  )
select
  (
    select
      coalesce(
        encode(
          string_agg(
            uuid_send (g.benchmark_id) || float8send (g.tries) || float8send (g.successes) || float8send (g.samples::double precision) || float8send (g.alike::double precision) || float8send (g.fractional::double precision) || float8send (
              case
                when g.fractional = 0
                or abs(g.sum) < 1e-290 * g.fractional then 0
                else g.sum / g.fractional
              end::double precision
            ) || float8send (
              case
                when g.fractional = 0
                or abs((g.fractional * g.squares - g.sum * g.sum)) < 1e-290 * g.fractional then 0
                else (g.fractional * g.squares - g.sum * g.sum) / g.fractional
              end::double precision
            ),
            ''::bytea
          ),
          'base64'
        ),
        ''
      )
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
              and metric = $8
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
                          length(f.metric) <= $9
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
              metric = $10
          ) g
        group by
          benchmark_id,
          metric,
          tries,
          successes
        having
          sum(samples) > 0
      ) g
    where
      not exists (
        select
        from
          stale_rollups s
        where
          s.benchmark_id = "g"."benchmark_id"
          and not $11 = any (s.names)
      )
  ) as groups,
  (
    select
      coalesce(
        encode(
          string_agg(
            uuid_send (part.benchmark_id) || float8send (part.count::double precision) || float8send (part.sum) || float8send (part.m2),
            ''::bytea
          ),
          'base64'
        ),
        ''
      )
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
                              case jsonb_typeof(e.metrics -> $12::text)
                                when 'number' then (e.metrics -> $13::text)::double precision
                                when 'boolean' then (e.metrics -> $14::text)::boolean::integer::double precision
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
      ) part
    where
      not exists (
        select
        from
          stale_rollups s
        where
          s.benchmark_id = "part"."benchmark_id"
          and not $15 = any (s.names)
      )
  ) as reduced,
  (
    select
      coalesce(
        encode(
          string_agg(
            uuid_send (part.benchmark_id) || float8send (part.count::double precision) || float8send (part.sum) || float8send (part.m2),
            ''::bytea
          ),
          'base64'
        ),
        ''
      )
    from
      metric_rollups part
      join benchmarks b on b.id = part.benchmark_id
      and b.status = $16
      and b.provider = $17
      and b.dataset = $18
      and b.labels @> $19
      and b.created_at >= $20
      and b.created_at < $21
    where
      part.dataset = $22
      and part.metric = $23
  ) as base,
  (
    select
      coalesce(
        encode(
          string_agg(
            uuid_send (part.benchmark_id) || float8send (part.count::double precision) || float8send (part.sum) || float8send (part.m2),
            ''::bytea
          ),
          'base64'
        ),
        ''
      )
    from
      metric_deltas part
      join benchmarks b on b.id = part.benchmark_id
      and b.status = $24
      and b.provider = $25
      and b.dataset = $26
      and b.labels @> $27
      and b.created_at >= $28
      and b.created_at < $29
    where
      part.metric = $30
      and not exists (
        select
        from
          stale_rollups s
        where
          s.benchmark_id = "part"."benchmark_id"
          and not $31 = any (s.names)
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
          and b.status = $32
          and b.provider = $33
          and b.dataset = $34
          and b.labels @> $35
          and b.created_at >= $36
          and b.created_at < $37
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
-- $9 = 255
-- $10 = 'accuracy'
-- $11 = 'accuracy'
-- $12 = 'accuracy'
-- $13 = 'accuracy'
-- $14 = 'accuracy'
-- $15 = 'accuracy'
-- $16 = 'completed'
-- $17 = 'p'
-- $18 = 'd'
-- $19 = '{"a":"b"}'
-- $20 = '2026-01-31T12:00:00.000001Z'
-- $21 = '2026-01-31T12:00:00.000001Z'
-- $22 = 'd'
-- $23 = 'accuracy'
-- $24 = 'completed'
-- $25 = 'p'
-- $26 = 'd'
-- $27 = '{"a":"b"}'
-- $28 = '2026-01-31T12:00:00.000001Z'
-- $29 = '2026-01-31T12:00:00.000001Z'
-- $30 = 'accuracy'
-- $31 = 'accuracy'
-- $32 = 'completed'
-- $33 = 'p'
-- $34 = 'd'
-- $35 = '{"a":"b"}'
-- $36 = '2026-01-31T12:00:00.000001Z'
-- $37 = '2026-01-31T12:00:00.000001Z'
