-- evaluation_histogram
select
  coalesce(array_send (p.bin_counts), '') as counts,
  coalesce(array_send (p.bin_lows), '') as lows,
  coalesce(array_send (p.bin_highs), '') as highs
from
  (
    select
      p.*
    from
      (
        with
          part as materialized (
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
                  e.benchmark_id,
                  $1::text as metric,
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
                  ) as value,
                  e.error is not null as failed
                from
                  evaluations e
                where
                  e.benchmark_id = $2
                  and (
                    select
                      v.value
                    from
                      (
                        select
                          "e"."score"::double precision as value
                      ) v
                    where
                      abs(v.value) < 1e+150
                  ) is not null
              ) v
            group by
              1,
              2,
              3
          ),
          bin as materialized (
            select
              bin,
              metric,
              benchmark_id,
              count,
              low,
              high,
              low < high as has_values
            from
              part
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
                  v.value + 0 as low
                from
                  (
                    select
                      e.benchmark_id,
                      $3::text as metric,
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
                      ) as value,
                      e.error is not null as failed
                    from
                      evaluations e
                    where
                      e.benchmark_id = $4
                      and (
                        select
                          v.value
                        from
                          (
                            select
                              "e"."score"::double precision as value
                          ) v
                        where
                          abs(v.value) < 1e+150
                      ) is not null
                  ) v
                where
                  (
                    select
                      count(*) > 0
                    from
                      divided
                  )
                  and (v.benchmark_id, v.metric) in (
                    select
                      benchmark_id,
                      metric
                    from
                      divided
                  )
                group by
                  1,
                  2,
                  3,
                  5
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
          f.benchmark_id,
          f.metric,
          f.count,
          f.failed,
          f.sum,
          f.m2,
          f.min,
          f.max,
          e.bins,
          e.bin_counts,
          e.bin_lows,
          e.bin_highs
        from
          (
            select
              part.benchmark_id,
              part.metric,
              sum(part.count)::bigint as count,
              sum(part.failed)::bigint as failed,
              sum(part.sum) as sum,
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
              min(part.low) as min,
              max(part.high) as max
            from
              (
                select
                  part.*,
                  case
                    when abs(sum(part.sum) over whole) < 1e-290 then 0
                    else sum(part.sum) over whole / sum(part.count) over whole
                  end as mean
                from
                  part
                window
                  whole as (
                    partition by
                      part.benchmark_id,
                      part.metric
                  )
              ) part
            group by
              part.benchmark_id,
              part.metric
          ) f
          join (
            select
              e.benchmark_id,
              e.metric,
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
          ) e on e.benchmark_id = f.benchmark_id
          and e.metric = f.metric
      ) p
  ) p;
-- $1 = 'score'
-- $2 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $3 = 'score'
-- $4 = '01890a5d-ac96-774b-bcce-b302099a8057'
