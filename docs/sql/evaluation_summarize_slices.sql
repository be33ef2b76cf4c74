-- evaluation_summarize_slices, 1 of 5
with
  grouped as (
    select
      metric,
      slice,
      count(*) as tried,
      count(value) as count,
      coalesce(
        sum(
          case
            when abs(value) between 1e-30 and 1e30 then value::real::double precision
            else 0
          end
        ) + sum(
          value - case
            when abs(value) between 1e-30 and 1e30 then value::real::double precision
            else 0
          end
        ),
        0
      ) as sum,
      coalesce(regr_sxx(value, value), 0) as m2,
      min(value) as min,
      max(value) as max
    from
      (
        select
          s.slice,
          v.metric,
          v.value,
          v.is_other as is_other
        from
          evaluations e
          cross join lateral (
            select
              (
                coalesce(
                  '=' || (
                    select
                      case
                        when char_length(t.value) <= $1::integer then t.value
                        else left(t.value, $2::integer) || '… (' || char_length(t.value) || ' characters, hash ' || to_hex(hashtextextended (t.value, 0)) || ')'
                      end
                    from
                      (
                        select
                          case
                            when jsonb_typeof(v.value) = 'number'
                            and v.text like '%.%' then rtrim(rtrim(v.text, '0'), '.')
                            else v.text
                          end as value
                        from
                          (
                            select
                              k.value,
                              k.value #>> '{}' as text
                            from
                              (
                                select
                                  coalesce(e.metadata -> $3::text, e.metadata #> $4::"text" [], e.metadata #> $5::"text" []) as value
                                offset
                                  0
                              ) k
                            offset
                              0
                          ) v
                        offset
                          0
                      ) t
                  ),
                  ''
                ) collate "C"
              ) as slice
            offset
              0
          ) s
          cross join lateral (
            values
              (
                $6::text,
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
                ),
                false
              )
          ) v (metric, value, is_other)
        where
          e.benchmark_id = $7
        offset
          0
      ) v
    where
      value is not null
      or not is_other
    group by
      metric,
      slice
  ),
  placed as (
    select
      g.*,
      row_number() over (
        partition by
          metric
        order by
          tried desc,
          slice
      ) as place
    from
      "grouped" g
  ),
  overall as materialized (
    select
      metric,
      count(*) as slices,
      array_agg(
        substr(slice, 2)
        order by
          place
      ) filter (
        where
          g.slice <> ''
          and place > $8
          and place <= $9
      ) as left_out,
      count(*) filter (
        where
          g.slice <> ''
          and count > 0
      ) as macro_slices,
      avg(
        case
          when abs(g.sum) < 1e-290 then 0
          else g.sum / g.count
        end
      ) filter (
        where
          g.slice <> ''
          and count > 0
      ) as macro_mean,
      case
        when bool_and(count > 1) filter (
          where
            g.slice <> ''
            and count > 0
        ) then sum(
          case
            when min = max
            or m2 < 1e-280 then 0
            else m2 / ((count - 1)::double precision * count)
          end
        ) filter (
          where
            g.slice <> ''
            and count > 0
        )
      end as macro_variance
    from
      placed g
    group by
      metric
  )
select
  p.metric,
  case
    when p.slice <> '' then substr(p.slice, 2)
  end as value,
  p.tried,
  p.count,
  p.sum,
  p.m2,
  p.min,
  p.max,
  o.slices,
  o.left_out,
  o.macro_slices,
  o.macro_mean,
  o.macro_variance
from
  placed p
  join overall o using (metric)
where
  p.place <= $10
order by
  p.metric,
  p.place;
-- $1 = 200
-- $2 = 200
-- $3 = 'subject'
-- $4 = '{metadata, subject}'
-- $5 = '{doc, subject}'
-- $6 = 'score'
-- $7 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $8 = 200
-- $9 = 1200
-- $10 = 200

-- evaluation_summarize_slices, 2 of 5
with
  value as materialized (
    select
      s.slice,
      v.metric,
      v.value,
      v.is_other as is_other,
      coalesce('s' || e.sample_id, 'e' || e.id) as sample,
      e.repetition
    from
      evaluations e
      cross join lateral (
        select
          (
            coalesce(
              '=' || (
                select
                  case
                    when char_length(t.value) <= $1::integer then t.value
                    else left(t.value, $2::integer) || '… (' || char_length(t.value) || ' characters, hash ' || to_hex(hashtextextended (t.value, 0)) || ')'
                  end
                from
                  (
                    select
                      case
                        when jsonb_typeof(v.value) = 'number'
                        and v.text like '%.%' then rtrim(rtrim(v.text, '0'), '.')
                        else v.text
                      end as value
                    from
                      (
                        select
                          k.value,
                          k.value #>> '{}' as text
                        from
                          (
                            select
                              coalesce(
                                e.metadata -> $3::text,
                                e.metadata #> $4::"text" [],
                                e.metadata #> $5::"text" [],
                                e.metadata #> $6::"text" []
                              ) as value
                            offset
                              0
                          ) k
                        offset
                          0
                      ) v
                    offset
                      0
                  ) t
              ),
              ''
            ) collate "C"
          ) as slice
        offset
          0
      ) s
      cross join lateral (
        values
          (
            $7::text,
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
            ),
            false
          ),
          (
            $8::text,
            (
              select
                v.value
              from
                (
                  select
                    "e"."latency_ms"::double precision as value
                ) v
              where
                abs(v.value) < 1e+150
            ),
            false
          )
      ) v (metric, value, is_other)
    where
      e.benchmark_id = $9
    offset
      0
  ),
  tried as (
    select
      metric,
      slice,
      count(*) as tried
    from
      (
        select
          metric,
          slice
        from
          value
        group by
          metric,
          slice,
          sample
        having
          bool_or(value is not null)
          or not bool_or(is_other)
      ) v
    group by
      metric,
      slice
  ),
  reduced as (
    select
      metric,
      slice,
      count(value) as count,
      coalesce(
        sum(
          case
            when abs(value) between 1e-30 and 1e30 then value::real::double precision
            else 0
          end
        ) + sum(
          value - case
            when abs(value) between 1e-30 and 1e30 then value::real::double precision
            else 0
          end
        ),
        0
      ) as sum,
      coalesce(regr_sxx(value, value), 0) as m2,
      min(value) as min,
      max(value) as max
    from
      (
        select
          v.metric,
          v.slice,
          v.sample,
          avg(v.value) as value
        from
          (
            select
              *
            from
              value
            where
              value is not null
          ) v
        group by
          v.metric,
          v.slice,
          v.sample
      ) v
    group by
      metric,
      slice
  ),
  grouped as (
    select
      metric,
      slice,
      t.tried,
      coalesce(r.count, 0) as count,
      coalesce(r.sum, 0) as sum,
      coalesce(r.m2, 0) as m2,
      r.min,
      r.max
    from
      tried t
      left join reduced r using (metric, slice)
  ),
  placed as (
    select
      g.*,
      row_number() over (
        partition by
          metric
        order by
          tried desc,
          slice
      ) as place
    from
      "grouped" g
  ),
  overall as materialized (
    select
      metric,
      count(*) as slices,
      array_agg(
        substr(slice, 2)
        order by
          place
      ) filter (
        where
          g.slice <> ''
          and place > $10
          and place <= $11
      ) as left_out,
      count(*) filter (
        where
          g.slice <> ''
          and count > 0
      ) as macro_slices,
      avg(
        case
          when abs(g.sum) < 1e-290 then 0
          else g.sum / g.count
        end
      ) filter (
        where
          g.slice <> ''
          and count > 0
      ) as macro_mean,
      case
        when bool_and(count > 1) filter (
          where
            g.slice <> ''
            and count > 0
        ) then sum(
          case
            when min = max
            or m2 < 1e-280 then 0
            else m2 / ((count - 1)::double precision * count)
          end
        ) filter (
          where
            g.slice <> ''
            and count > 0
        )
      end as macro_variance
    from
      placed g
    group by
      metric
  )
select
  p.metric,
  case
    when p.slice <> '' then substr(p.slice, 2)
  end as value,
  p.tried,
  p.count,
  p.sum,
  p.m2,
  p.min,
  p.max,
  o.slices,
  o.left_out,
  o.macro_slices,
  o.macro_mean,
  o.macro_variance
from
  placed p
  join overall o using (metric)
where
  p.place <= $12
order by
  p.metric,
  p.place;
-- $1 = 200
-- $2 = 200
-- $3 = 'doc.a'
-- $4 = '{doc, a}'
-- $5 = '{metadata, doc, a}'
-- $6 = '{doc, doc, a}'
-- $7 = 'score'
-- $8 = 'latency_ms'
-- $9 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $10 = 200
-- $11 = 1200
-- $12 = 200

-- evaluation_summarize_slices, 3 of 5
with
  value as materialized (
    select
      s.slice,
      v.metric,
      v.value,
      v.is_other as is_other,
      coalesce('s' || e.sample_id, 'e' || e.id) as sample,
      e.repetition
    from
      evaluations e
      cross join lateral (
        select
          (coalesce('=' || e.model::text, '') collate "C") as slice
        offset
          0
      ) s
      cross join lateral (
        values
          (
            $1::text,
            (
              select
                v.value
              from
                (
                  select
                    case jsonb_typeof(e.metrics -> $2::text)
                      when 'number' then (e.metrics -> $3::text)::double precision
                      when 'boolean' then (e.metrics -> $4::text)::boolean::integer::double precision
                    end as value
                ) v
              where
                abs(v.value) < 1e+150
            ),
            false
          )
      ) v (metric, value, is_other)
    where
      e.benchmark_id = $5
    offset
      0
  ),
  tried as (
    select
      metric,
      slice,
      count(*) as tried
    from
      (
        select
          metric,
          slice
        from
          value
        group by
          metric,
          slice,
          sample
        having
          bool_or(value is not null)
          or not bool_or(is_other)
      ) v
    group by
      metric,
      slice
  ),
  reduced as (
    select
      metric,
      slice,
      count(value) as count,
      coalesce(
        sum(
          case
            when abs(value) between 1e-30 and 1e30 then value::real::double precision
            else 0
          end
        ) + sum(
          value - case
            when abs(value) between 1e-30 and 1e30 then value::real::double precision
            else 0
          end
        ),
        0
      ) as sum,
      coalesce(regr_sxx(value, value), 0) as m2,
      min(value) as min,
      max(value) as max
    from
      (
        select
          v.metric,
          v.slice,
          v.sample,
          case
            when v.successes >= 0 then case
              when v.n >= $6 then 1 - case
                when (v.n - v.successes) < $7 then 0
                else (
                  select
                    exp(sum(ln(((v.n - v.successes) - i)::double precision / (v.n - i))))
                  from
                    generate_series(0, $8::bigint - 1) i
                )
              end
            end
          end as value
        from
          (
            select
              v.metric,
              v.slice,
              v.sample,
              count(*) + 0 as n,
              case
                when min(v.value) >= 0
                and max(v.value) <= 1 then count(*) filter (
                  where
                    v.value = 1
                ) + 0
                else -1
              end as successes
            from
              (
                select
                  *
                from
                  value
                where
                  value is not null
              ) v
            group by
              v.metric,
              v.slice,
              v.sample
          ) v
      ) v
    group by
      metric,
      slice
  ),
  grouped as (
    select
      metric,
      slice,
      t.tried,
      coalesce(r.count, 0) as count,
      coalesce(r.sum, 0) as sum,
      coalesce(r.m2, 0) as m2,
      r.min,
      r.max
    from
      tried t
      left join reduced r using (metric, slice)
  ),
  placed as (
    select
      g.*,
      row_number() over (
        partition by
          metric
        order by
          tried desc,
          slice
      ) as place
    from
      "grouped" g
  ),
  overall as materialized (
    select
      metric,
      count(*) as slices,
      array_agg(
        substr(slice, 2)
        order by
          place
      ) filter (
        where
          g.slice <> ''
          and place > $9
          and place <= $10
      ) as left_out,
      count(*) filter (
        where
          g.slice <> ''
          and count > 0
      ) as macro_slices,
      avg(
        case
          when abs(g.sum) < 1e-290 then 0
          else g.sum / g.count
        end
      ) filter (
        where
          g.slice <> ''
          and count > 0
      ) as macro_mean,
      case
        when bool_and(count > 1) filter (
          where
            g.slice <> ''
            and count > 0
        ) then sum(
          case
            when min = max
            or m2 < 1e-280 then 0
            else m2 / ((count - 1)::double precision * count)
          end
        ) filter (
          where
            g.slice <> ''
            and count > 0
        )
      end as macro_variance
    from
      placed g
    group by
      metric
  )
select
  p.metric,
  case
    when p.slice <> '' then substr(p.slice, 2)
  end as value,
  p.tried,
  p.count,
  p.sum,
  p.m2,
  p.min,
  p.max,
  o.slices,
  o.left_out,
  o.macro_slices,
  o.macro_mean,
  o.macro_variance
from
  placed p
  join overall o using (metric)
where
  p.place <= $11
order by
  p.metric,
  p.place;
-- $1 = 'a'
-- $2 = 'a'
-- $3 = 'a'
-- $4 = 'a'
-- $5 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $6 = 2
-- $7 = 2
-- $8 = 2
-- $9 = 200
-- $10 = 1200
-- $11 = 200

-- evaluation_summarize_slices, 4 of 5
with
  value as materialized (
    select
      s.slice,
      v.metric,
      v.value,
      v.is_other as is_other,
      coalesce('s' || e.sample_id, 'e' || e.id) as sample,
      e.repetition
    from
      evaluations e
      cross join lateral (
        select
          (
            coalesce(
              '=' || (
                select
                  b.labels ->> $1
                from
                  benchmarks b
                where
                  b.id = e.benchmark_id
              ),
              ''
            ) collate "C"
          ) as slice
        offset
          0
      ) s
      cross join lateral (
        values
          (
            $2::text,
            (
              select
                v.value
              from
                (
                  select
                    case jsonb_typeof(e.metrics -> $3::text)
                      when 'number' then (e.metrics -> $4::text)::double precision
                      when 'boolean' then (e.metrics -> $5::text)::boolean::integer::double precision
                    end as value
                ) v
              where
                abs(v.value) < 1e+150
            ),
            false
          )
      ) v (metric, value, is_other)
    where
      e.benchmark_id = $6
    offset
      0
  ),
  tried as (
    select
      metric,
      slice,
      count(*) as tried
    from
      (
        select
          metric,
          slice
        from
          value
        group by
          metric,
          slice,
          sample
        having
          bool_or(value is not null)
          or not bool_or(is_other)
      ) v
    group by
      metric,
      slice
  ),
  reduced as (
    select
      metric,
      slice,
      count(value) as count,
      coalesce(
        sum(
          case
            when abs(value) between 1e-30 and 1e30 then value::real::double precision
            else 0
          end
        ) + sum(
          value - case
            when abs(value) between 1e-30 and 1e30 then value::real::double precision
            else 0
          end
        ),
        0
      ) as sum,
      coalesce(regr_sxx(value, value), 0) as m2,
      min(value) as min,
      max(value) as max
    from
      (
        select
          v.metric,
          v.slice,
          v.sample,
          (
            select
              u.value
            from
              unnest(
                array_agg(
                  v.value
                  order by
                    v.repetition
                )
              ) with ordinality u (value, place)
            group by
              u.value
            order by
              count(*) desc,
              min(u.place)
            limit
              1
          ) as value
        from
          (
            select
              *
            from
              value
            where
              value is not null
          ) v
        group by
          v.metric,
          v.slice,
          v.sample
      ) v
    group by
      metric,
      slice
  ),
  grouped as (
    select
      metric,
      slice,
      t.tried,
      coalesce(r.count, 0) as count,
      coalesce(r.sum, 0) as sum,
      coalesce(r.m2, 0) as m2,
      r.min,
      r.max
    from
      tried t
      left join reduced r using (metric, slice)
  ),
  placed as (
    select
      g.*,
      row_number() over (
        partition by
          metric
        order by
          tried desc,
          slice
      ) as place
    from
      "grouped" g
  ),
  overall as materialized (
    select
      metric,
      count(*) as slices,
      array_agg(
        substr(slice, 2)
        order by
          place
      ) filter (
        where
          g.slice <> ''
          and place > $7
          and place <= $8
      ) as left_out,
      count(*) filter (
        where
          g.slice <> ''
          and count > 0
      ) as macro_slices,
      avg(
        case
          when abs(g.sum) < 1e-290 then 0
          else g.sum / g.count
        end
      ) filter (
        where
          g.slice <> ''
          and count > 0
      ) as macro_mean,
      case
        when bool_and(count > 1) filter (
          where
            g.slice <> ''
            and count > 0
        ) then sum(
          case
            when min = max
            or m2 < 1e-280 then 0
            else m2 / ((count - 1)::double precision * count)
          end
        ) filter (
          where
            g.slice <> ''
            and count > 0
        )
      end as macro_variance
    from
      placed g
    group by
      metric
  )
select
  p.metric,
  case
    when p.slice <> '' then substr(p.slice, 2)
  end as value,
  p.tried,
  p.count,
  p.sum,
  p.m2,
  p.min,
  p.max,
  o.slices,
  o.left_out,
  o.macro_slices,
  o.macro_mean,
  o.macro_variance
from
  placed p
  join overall o using (metric)
where
  p.place <= $9
order by
  p.metric,
  p.place;
-- $1 = 'a'
-- $2 = 'a'
-- $3 = 'a'
-- $4 = 'a'
-- $5 = 'a'
-- $6 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $7 = 200
-- $8 = 1200
-- $9 = 200

-- evaluation_summarize_slices, 5 of 5
with
  grouped as (
    select
      metric,
      slice,
      count(*) as tried,
      count(value) as count,
      coalesce(
        sum(
          case
            when abs(value) between 1e-30 and 1e30 then value::real::double precision
            else 0
          end
        ) + sum(
          value - case
            when abs(value) between 1e-30 and 1e30 then value::real::double precision
            else 0
          end
        ),
        0
      ) as sum,
      coalesce(regr_sxx(value, value), 0) as m2,
      min(value) as min,
      max(value) as max
    from
      (
        select
          s.slice,
          v.metric,
          v.value,
          v.is_other
          and not bool_or(
            v.is_other
            and v.value is not null
          ) over (
            partition by
              v.metric
          ) as is_other
        from
          evaluations e
          cross join lateral (
            select
              (
                coalesce(
                  '=' || (
                    select
                      case
                        when char_length(t.value) <= $1::integer then t.value
                        else left(t.value, $2::integer) || '… (' || char_length(t.value) || ' characters, hash ' || to_hex(hashtextextended (t.value, 0)) || ')'
                      end
                    from
                      (
                        select
                          case
                            when jsonb_typeof(v.value) = 'number'
                            and v.text like '%.%' then rtrim(rtrim(v.text, '0'), '.')
                            else v.text
                          end as value
                        from
                          (
                            select
                              k.value,
                              k.value #>> '{}' as text
                            from
                              (
                                select
                                  coalesce(e.metadata -> $3::text, e.metadata #> $4::"text" [], e.metadata #> $5::"text" []) as value
                                offset
                                  0
                              ) k
                            offset
                              0
                          ) v
                        offset
                          0
                      ) t
                  ),
                  ''
                ) collate "C"
              ) as slice
            offset
              0
          ) s
          cross join lateral (
            values
              (
                $6::text,
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
                ),
                false
              ),
              (
                $7::text,
                (
                  select
                    v.value
                  from
                    (
                      select
                        case jsonb_typeof(e.metrics -> $8::text)
                          when 'number' then (e.metrics -> $9::text)::double precision
                          when 'boolean' then (e.metrics -> $10::text)::boolean::integer::double precision
                        end as value
                    ) v
                  where
                    abs(v.value) < 1e+150
                ),
                exists (
                  select
                  from
                    (
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
                    and (
                      substring(
                        v.metric
                        from
                          '^.+?/((?:train|valid|test)(?:/.*)?)$'
                      ) <> $11
                      and (
                        starts_with(v.metric, $12::text)
                        or substring(
                          v.metric
                          from
                            '^.+?/((?:train|valid|test)(?:/.*)?)$'
                        ) not like '%:%'
                      )
                    )
                )
              )
          ) v (metric, value, is_other)
        where
          e.benchmark_id = $13
        offset
          0
      ) v
    where
      value is not null
      or not is_other
    group by
      metric,
      slice
  ),
  placed as (
    select
      g.*,
      row_number() over (
        partition by
          metric
        order by
          tried desc,
          slice
      ) as place
    from
      "grouped" g
  ),
  overall as materialized (
    select
      metric,
      count(*) as slices,
      array_agg(
        substr(slice, 2)
        order by
          place
      ) filter (
        where
          g.slice <> ''
          and place > $14
          and place <= $15
      ) as left_out,
      count(*) filter (
        where
          g.slice <> ''
          and count > 0
      ) as macro_slices,
      avg(
        case
          when abs(g.sum) < 1e-290 then 0
          else g.sum / g.count
        end
      ) filter (
        where
          g.slice <> ''
          and count > 0
      ) as macro_mean,
      case
        when bool_and(count > 1) filter (
          where
            g.slice <> ''
            and count > 0
        ) then sum(
          case
            when min = max
            or m2 < 1e-280 then 0
            else m2 / ((count - 1)::double precision * count)
          end
        ) filter (
          where
            g.slice <> ''
            and count > 0
        )
      end as macro_variance
    from
      placed g
    group by
      metric
  )
select
  p.metric,
  case
    when p.slice <> '' then substr(p.slice, 2)
  end as value,
  p.tried,
  p.count,
  p.sum,
  p.m2,
  p.min,
  p.max,
  o.slices,
  o.left_out,
  o.macro_slices,
  o.macro_mean,
  o.macro_variance
from
  placed p
  join overall o using (metric)
where
  p.place <= $16
order by
  p.metric,
  p.place;
-- $1 = 200
-- $2 = 200
-- $3 = 'subject'
-- $4 = '{metadata, subject}'
-- $5 = '{doc, subject}'
-- $6 = 'score'
-- $7 = 'accuracy/test'
-- $8 = 'accuracy/test'
-- $9 = 'accuracy/test'
-- $10 = 'accuracy/test'
-- $11 = 'test'
-- $12 = 'accuracy/'
-- $13 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $14 = 200
-- $15 = 1200
-- $16 = 200
