-- evaluation_insert
with
  inserted as (
    insert into
      evaluations (
        id,
        benchmark_id,
        sample_id,
        repetition,
        provider,
        model,
        input,
        output,
        expected,
        metrics,
        score,
        error,
        latency_ms,
        input_tokens,
        output_tokens,
        cost_usd,
        metadata,
        created_at,
        updated_at,
        created_by,
        content_hash
      )
    select
      given.id,
      given.benchmark_id,
      given.sample_id,
      given.repetition,
      coalesce(given.provider, b.provider),
      coalesce(given.model, b.model),
      given.input,
      given.output,
      given.expected,
      given.metrics,
      given.score,
      given.error,
      given.latency_ms,
      given.input_tokens,
      given.output_tokens,
      given.cost_usd,
      given.metadata,
      coalesce(given.created_at, now()),
      now(),
      given.created_by,
      given.content_hash
    from
      unnest(
        $1::uuid[],
        $2::uuid[],
        $3::text[],
        $4::int4[],
        $5::text[],
        $6::text[],
        $7::text[],
        $8::text[],
        $9::text[],
        $10::jsonb[],
        $11::float8[],
        $12::text[],
        $13::float8[],
        $14::int4[],
        $15::int4[],
        $16::float8[],
        $17::jsonb[],
        $18::timestamptz[],
        $19::uuid[],
        $20::bytea[]
      ) with ordinality as given (
        id,
        benchmark_id,
        sample_id,
        repetition,
        provider,
        model,
        input,
        output,
        expected,
        metrics,
        score,
        error,
        latency_ms,
        input_tokens,
        output_tokens,
        cost_usd,
        metadata,
        created_at,
        created_by,
        content_hash,
        ordinality
      )
      join benchmarks b on b.id = given.benchmark_id
    where
      not exists (
        select
        from
          benchmark_deletions del
        where
          del.benchmark_id = given.benchmark_id
      )
    order by
      given.ordinality
    on conflict do nothing
    returning
      id,
      benchmark_id,
      sample_id,
      repetition,
      error is not null as failed,
      content_hash,
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
      benchmark_id,
      count(*) filter (
        where
          not failed
      ),
      count(*) filter (
        where
          failed
      ),
      1 * count(id_hash) as named_samples,
      1 * coalesce(sum(id_hash), 0) as ids_hash,
      1 * coalesce(sum(input_hash), 0) as inputs_hash
    from
      inserted
    group by
      benchmark_id
  ),
  some_inserted as (
    select
      *
    from
      "inserted"
    where
      (
        select
          count(*)
        from
          "inserted"
      ) < $21
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
          *
        from
          (
            select
              part.benchmark_id,
              part.metric,
              part.count,
              part.failed,
              part.sum,
              part.m2,
              part.low as min,
              part.high as max,
              ($22::int4[]) [part.first:part.last] as bins,
              ($23::int8[]) [part.first:part.last] as bin_counts,
              ($24::float8[]) [part.first:part.last] as bin_lows,
              ($25::float8[]) [part.first:part.last] as bin_highs
            from
              unnest(
                $26::uuid[],
                $27::text[],
                $28::int8[],
                $29::int8[],
                $30::float8[],
                $31::float8[],
                $32::float8[],
                $33::float8[],
                $34::int4[],
                $35::int4[]
              ) as part (benchmark_id, metric, count, failed, sum, m2, low, high, first, last)
          ) given
        where
          (
            select
              count(*)
            from
              "inserted"
          ) = $36
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
                              "some_inserted" e
                            union all
                            select
                              e.benchmark_id,
                              'score' as metric,
                              e."score"::double precision as value,
                              e.failed
                            from
                              "some_inserted" e
                            union all
                            select
                              e.benchmark_id,
                              'latency_ms' as metric,
                              e."latency_ms"::double precision as value,
                              e.failed
                            from
                              "some_inserted" e
                            union all
                            select
                              e.benchmark_id,
                              'input_tokens' as metric,
                              e."input_tokens"::double precision as value,
                              e.failed
                            from
                              "some_inserted" e
                            union all
                            select
                              e.benchmark_id,
                              'output_tokens' as metric,
                              e."output_tokens"::double precision as value,
                              e.failed
                            from
                              "some_inserted" e
                            union all
                            select
                              e.benchmark_id,
                              'cost_usd' as metric,
                              e."cost_usd"::double precision as value,
                              e.failed
                            from
                              "some_inserted" e
                            union all
                            select
                              e.benchmark_id,
                              v.metric,
                              v.value,
                              e.failed
                            from
                              "some_inserted" e
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
  repeated as (
    insert into
      repeated_benchmarks (benchmark_id, is_missing)
    select distinct
      i.benchmark_id,
      true
    from
      inserted i
    where
      i.repetition > 0
      and not exists (
        select
        from
          repeated_benchmarks r
        where
          r.benchmark_id = i.benchmark_id
      )
    order by
      1
    on conflict (benchmark_id) do nothing
  ),
  touched as (
    insert into
      touched_samples (benchmark_id, samples)
    select
      t.benchmark_id,
      array_agg(coalesce('s' || t.sample_id, 'e' || t.id))
    from
      "inserted" t
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
        select distinct
          benchmark_id as id
        from
          inserted
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
      ($37::uuid[]) [row_number() over ()] as id,
      case
        when c.count = 1 then 'create'
        else 'add_evaluations'
      end as action,
      case
        when c.count = 1 then 'evaluation'
        else 'benchmark'
      end as entity_type,
      case
        when c.count = 1 then c.ids[1]
        else c.benchmark_id
      end::text as entity_id,
      jsonb_build_object(
        'after',
        jsonb_build_object(
          'benchmark_id',
          c.benchmark_id,
          'count',
          c.count,
          'first_id',
          c.ids[1],
          'last_id',
          c.ids[c.count],
          'sha256',
          encode(sha256(c.hashes), 'hex')
        )
      ) as changes,
      $38::uuid as user_id,
      $39::uuid as api_key_id,
      $40::text as actor,
      $41::text as ip_address,
      $42::text as user_agent,
      $43::text as request_id,
      false as external
    from
      (
        select
          benchmark_id,
          count(*)::integer as count,
          array_agg(
            id
            order by
              id
          ) as ids,
          string_agg(
            content_hash,
            ''
            order by
              id
          ) as hashes
        from
          inserted
        group by
          benchmark_id
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
  count(*) as inserted,
  case
    when count(*) < $44 then array_agg(id)
  end as ids
from
  inserted;
-- $1 = '{}'
-- $2 = '{}'
-- $3 = '{}'
-- $4 = '{}'
-- $5 = '{}'
-- $6 = '{}'
-- $7 = '{}'
-- $8 = '{}'
-- $9 = '{}'
-- $10 = '{}'
-- $11 = '{}'
-- $12 = '{}'
-- $13 = '{}'
-- $14 = '{}'
-- $15 = '{}'
-- $16 = '{}'
-- $17 = '{}'
-- $18 = '{}'
-- $19 = '{}'
-- $20 = '{}'
-- $21 = 0
-- $22 = '{}'
-- $23 = '{}'
-- $24 = '{}'
-- $25 = '{}'
-- $26 = '{}'
-- $27 = '{}'
-- $28 = '{}'
-- $29 = '{}'
-- $30 = '{}'
-- $31 = '{}'
-- $32 = '{}'
-- $33 = '{}'
-- $34 = '{}'
-- $35 = '{}'
-- $36 = 0
-- $37 = '{}'
-- $38 = null
-- $39 = null
-- $40 = 'service'
-- $41 = null
-- $42 = null
-- $43 = null
-- $44 = 0
