-- evaluation_update, 1 of 2
with
  before as (
    select
      *,
      error is not null as failed
    from
      evaluations
    where
      id = $1
      and benchmark_id = $2
  ),
  e as (
    update evaluations
    set
      updated_at = now()
    where
      id = $3
      and benchmark_id = $4
    returning
      *,
      error is not null as failed
  ),
  change as (
    select
      benchmark_id,
      (error is null)::integer - $5::integer as completed,
      (error is not null)::integer - $6::integer as failed,
      0 as named_samples,
      0 as ids_hash,
      0 as inputs_hash
    from
      e
  ),
  counted as (
    insert into
      benchmark_count_deltas (benchmark_id, completed, failed, named_samples, ids_hash, inputs_hash)
    select
      benchmark_id,
      completed,
      failed,
      named_samples,
      ids_hash,
      inputs_hash
    from
      change
    where
      completed <> 0
      or failed <> 0
      or inputs_hash <> 0
  ),
  rollup as (
    select
      part.*,
      part.metric in ('score', 'latency_ms', 'input_tokens', 'output_tokens', 'cost_usd', 'metrics.failed') as is_built_in,
      length(part.metric) <= '255'::integer
      and dense_rank() over (
        partition by
          part.benchmark_id,
          part.metric in ('score', 'latency_ms', 'input_tokens', 'output_tokens', 'cost_usd', 'metrics.failed')
        order by
          part.metric
      ) <= '256'::integer as fits
    from
      (
        select
          part.benchmark_id,
          part.metric,
          - sum(part.count)::bigint as count,
          - sum(part.failed)::bigint as failed,
          - sum(part.sum) as sum,
          - greatest(sum(part.deviations), 0) as m2,
          min(part.low) as min,
          max(part.high) as max,
          array_agg(
            part.bin
            order by
              part.bin,
              part.low
          ) as bins,
          array_agg(
            - part.count
            order by
              part.bin,
              part.low
          ) as bin_counts,
          array_agg(
            part.low
            order by
              part.bin,
              part.low
          ) as bin_lows,
          array_agg(
            part.high
            order by
              part.bin,
              part.low
          ) as bin_highs
        from
          (
            select
              part.bin,
              part.metric,
              part.benchmark_id,
              sum(part.count)::bigint as count,
              sum(part.failed) as failed,
              sum(part.sum) as sum,
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
              ) as deviations,
              min(part.low) as low,
              max(part.high) as high
            from
              (
                select
                  part.*,
                  case
                    when abs(sum(part.sum) over whole) < 1e-290 then 0
                    else sum(part.sum) over whole / sum(part.count) over whole
                  end as mean,
                  count(*) over whole as entries
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
                      min(v.value) + 0 as low,
                      max(v.value) + 0 as high
                    from
                      (
                        (
                          select
                            v.*
                          from
                            (
                              select
                                e.benchmark_id,
                                'metrics.failed' as metric,
                                e.failed::integer::double precision as value,
                                e.failed
                              from
                                "before" e
                              union all
                              select
                                e.benchmark_id,
                                'score' as metric,
                                e."score"::double precision as value,
                                e.failed
                              from
                                "before" e
                              union all
                              select
                                e.benchmark_id,
                                'latency_ms' as metric,
                                e."latency_ms"::double precision as value,
                                e.failed
                              from
                                "before" e
                              union all
                              select
                                e.benchmark_id,
                                'input_tokens' as metric,
                                e."input_tokens"::double precision as value,
                                e.failed
                              from
                                "before" e
                              union all
                              select
                                e.benchmark_id,
                                'output_tokens' as metric,
                                e."output_tokens"::double precision as value,
                                e.failed
                              from
                                "before" e
                              union all
                              select
                                e.benchmark_id,
                                'cost_usd' as metric,
                                e."cost_usd"::double precision as value,
                                e.failed
                              from
                                "before" e
                              union all
                              select
                                e.benchmark_id,
                                v.metric,
                                v.value,
                                e.failed
                              from
                                "before" e
                                cross join lateral (
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
                            ) v
                          where
                            abs(v.value) < 1e+150
                        )
                        except
                        (
                          select
                            v.*
                          from
                            (
                              select
                                e.benchmark_id,
                                'metrics.failed' as metric,
                                e.failed::integer::double precision as value,
                                e.failed
                              from
                                "e" e
                              union all
                              select
                                e.benchmark_id,
                                'score' as metric,
                                e."score"::double precision as value,
                                e.failed
                              from
                                "e" e
                              union all
                              select
                                e.benchmark_id,
                                'latency_ms' as metric,
                                e."latency_ms"::double precision as value,
                                e.failed
                              from
                                "e" e
                              union all
                              select
                                e.benchmark_id,
                                'input_tokens' as metric,
                                e."input_tokens"::double precision as value,
                                e.failed
                              from
                                "e" e
                              union all
                              select
                                e.benchmark_id,
                                'output_tokens' as metric,
                                e."output_tokens"::double precision as value,
                                e.failed
                              from
                                "e" e
                              union all
                              select
                                e.benchmark_id,
                                'cost_usd' as metric,
                                e."cost_usd"::double precision as value,
                                e.failed
                              from
                                "e" e
                              union all
                              select
                                e.benchmark_id,
                                v.metric,
                                v.value,
                                e.failed
                              from
                                "e" e
                                cross join lateral (
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
                            ) v
                          where
                            abs(v.value) < 1e+150
                        )
                      ) v
                    group by
                      1,
                      2,
                      3,
                      v.value
                  ) part
                window
                  whole as (
                    partition by
                      part.benchmark_id,
                      part.metric
                  )
              ) part
            group by
              1,
              2,
              3,
              case
                when part.entries <= '100'::integer then part.low
              end
          ) part
        group by
          part.benchmark_id,
          part.metric
        union all
        select
          part.benchmark_id,
          part.metric,
          sum(part.count)::bigint as count,
          sum(part.failed)::bigint as failed,
          sum(part.sum) as sum,
          greatest(sum(part.deviations), 0) as m2,
          min(part.low) as min,
          max(part.high) as max,
          array_agg(
            part.bin
            order by
              part.bin,
              part.low
          ) as bins,
          array_agg(
            part.count
            order by
              part.bin,
              part.low
          ) as bin_counts,
          array_agg(
            part.low
            order by
              part.bin,
              part.low
          ) as bin_lows,
          array_agg(
            part.high
            order by
              part.bin,
              part.low
          ) as bin_highs
        from
          (
            select
              part.bin,
              part.metric,
              part.benchmark_id,
              sum(part.count)::bigint as count,
              sum(part.failed) as failed,
              sum(part.sum) as sum,
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
              ) as deviations,
              min(part.low) as low,
              max(part.high) as high
            from
              (
                select
                  part.*,
                  case
                    when abs(sum(part.sum) over whole) < 1e-290 then 0
                    else sum(part.sum) over whole / sum(part.count) over whole
                  end as mean,
                  count(*) over whole as entries
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
                      min(v.value) + 0 as low,
                      max(v.value) + 0 as high
                    from
                      (
                        (
                          select
                            v.*
                          from
                            (
                              select
                                e.benchmark_id,
                                'metrics.failed' as metric,
                                e.failed::integer::double precision as value,
                                e.failed
                              from
                                "e" e
                              union all
                              select
                                e.benchmark_id,
                                'score' as metric,
                                e."score"::double precision as value,
                                e.failed
                              from
                                "e" e
                              union all
                              select
                                e.benchmark_id,
                                'latency_ms' as metric,
                                e."latency_ms"::double precision as value,
                                e.failed
                              from
                                "e" e
                              union all
                              select
                                e.benchmark_id,
                                'input_tokens' as metric,
                                e."input_tokens"::double precision as value,
                                e.failed
                              from
                                "e" e
                              union all
                              select
                                e.benchmark_id,
                                'output_tokens' as metric,
                                e."output_tokens"::double precision as value,
                                e.failed
                              from
                                "e" e
                              union all
                              select
                                e.benchmark_id,
                                'cost_usd' as metric,
                                e."cost_usd"::double precision as value,
                                e.failed
                              from
                                "e" e
                              union all
                              select
                                e.benchmark_id,
                                v.metric,
                                v.value,
                                e.failed
                              from
                                "e" e
                                cross join lateral (
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
                            ) v
                          where
                            abs(v.value) < 1e+150
                        )
                        except
                        (
                          select
                            v.*
                          from
                            (
                              select
                                e.benchmark_id,
                                'metrics.failed' as metric,
                                e.failed::integer::double precision as value,
                                e.failed
                              from
                                "before" e
                              union all
                              select
                                e.benchmark_id,
                                'score' as metric,
                                e."score"::double precision as value,
                                e.failed
                              from
                                "before" e
                              union all
                              select
                                e.benchmark_id,
                                'latency_ms' as metric,
                                e."latency_ms"::double precision as value,
                                e.failed
                              from
                                "before" e
                              union all
                              select
                                e.benchmark_id,
                                'input_tokens' as metric,
                                e."input_tokens"::double precision as value,
                                e.failed
                              from
                                "before" e
                              union all
                              select
                                e.benchmark_id,
                                'output_tokens' as metric,
                                e."output_tokens"::double precision as value,
                                e.failed
                              from
                                "before" e
                              union all
                              select
                                e.benchmark_id,
                                'cost_usd' as metric,
                                e."cost_usd"::double precision as value,
                                e.failed
                              from
                                "before" e
                              union all
                              select
                                e.benchmark_id,
                                v.metric,
                                v.value,
                                e.failed
                              from
                                "before" e
                                cross join lateral (
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
                            ) v
                          where
                            abs(v.value) < 1e+150
                        )
                      ) v
                    group by
                      1,
                      2,
                      3,
                      v.value
                  ) part
                window
                  whole as (
                    partition by
                      part.benchmark_id,
                      part.metric
                  )
              ) part
            group by
              1,
              2,
              3,
              case
                when part.entries <= '100'::integer then part.low
              end
          ) part
        group by
          part.benchmark_id,
          part.metric
      ) part
      left join stale_rollups s on s.benchmark_id = part.benchmark_id
    where
      s.names is null
      or part.metric = any (s.names)
      or part.metric in ('score', 'latency_ms', 'input_tokens', 'output_tokens', 'cost_usd', 'metrics.failed')
  ),
  rolled_up as (
    insert into
      metric_deltas (benchmark_id, metric, count, failed, sum, m2, min, max, bins, bin_counts, bin_lows, bin_highs)
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
      rollup
    where
      fits
      or is_built_in
  ),
  overflown as (
    insert into
      stale_rollups (benchmark_id, is_missing)
    select distinct
      benchmark_id,
      true
    from
      rollup
    where
      not fits
      and not is_built_in
    order by
      benchmark_id
    on conflict (benchmark_id) do update
    set
      is_missing = true
  ),
  touched as (
    insert into
      touched_samples (benchmark_id, samples)
    select
      t.benchmark_id,
      array_agg(coalesce('s' || t.sample_id, 'e' || t.id))
    from
      "e" t
      join repeated_benchmarks r on r.benchmark_id = t.benchmark_id
    group by
      t.benchmark_id
  ),
  event as (
    insert into
      benchmark_events (benchmark_ids)
    select
      array_agg(id)
    from
      (
        select
          benchmark_id as id
        from
          change
      ) ben
    having
      count(*) > 0
  )
select
  e.id,
  e.benchmark_id,
  e.sample_id,
  e.repetition,
  e.provider,
  e.model,
  e.input,
  e.output,
  e.expected,
  e.metrics::text as metrics,
  e.score,
  e.error,
  e.latency_ms,
  e.input_tokens,
  e.output_tokens,
  e.cost_usd,
  e.metadata::text as metadata,
  e.created_at,
  e.updated_at,
  e.created_by
from
  e;
-- $1 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $2 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $3 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $4 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $5 = 1
-- $6 = 0

-- evaluation_update, 2 of 2
with
  before as (
    select
      *,
      error is not null as failed
    from
      evaluations
    where
      id = $1
      and benchmark_id = $2
  ),
  e as (
    update evaluations
    set
      updated_at = now(),
      score = $3,
      metrics = $4,
      expected = $5,
      error = $6,
      metadata = $7
    where
      id = $8
      and benchmark_id = $9
    returning
      *,
      error is not null as failed
  ),
  change as (
    select
      benchmark_id,
      (error is null)::integer - $10::integer as completed,
      (error is not null)::integer - $11::integer as failed,
      0 as named_samples,
      0 as ids_hash,
      case
        when e.repetition = 0
        and e.sample_id is not null then hashtextextended (coalesce(e.expected, ''), hashtextextended (e.input, hashtextextended (e.sample_id, 0)))::numeric - (
          select
            hashtextextended (
              coalesce(before.expected, ''),
              hashtextextended (before.input, hashtextextended (before.sample_id, 0))
            )
          from
            before
        )
        else 0
      end as inputs_hash
    from
      e
  ),
  counted as (
    insert into
      benchmark_count_deltas (benchmark_id, completed, failed, named_samples, ids_hash, inputs_hash)
    select
      benchmark_id,
      completed,
      failed,
      named_samples,
      ids_hash,
      inputs_hash
    from
      change
    where
      completed <> 0
      or failed <> 0
      or inputs_hash <> 0
  ),
  rollup as (
    select
      part.*,
      part.metric in ('score', 'latency_ms', 'input_tokens', 'output_tokens', 'cost_usd', 'metrics.failed') as is_built_in,
      length(part.metric) <= '255'::integer
      and dense_rank() over (
        partition by
          part.benchmark_id,
          part.metric in ('score', 'latency_ms', 'input_tokens', 'output_tokens', 'cost_usd', 'metrics.failed')
        order by
          part.metric
      ) <= '256'::integer as fits
    from
      (
        select
          part.benchmark_id,
          part.metric,
          - sum(part.count)::bigint as count,
          - sum(part.failed)::bigint as failed,
          - sum(part.sum) as sum,
          - greatest(sum(part.deviations), 0) as m2,
          min(part.low) as min,
          max(part.high) as max,
          array_agg(
            part.bin
            order by
              part.bin,
              part.low
          ) as bins,
          array_agg(
            - part.count
            order by
              part.bin,
              part.low
          ) as bin_counts,
          array_agg(
            part.low
            order by
              part.bin,
              part.low
          ) as bin_lows,
          array_agg(
            part.high
            order by
              part.bin,
              part.low
          ) as bin_highs
        from
          (
            select
              part.bin,
              part.metric,
              part.benchmark_id,
              sum(part.count)::bigint as count,
              sum(part.failed) as failed,
              sum(part.sum) as sum,
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
              ) as deviations,
              min(part.low) as low,
              max(part.high) as high
            from
              (
                select
                  part.*,
                  case
                    when abs(sum(part.sum) over whole) < 1e-290 then 0
                    else sum(part.sum) over whole / sum(part.count) over whole
                  end as mean,
                  count(*) over whole as entries
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
                      min(v.value) + 0 as low,
                      max(v.value) + 0 as high
                    from
                      (
                        (
                          select
                            v.*
                          from
                            (
                              select
                                e.benchmark_id,
                                'metrics.failed' as metric,
                                e.failed::integer::double precision as value,
                                e.failed
                              from
                                "before" e
                              union all
                              select
                                e.benchmark_id,
                                'score' as metric,
                                e."score"::double precision as value,
                                e.failed
                              from
                                "before" e
                              union all
                              select
                                e.benchmark_id,
                                'latency_ms' as metric,
                                e."latency_ms"::double precision as value,
                                e.failed
                              from
                                "before" e
                              union all
                              select
                                e.benchmark_id,
                                'input_tokens' as metric,
                                e."input_tokens"::double precision as value,
                                e.failed
                              from
                                "before" e
                              union all
                              select
                                e.benchmark_id,
                                'output_tokens' as metric,
                                e."output_tokens"::double precision as value,
                                e.failed
                              from
                                "before" e
                              union all
                              select
                                e.benchmark_id,
                                'cost_usd' as metric,
                                e."cost_usd"::double precision as value,
                                e.failed
                              from
                                "before" e
                              union all
                              select
                                e.benchmark_id,
                                v.metric,
                                v.value,
                                e.failed
                              from
                                "before" e
                                cross join lateral (
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
                            ) v
                          where
                            abs(v.value) < 1e+150
                        )
                        except
                        (
                          select
                            v.*
                          from
                            (
                              select
                                e.benchmark_id,
                                'metrics.failed' as metric,
                                e.failed::integer::double precision as value,
                                e.failed
                              from
                                "e" e
                              union all
                              select
                                e.benchmark_id,
                                'score' as metric,
                                e."score"::double precision as value,
                                e.failed
                              from
                                "e" e
                              union all
                              select
                                e.benchmark_id,
                                'latency_ms' as metric,
                                e."latency_ms"::double precision as value,
                                e.failed
                              from
                                "e" e
                              union all
                              select
                                e.benchmark_id,
                                'input_tokens' as metric,
                                e."input_tokens"::double precision as value,
                                e.failed
                              from
                                "e" e
                              union all
                              select
                                e.benchmark_id,
                                'output_tokens' as metric,
                                e."output_tokens"::double precision as value,
                                e.failed
                              from
                                "e" e
                              union all
                              select
                                e.benchmark_id,
                                'cost_usd' as metric,
                                e."cost_usd"::double precision as value,
                                e.failed
                              from
                                "e" e
                              union all
                              select
                                e.benchmark_id,
                                v.metric,
                                v.value,
                                e.failed
                              from
                                "e" e
                                cross join lateral (
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
                            ) v
                          where
                            abs(v.value) < 1e+150
                        )
                      ) v
                    group by
                      1,
                      2,
                      3,
                      v.value
                  ) part
                window
                  whole as (
                    partition by
                      part.benchmark_id,
                      part.metric
                  )
              ) part
            group by
              1,
              2,
              3,
              case
                when part.entries <= '100'::integer then part.low
              end
          ) part
        group by
          part.benchmark_id,
          part.metric
        union all
        select
          part.benchmark_id,
          part.metric,
          sum(part.count)::bigint as count,
          sum(part.failed)::bigint as failed,
          sum(part.sum) as sum,
          greatest(sum(part.deviations), 0) as m2,
          min(part.low) as min,
          max(part.high) as max,
          array_agg(
            part.bin
            order by
              part.bin,
              part.low
          ) as bins,
          array_agg(
            part.count
            order by
              part.bin,
              part.low
          ) as bin_counts,
          array_agg(
            part.low
            order by
              part.bin,
              part.low
          ) as bin_lows,
          array_agg(
            part.high
            order by
              part.bin,
              part.low
          ) as bin_highs
        from
          (
            select
              part.bin,
              part.metric,
              part.benchmark_id,
              sum(part.count)::bigint as count,
              sum(part.failed) as failed,
              sum(part.sum) as sum,
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
              ) as deviations,
              min(part.low) as low,
              max(part.high) as high
            from
              (
                select
                  part.*,
                  case
                    when abs(sum(part.sum) over whole) < 1e-290 then 0
                    else sum(part.sum) over whole / sum(part.count) over whole
                  end as mean,
                  count(*) over whole as entries
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
                      min(v.value) + 0 as low,
                      max(v.value) + 0 as high
                    from
                      (
                        (
                          select
                            v.*
                          from
                            (
                              select
                                e.benchmark_id,
                                'metrics.failed' as metric,
                                e.failed::integer::double precision as value,
                                e.failed
                              from
                                "e" e
                              union all
                              select
                                e.benchmark_id,
                                'score' as metric,
                                e."score"::double precision as value,
                                e.failed
                              from
                                "e" e
                              union all
                              select
                                e.benchmark_id,
                                'latency_ms' as metric,
                                e."latency_ms"::double precision as value,
                                e.failed
                              from
                                "e" e
                              union all
                              select
                                e.benchmark_id,
                                'input_tokens' as metric,
                                e."input_tokens"::double precision as value,
                                e.failed
                              from
                                "e" e
                              union all
                              select
                                e.benchmark_id,
                                'output_tokens' as metric,
                                e."output_tokens"::double precision as value,
                                e.failed
                              from
                                "e" e
                              union all
                              select
                                e.benchmark_id,
                                'cost_usd' as metric,
                                e."cost_usd"::double precision as value,
                                e.failed
                              from
                                "e" e
                              union all
                              select
                                e.benchmark_id,
                                v.metric,
                                v.value,
                                e.failed
                              from
                                "e" e
                                cross join lateral (
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
                            ) v
                          where
                            abs(v.value) < 1e+150
                        )
                        except
                        (
                          select
                            v.*
                          from
                            (
                              select
                                e.benchmark_id,
                                'metrics.failed' as metric,
                                e.failed::integer::double precision as value,
                                e.failed
                              from
                                "before" e
                              union all
                              select
                                e.benchmark_id,
                                'score' as metric,
                                e."score"::double precision as value,
                                e.failed
                              from
                                "before" e
                              union all
                              select
                                e.benchmark_id,
                                'latency_ms' as metric,
                                e."latency_ms"::double precision as value,
                                e.failed
                              from
                                "before" e
                              union all
                              select
                                e.benchmark_id,
                                'input_tokens' as metric,
                                e."input_tokens"::double precision as value,
                                e.failed
                              from
                                "before" e
                              union all
                              select
                                e.benchmark_id,
                                'output_tokens' as metric,
                                e."output_tokens"::double precision as value,
                                e.failed
                              from
                                "before" e
                              union all
                              select
                                e.benchmark_id,
                                'cost_usd' as metric,
                                e."cost_usd"::double precision as value,
                                e.failed
                              from
                                "before" e
                              union all
                              select
                                e.benchmark_id,
                                v.metric,
                                v.value,
                                e.failed
                              from
                                "before" e
                                cross join lateral (
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
                            ) v
                          where
                            abs(v.value) < 1e+150
                        )
                      ) v
                    group by
                      1,
                      2,
                      3,
                      v.value
                  ) part
                window
                  whole as (
                    partition by
                      part.benchmark_id,
                      part.metric
                  )
              ) part
            group by
              1,
              2,
              3,
              case
                when part.entries <= '100'::integer then part.low
              end
          ) part
        group by
          part.benchmark_id,
          part.metric
      ) part
      left join stale_rollups s on s.benchmark_id = part.benchmark_id
    where
      s.names is null
      or part.metric = any (s.names)
      or part.metric in ('score', 'latency_ms', 'input_tokens', 'output_tokens', 'cost_usd', 'metrics.failed')
  ),
  rolled_up as (
    insert into
      metric_deltas (benchmark_id, metric, count, failed, sum, m2, min, max, bins, bin_counts, bin_lows, bin_highs)
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
      rollup
    where
      fits
      or is_built_in
  ),
  overflown as (
    insert into
      stale_rollups (benchmark_id, is_missing)
    select distinct
      benchmark_id,
      true
    from
      rollup
    where
      not fits
      and not is_built_in
    order by
      benchmark_id
    on conflict (benchmark_id) do update
    set
      is_missing = true
  ),
  touched as (
    insert into
      touched_samples (benchmark_id, samples)
    select
      t.benchmark_id,
      array_agg(coalesce('s' || t.sample_id, 'e' || t.id))
    from
      "e" t
      join repeated_benchmarks r on r.benchmark_id = t.benchmark_id
    group by
      t.benchmark_id
  ),
  event as (
    insert into
      benchmark_events (benchmark_ids)
    select
      array_agg(id)
    from
      (
        select
          benchmark_id as id
        from
          change
      ) ben
    having
      count(*) > 0
  )
select
  e.id,
  e.benchmark_id,
  e.sample_id,
  e.repetition,
  e.provider,
  e.model,
  e.input,
  e.output,
  e.expected,
  e.metrics::text as metrics,
  e.score,
  e.error,
  e.latency_ms,
  e.input_tokens,
  e.output_tokens,
  e.cost_usd,
  e.metadata::text as metadata,
  e.created_at,
  e.updated_at,
  e.created_by
from
  e;
-- $1 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $2 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $3 = 1
-- $4 = '{}'
-- $5 = null
-- $6 = 'e'
-- $7 = '{"a":1}'
-- $8 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $9 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $10 = 0
-- $11 = 1
