-- rollup_read_repeated
with
  kept as materialized (
    select
      $1::uuid as id
    where
      exists (
        select
        from
          repeated_benchmarks r
        where
          r.benchmark_id = $2::uuid
          and $3 >= case
            when r.is_missing then case
              when exists (
                select
                from
                  stale_rollups s
                where
                  s.benchmark_id = $4::uuid
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
                      benchmark_id = $6::uuid
                      and metric = 'metrics.failed'
                    union all
                    select
                      count
                    from
                      metric_deltas
                    where
                      benchmark_id = $7::uuid
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
                t.benchmark_id = $8::uuid
            )
          end
      )
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
  grouped as (
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
                cardinality($9::"text" []) = 0
                or metric = any ($10::"text" [])
                or metric in ('score', 'latency_ms', 'input_tokens', 'output_tokens', 'cost_usd', 'metrics.failed')
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
                cardinality($12::"text" []) = 0
                or metric = any ($13::"text" [])
                or metric in ('score', 'latency_ms', 'input_tokens', 'output_tokens', 'cost_usd', 'metrics.failed')
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
      g.metric
  ),
  asked as (
    select
      $14::"text" [] as names
  ),
  delta as (
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
      bin_highs
    from
      metric_deltas,
      asked
    where
      benchmark_id = $15
      and (
        cardinality(names) = 0
        or metric = any (names)
        or metric in ('score', 'latency_ms', 'input_tokens', 'output_tokens', 'cost_usd', 'metrics.failed')
      )
  ),
  base as (
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
      bin_highs
    from
      metric_rollups,
      asked
    where
      benchmark_id = $16
      and (
        cardinality(names) = 0
        or metric = any (names)
        or metric in ('score', 'latency_ms', 'input_tokens', 'output_tokens', 'cost_usd', 'metrics.failed')
      )
  ),
  size as (
    select
      coalesce(sum(cardinality(bins)), 0) > $17 as is_too_large
    from
      (
        select
          bins
        from
          base
        union all
        select
          bins
        from
          delta
      ) p
  ),
  part as (
    select
      *
    from
      delta
    where
      not (
        select
          is_too_large
        from
          size
      )
    union all
    select
      *
    from
      base
    where
      not (
        select
          is_too_large
        from
          size
      )
      and metric in (
        select
          metric
        from
          delta
      )
  ),
  merged as (
    select
      *,
      false as is_lossy,
      false as was_taken
    from
      base
    where
      not (
        select
          is_too_large
        from
          size
      )
      and metric not in (
        select
          metric
        from
          delta
      )
    union all
    select
      m.benchmark_id,
      m.metric,
      m.count,
      m.failed,
      case
        when m.was_taken
        and b.min = b.max then b.min * m.count
        else m.sum
      end as sum,
      case
        when m.was_taken
        and b.min = b.max then 0
        else m.m2
      end as m2,
      b.min,
      b.max,
      b.bins,
      b.bin_counts,
      b.bin_lows,
      b.bin_highs,
      case
        when not m.was_taken
        or b.min = b.max then false
        when m.size > 1e-290 then m.m2 < 1e-5 * m.size
        else true
      end as is_lossy,
      m.was_taken
    from
      (
        select
          part.benchmark_id,
          part.metric,
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
          bool_or(part.count < 0) as was_taken,
          sum(
            abs(
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
            )
          ) as size
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
                  sum(part.count) over whole as n,
                  sum(part.sum) over whole as total
                from
                  part part
                window
                  whole as (
                    partition by
                      part.benchmark_id,
                      part.metric
                  )
              ) part
            where
              part.n > 0
          ) part
        group by
          part.benchmark_id,
          part.metric
      ) m
      join (
        with
          bin as materialized (
            select
              u.bin,
              part.metric,
              part.benchmark_id,
              sum(u.count)::bigint as count,
              min(u.low) as low,
              max(u.high) as high,
              not bool_or(u.low < u.high)
              and min(u.low) < max(u.high) as has_values
            from
              part part
              cross join lateral unnest(part.bins, part.bin_counts, part.bin_lows, part.bin_highs) u (bin, count, low, high)
            group by
              1,
              2,
              3
            having
              sum(u.count) > 0
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
              and true
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
                  u.bin,
                  part.metric,
                  part.benchmark_id,
                  sum(u.count)::bigint as count,
                  u.low
                from
                  (
                    select
                      *
                    from
                      part p
                    where
                      (
                        select
                          count(*) > 0
                        from
                          divided
                      )
                      and (p.benchmark_id, p.metric) in (
                        select
                          benchmark_id,
                          metric
                        from
                          divided
                      )
                  ) part
                  cross join lateral unnest(part.bins, part.bin_counts, part.bin_lows, part.bin_highs) u (bin, count, low, high)
                group by
                  1,
                  2,
                  3,
                  5
                having
                  sum(u.count) > 0
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
          e.benchmark_id,
          e.metric,
          min(e.low) as min,
          max(e.high) as max,
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
      ) b on b.benchmark_id = m.benchmark_id
      and b.metric = m.metric
  )
select
  m.metric,
  coalesce(m.count, 0) as count,
  coalesce(m.failed, 0) as failed,
  coalesce(m.sum, 0) as sum,
  coalesce(m.m2, 0) as m2,
  coalesce(m.min, 0) as min,
  coalesce(m.max, 0) as max,
  coalesce(array_send (m.bin_counts), '') as counts,
  coalesce(array_send (m.bin_lows), '') as lows,
  coalesce(array_send (m.bin_highs), '') as highs,
  g.groups as groups,
  coalesce(m.is_lossy, false) as is_lossy,
  coalesce(m.was_taken, false) as was_taken,
  coalesce(s.is_missing, false)
  or size.is_too_large
  or not exists (
    select
      id
    from
      kept
  ) as is_missing,
  exists (
    select
    from
      repeated_benchmarks r
    where
      r.benchmark_id = one.id
  ) as is_repeated,
  coalesce(s.names_left_out, 0) as names_left_out
from
  (
    select
      $18::uuid as id
  ) one
  cross join size
  left join stale_rollups s on s.benchmark_id = one.id
  left join merged m on s.names is null
  or m.metric = any (s.names)
  or m.metric in ('score', 'latency_ms', 'input_tokens', 'output_tokens', 'cost_usd', 'metrics.failed')
  left join grouped g on g.metric = m.metric;
-- $1 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $2 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $3 = 20000
-- $4 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $5 = 20001
-- $6 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $7 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $8 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $9 = '{a}'
-- $10 = '{a}'
-- $11 = 255
-- $12 = '{a}'
-- $13 = '{a}'
-- $14 = '{a}'
-- $15 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $16 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $17 = 250000
-- $18 = '01890a5d-ac96-774b-bcce-b302099a8057'
