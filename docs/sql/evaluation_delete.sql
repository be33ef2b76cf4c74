-- evaluation_delete, 1 of 2
with
  gone as (
    delete from evaluations
    where
      (id, benchmark_id) = (
        select
          id,
          benchmark_id
        from
          evaluations e
        where
          e.id = $1
        limit
          1
      )
    returning
      id,
      benchmark_id,
      sample_id,
      repetition,
      error,
      content_hash,
      error is not null as failed,
      score,
      latency_ms,
      input_tokens,
      output_tokens,
      cost_usd,
      metrics,
      case
        when repetition = 0 then hashtextextended (evaluations.sample_id, 0)
      end as id_hash,
      case
        when repetition = 0 then hashtextextended (
          coalesce(evaluations.expected, ''),
          hashtextextended (evaluations.input, hashtextextended (evaluations.sample_id, 0))
        )
      end as input_hash
  ),
  change as (
    select
      benchmark_id,
      - count(*) filter (
        where
          not failed
      ) as completed,
      - count(*) filter (
        where
          failed
      ) as failed,
      -1 * count(id_hash) as named_samples,
      -1 * coalesce(sum(id_hash), 0) as ids_hash,
      -1 * coalesce(sum(input_hash), 0) as inputs_hash
    from
      gone
    group by
      benchmark_id
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
                              "gone" e
                            union all
                            select
                              e.benchmark_id,
                              'score' as metric,
                              e."score"::double precision as value,
                              e.failed
                            from
                              "gone" e
                            union all
                            select
                              e.benchmark_id,
                              'latency_ms' as metric,
                              e."latency_ms"::double precision as value,
                              e.failed
                            from
                              "gone" e
                            union all
                            select
                              e.benchmark_id,
                              'input_tokens' as metric,
                              e."input_tokens"::double precision as value,
                              e.failed
                            from
                              "gone" e
                            union all
                            select
                              e.benchmark_id,
                              'output_tokens' as metric,
                              e."output_tokens"::double precision as value,
                              e.failed
                            from
                              "gone" e
                            union all
                            select
                              e.benchmark_id,
                              'cost_usd' as metric,
                              e."cost_usd"::double precision as value,
                              e.failed
                            from
                              "gone" e
                            union all
                            select
                              e.benchmark_id,
                              v.metric,
                              v.value,
                              e.failed
                            from
                              "gone" e
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
      "gone" t
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
  ),
  audit_written as (
    insert into
      audit_logs (
        id,
        action,
        entity_type,
        entity_id,
        changes,
        user_id,
        api_key_id,
        actor,
        ip_address,
        user_agent,
        request_id,
        external
      )
    select
      ($2::uuid[]) [row_number() over ()] as id,
      'delete' as action,
      'evaluation' as entity_type,
      gone.id::text as entity_id,
      jsonb_build_object(
        'before',
        jsonb_strip_nulls(
          jsonb_build_object(
            'benchmark_id',
            gone.benchmark_id,
            'sample_id',
            gone.sample_id,
            'repetition',
            gone.repetition,
            'score',
            gone.score,
            'content_hash',
            encode(gone.content_hash, 'hex')
          )
        )
      ) as changes,
      $3::uuid as user_id,
      $4::uuid as api_key_id,
      $5::text as actor,
      $6::text as ip_address,
      $7::text as user_agent,
      $8::text as request_id,
      false as external
    from
      gone
    returning
      id
  ),
  audit_queued as (
    insert into
      audit_unsealed (entry_kind, entry_ids)
    select
      'audit_log',
      array_agg(id)
    from
      audit_written
    having
      count(*) > 0
  )
select
  id
from
  gone;
-- $1 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $2 = made anew each time
-- $3 = null
-- $4 = null
-- $5 = 'service'
-- $6 = null
-- $7 = null
-- $8 = null

-- evaluation_delete, 2 of 2
with
  gone as (
    delete from evaluations
    where
      (id, benchmark_id) = (
        select
          id,
          benchmark_id
        from
          evaluations e
        where
          e.id = $1
          and e.benchmark_id = $2
        limit
          1
      )
    returning
      id,
      benchmark_id,
      sample_id,
      repetition,
      error,
      content_hash,
      error is not null as failed,
      score,
      latency_ms,
      input_tokens,
      output_tokens,
      cost_usd,
      metrics,
      case
        when repetition = 0 then hashtextextended (evaluations.sample_id, 0)
      end as id_hash,
      case
        when repetition = 0 then hashtextextended (
          coalesce(evaluations.expected, ''),
          hashtextextended (evaluations.input, hashtextextended (evaluations.sample_id, 0))
        )
      end as input_hash
  ),
  change as (
    select
      benchmark_id,
      - count(*) filter (
        where
          not failed
      ) as completed,
      - count(*) filter (
        where
          failed
      ) as failed,
      -1 * count(id_hash) as named_samples,
      -1 * coalesce(sum(id_hash), 0) as ids_hash,
      -1 * coalesce(sum(input_hash), 0) as inputs_hash
    from
      gone
    group by
      benchmark_id
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
                              "gone" e
                            union all
                            select
                              e.benchmark_id,
                              'score' as metric,
                              e."score"::double precision as value,
                              e.failed
                            from
                              "gone" e
                            union all
                            select
                              e.benchmark_id,
                              'latency_ms' as metric,
                              e."latency_ms"::double precision as value,
                              e.failed
                            from
                              "gone" e
                            union all
                            select
                              e.benchmark_id,
                              'input_tokens' as metric,
                              e."input_tokens"::double precision as value,
                              e.failed
                            from
                              "gone" e
                            union all
                            select
                              e.benchmark_id,
                              'output_tokens' as metric,
                              e."output_tokens"::double precision as value,
                              e.failed
                            from
                              "gone" e
                            union all
                            select
                              e.benchmark_id,
                              'cost_usd' as metric,
                              e."cost_usd"::double precision as value,
                              e.failed
                            from
                              "gone" e
                            union all
                            select
                              e.benchmark_id,
                              v.metric,
                              v.value,
                              e.failed
                            from
                              "gone" e
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
      "gone" t
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
  ),
  audit_written as (
    insert into
      audit_logs (
        id,
        action,
        entity_type,
        entity_id,
        changes,
        user_id,
        api_key_id,
        actor,
        ip_address,
        user_agent,
        request_id,
        external
      )
    select
      ($3::uuid[]) [row_number() over ()] as id,
      'delete' as action,
      'evaluation' as entity_type,
      gone.id::text as entity_id,
      jsonb_build_object(
        'before',
        jsonb_strip_nulls(
          jsonb_build_object(
            'benchmark_id',
            gone.benchmark_id,
            'sample_id',
            gone.sample_id,
            'repetition',
            gone.repetition,
            'score',
            gone.score,
            'content_hash',
            encode(gone.content_hash, 'hex')
          )
        )
      ) as changes,
      $4::uuid as user_id,
      $5::uuid as api_key_id,
      $6::text as actor,
      $7::text as ip_address,
      $8::text as user_agent,
      $9::text as request_id,
      false as external
    from
      gone
    returning
      id
  ),
  audit_queued as (
    insert into
      audit_unsealed (entry_kind, entry_ids)
    select
      'audit_log',
      array_agg(id)
    from
      audit_written
    having
      count(*) > 0
  )
select
  id
from
  gone;
-- $1 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $2 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $3 = made anew each time
-- $4 = null
-- $5 = null
-- $6 = 'service'
-- $7 = null
-- $8 = null
-- $9 = null
