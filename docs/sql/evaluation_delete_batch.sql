-- evaluation_delete_batch, 1 of 3
with
  batch as materialized (
    select
      e.ctid as place,
      e.created_at as at,
      e.id
    from
      evaluations e
    where
      e.benchmark_id = $1
      and true
      and (e.created_at, e.id) > ($2::timestamptz, $3::uuid)
      and e.created_at < $4::timestamptz
    order by
      e.created_at,
      e.id
    limit
      $5
  ),
  gone as (
    delete from evaluations
    where
      ctid = any (
        array(
          select
            place
          from
            batch
        )
      )
    returning
      id,
      benchmark_id,
      sample_id,
      error is not null as failed,
      score,
      latency_ms,
      input_tokens,
      output_tokens,
      cost_usd,
      metrics,
      null::bigint as id_hash,
      null::bigint as input_hash
  ),
  counted as (
    insert into
      benchmark_count_deltas (benchmark_id, completed, failed, named_samples, ids_hash, inputs_hash)
    select
      $6::uuid,
      - count(*) filter (
        where
          not failed
      ),
      - count(*) filter (
        where
          failed
      ),
      -1 * count(id_hash) as named_samples,
      -1 * coalesce(sum(id_hash), 0) as ids_hash,
      -1 * coalesce(sum(input_hash), 0) as inputs_hash
    from
      gone
    having
      count(*) > 0
  ),
  stale as (
    insert into
      stale_rollups (benchmark_id, is_missing)
    select
      $7::uuid,
      true
    from
      gone
    limit
      1
    on conflict (benchmark_id) do update
    set
      is_missing = true
  ),
  lost as (
    delete from sample_figures
    where
      benchmark_id = $8
      and sample in (
        select
          coalesce('s' || gone.sample_id, 'e' || gone.id)
        from
          gone
      )
  ),
  event as (
    insert into
      benchmark_events (benchmark_ids)
    select
      array_agg(id)
    from
      (
        select
          $9::uuid as id
        from
          gone
        limit
          1
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
      ($10::uuid[]) [row_number() over ()] as id,
      $11::text as action,
      'benchmark' as entity_type,
      $12::text as entity_id,
      jsonb_strip_nulls(
        jsonb_build_object(
          'older_than_days',
          $13::integer,
          'before',
          jsonb_build_object('count', c.count, 'first_id', c.ids[1], 'last_id', c.ids[c.count])
        )
      ) as changes,
      $14::uuid as user_id,
      $15::uuid as api_key_id,
      $16::text as actor,
      $17::text as ip_address,
      $18::text as user_agent,
      $19::text as request_id,
      false as external
    from
      (
        select
          count(*)::integer as count,
          array_agg(
            id
            order by
              id
          ) as ids
        from
          gone
        having
          count(*) > 0
      ) c
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
  (
    select
      count(*)
    from
      batch
  ) as found,
  (
    select
      count(*)
    from
      gone
  ) as deleted,
  last.at,
  last.id
from
  (
    select
      1
  ) one
  left join lateral (
    select
      at,
      id
    from
      batch
    order by
      at desc,
      id desc
    limit
      1
  ) last on true;
-- $1 = '00000000-0000-0000-0000-000000000000'
-- $2 = '-infinity'
-- $3 = '00000000-0000-0000-0000-000000000000'
-- $4 = 'infinity'
-- $5 = 10
-- $6 = '00000000-0000-0000-0000-000000000000'
-- $7 = '00000000-0000-0000-0000-000000000000'
-- $8 = '00000000-0000-0000-0000-000000000000'
-- $9 = '00000000-0000-0000-0000-000000000000'
-- $10 = made anew each time
-- $11 = 'delete_evaluations'
-- $12 = '00000000-0000-0000-0000-000000000000'
-- $13 = null
-- $14 = null
-- $15 = null
-- $16 = 'service'
-- $17 = null
-- $18 = null
-- $19 = null

-- evaluation_delete_batch, 2 of 3
with
  batch as materialized (
    select
      e.ctid as place,
      e.stored_at as at,
      e.id
    from
      evaluations e
    where
      e.benchmark_id = $1
      and e.stored_at <> e.created_at
      and (e.stored_at, e.id) > ($2::timestamptz, $3::uuid)
      and e.stored_at < $4::timestamptz
    order by
      e.stored_at,
      e.id
    limit
      $5
  ),
  gone as (
    delete from evaluations
    where
      ctid = any (
        array(
          select
            place
          from
            batch
        )
      )
    returning
      id,
      benchmark_id,
      sample_id,
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
  counted as (
    insert into
      benchmark_count_deltas (benchmark_id, completed, failed, named_samples, ids_hash, inputs_hash)
    select
      $6::uuid,
      - count(*) filter (
        where
          not failed
      ),
      - count(*) filter (
        where
          failed
      ),
      -1 * count(id_hash) as named_samples,
      -1 * coalesce(sum(id_hash), 0) as ids_hash,
      -1 * coalesce(sum(input_hash), 0) as inputs_hash
    from
      gone
    having
      count(*) > 0
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
          $7::uuid as id
        from
          gone
        limit
          1
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
      ($8::uuid[]) [row_number() over ()] as id,
      $9::text as action,
      'benchmark' as entity_type,
      $10::text as entity_id,
      jsonb_strip_nulls(
        jsonb_build_object(
          'older_than_days',
          $11::integer,
          'before',
          jsonb_build_object('count', c.count, 'first_id', c.ids[1], 'last_id', c.ids[c.count])
        )
      ) as changes,
      $12::uuid as user_id,
      $13::uuid as api_key_id,
      $14::text as actor,
      $15::text as ip_address,
      $16::text as user_agent,
      $17::text as request_id,
      false as external
    from
      (
        select
          count(*)::integer as count,
          array_agg(
            id
            order by
              id
          ) as ids
        from
          gone
        having
          count(*) > 0
      ) c
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
  (
    select
      count(*)
    from
      batch
  ) as found,
  (
    select
      count(*)
    from
      gone
  ) as deleted,
  last.at,
  last.id
from
  (
    select
      1
  ) one
  left join lateral (
    select
      at,
      id
    from
      batch
    order by
      at desc,
      id desc
    limit
      1
  ) last on true;
-- $1 = '00000000-0000-0000-0000-000000000000'
-- $2 = '-infinity'
-- $3 = '00000000-0000-0000-0000-000000000000'
-- $4 = 'infinity'
-- $5 = 10
-- $6 = '00000000-0000-0000-0000-000000000000'
-- $7 = '00000000-0000-0000-0000-000000000000'
-- $8 = made anew each time
-- $9 = 'delete_evaluations'
-- $10 = '00000000-0000-0000-0000-000000000000'
-- $11 = null
-- $12 = null
-- $13 = null
-- $14 = 'service'
-- $15 = null
-- $16 = null
-- $17 = null

-- evaluation_delete_batch, 3 of 3
with
  batch as materialized (
    select
      e.ctid as place,
      e.created_at as at,
      e.id
    from
      evaluations e
    where
      e.benchmark_id = $1
      and e.stored_at = e.created_at
      and e.created_at >= (
        select
          created_at
        from
          benchmarks
        where
          id = $2
      ) - interval '1 day'
      and (e.created_at, e.id) > ($3::timestamptz, $4::uuid)
      and e.created_at < $5::timestamptz
    order by
      e.created_at,
      e.id
    limit
      $6
  ),
  gone as (
    delete from evaluations
    where
      ctid = any (
        array(
          select
            place
          from
            batch
        )
      )
    returning
      id,
      benchmark_id,
      sample_id,
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
  counted as (
    insert into
      benchmark_count_deltas (benchmark_id, completed, failed, named_samples, ids_hash, inputs_hash)
    select
      $7::uuid,
      - count(*) filter (
        where
          not failed
      ),
      - count(*) filter (
        where
          failed
      ),
      -1 * count(id_hash) as named_samples,
      -1 * coalesce(sum(id_hash), 0) as ids_hash,
      -1 * coalesce(sum(input_hash), 0) as inputs_hash
    from
      gone
    having
      count(*) > 0
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
          $8::uuid as id
        from
          gone
        limit
          1
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
      ($9::uuid[]) [row_number() over ()] as id,
      $10::text as action,
      'benchmark' as entity_type,
      $11::text as entity_id,
      jsonb_strip_nulls(
        jsonb_build_object(
          'older_than_days',
          $12::integer,
          'before',
          jsonb_build_object('count', c.count, 'first_id', c.ids[1], 'last_id', c.ids[c.count])
        )
      ) as changes,
      $13::uuid as user_id,
      $14::uuid as api_key_id,
      $15::text as actor,
      $16::text as ip_address,
      $17::text as user_agent,
      $18::text as request_id,
      false as external
    from
      (
        select
          count(*)::integer as count,
          array_agg(
            id
            order by
              id
          ) as ids
        from
          gone
        having
          count(*) > 0
      ) c
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
  (
    select
      count(*)
    from
      batch
  ) as found,
  (
    select
      count(*)
    from
      gone
  ) as deleted,
  last.at,
  last.id
from
  (
    select
      1
  ) one
  left join lateral (
    select
      at,
      id
    from
      batch
    order by
      at desc,
      id desc
    limit
      1
  ) last on true;
-- $1 = '00000000-0000-0000-0000-000000000000'
-- $2 = '00000000-0000-0000-0000-000000000000'
-- $3 = '-infinity'
-- $4 = '00000000-0000-0000-0000-000000000000'
-- $5 = 'infinity'
-- $6 = 10
-- $7 = '00000000-0000-0000-0000-000000000000'
-- $8 = '00000000-0000-0000-0000-000000000000'
-- $9 = made anew each time
-- $10 = 'delete_evaluations'
-- $11 = '00000000-0000-0000-0000-000000000000'
-- $12 = null
-- $13 = null
-- $14 = null
-- $15 = 'service'
-- $16 = null
-- $17 = null
-- $18 = null
