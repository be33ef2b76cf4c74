-- samples_fold
with
  mark as (
    delete from touched_samples
    where
      benchmark_id = $1
      and id = any (
        array(
          select
            t.id
          from
            (
              select
                t.id,
                sum(cardinality(t.samples)) over (
                  order by
                    t.id
                ) - cardinality(t.samples) as before
              from
                (
                  select
                    t.id,
                    t.samples
                  from
                    touched_samples t
                  where
                    t.benchmark_id = $2
                  order by
                    t.id
                  limit
                    $3
                ) t
            ) t
          where
            t.before < $4
        )
      )
    returning
      samples
  ),
  changed as materialized (
    select distinct
      $5::uuid as benchmark_id,
      s.sample
    from
      mark
      cross join lateral unnest(mark.samples) s (sample)
  ),
  is_now as materialized (
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
  ),
  packed as materialized (
    select
      benchmark_id,
      sample,
      jsonb_object_agg(
        metric,
        case
          when mean is null then jsonb_build_array(tries, successes)
          else jsonb_build_array(tries, successes, mean, alike)
        end
      ) as figures
    from
      is_now
    group by
      benchmark_id,
      sample
  ),
  was as materialized (
    select
      f.benchmark_id,
      f.sample,
      f.figures
    from
      changed c
      join sample_figures f on f.benchmark_id = c.benchmark_id
      and f.sample = c.sample
  ),
  gone as (
    delete from sample_figures f using was w
    where
      f.benchmark_id = $7
      and f.sample = w.sample
      and w.sample not in (
        select
          sample
        from
          packed
      )
  ),
  written as (
    insert into
      sample_figures as f (benchmark_id, sample, figures)
    select
      benchmark_id,
      sample,
      figures
    from
      packed
    order by
      sample
    on conflict (benchmark_id, sample) do update
    set
      figures = excluded.figures
    where
      f.figures <> excluded.figures
  ),
  moved as (
    insert into
      sample_rollups as r (benchmark_id, metric, tries, successes, samples, alike, fractional, failed, sum, squares)
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
                  *
                from
                  is_now
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
                  was f
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
      samples <> 0
      or alike <> 0
      or fractional <> 0
      or failed <> 0
      or sum <> 0
      or squares <> 0
    on conflict (benchmark_id, metric, tries, successes) do update
    set
      samples = r.samples + excluded.samples,
      alike = r.alike + excluded.alike,
      fractional = r.fractional + excluded.fractional,
      failed = r.failed + excluded.failed,
      sum = r.sum + excluded.sum,
      squares = r.squares + excluded.squares
  )
select
  count(*) as folded
from
  mark;
-- $1 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $2 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $3 = 10
-- $4 = 10
-- $5 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $6 = 255
-- $7 = '01890a5d-ac96-774b-bcce-b302099a8057'
