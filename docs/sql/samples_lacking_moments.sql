-- samples_lacking_moments, 1 of 3
select
  v.benchmark_id,
  v.metric,
  v.fill,
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
      v.wanted,
      v.metric,
      v.fill,
      v.sample,
      (
        select
          avg(
            coalesce(
              (
                array_agg(
                  v.value
                  order by
                    v.value
                )
              ) [
                (
                  half + 1 - case
                    when v.fill::double precision <= min(v.value) then greatest(0, v.wanted::bigint - count(v.value))
                    else 0
                  end
                )::integer
              ],
              v.fill::double precision
            )
          )
        from
          unnest(
            array[
              (count(v.value) + greatest(0, v.wanted::bigint - count(v.value)) - 1) / 2,
              (count(v.value) + greatest(0, v.wanted::bigint - count(v.value))) / 2
            ]
          ) half
      ) as value
    from
      (
        select
          e.benchmark_id,
          w.wanted,
          coalesce('s' || e.sample_id, 'e' || e.id) as sample,
          e.repetition,
          m.metric,
          m.value,
          u.fill
        from
          unnest($1::uuid[], $2::int4[]) as w (id, wanted)
          join evaluations e on e.benchmark_id = w.id
          cross join lateral (
            values
              (
                $3::text,
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
                $4::"float8" []
              ),
              (
                $5::text,
                (
                  select
                    v.value
                  from
                    (
                      select
                        case jsonb_typeof(e.metrics -> $6::text)
                          when 'number' then (e.metrics -> $7::text)::double precision
                          when 'boolean' then (e.metrics -> $8::text)::boolean::integer::double precision
                        end as value
                    ) v
                  where
                    abs(v.value) < 1e+150
                ),
                $9::"float8" []
              )
          ) m (metric, value, ends)
          cross join lateral unnest(m.ends) u (fill)
        where
          m.value is not null
      ) v
    group by
      v.benchmark_id,
      v.wanted,
      v.metric,
      v.fill,
      v.sample
  ) v
group by
  v.benchmark_id,
  v.metric,
  v.fill;
-- $1 = '{01890a5d-ac96-774b-bcce-b302099a8057}'
-- $2 = '{5}'
-- $3 = 'score'
-- $4 = '{0, 1}'
-- $5 = 'a'
-- $6 = 'a'
-- $7 = 'a'
-- $8 = 'a'
-- $9 = '{0}'

-- samples_lacking_moments, 2 of 3
select
  v.benchmark_id,
  v.metric,
  v.fill,
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
      v.wanted,
      v.metric,
      v.fill,
      v.sample,
      case
        when greatest(0, v.wanted::bigint - count(v.value)) = 0 then (
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
        )
        else (
          select
            case
              when v.fill::double precision <= min(v.value) then min(u.value)
              else max(u.value)
            end
          from
            (
              select
                t.value,
                t.times,
                max(t.times) over () as most
              from
                (
                  select
                    u.value,
                    count(*) as times
                  from
                    unnest(array_agg(v.value)) u (value)
                  group by
                    u.value
                  union all
                  select
                    v.fill::double precision,
                    0
                ) t
            ) u
          where
            u.times + greatest(0, v.wanted::bigint - count(v.value)) >= u.most
        )
      end as value
    from
      (
        select
          e.benchmark_id,
          w.wanted,
          coalesce('s' || e.sample_id, 'e' || e.id) as sample,
          e.repetition,
          m.metric,
          m.value,
          u.fill
        from
          unnest($1::uuid[], $2::int4[]) as w (id, wanted)
          join evaluations e on e.benchmark_id = w.id
          cross join lateral (
            values
              (
                $3::text,
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
                $4::"float8" []
              )
          ) m (metric, value, ends)
          cross join lateral unnest(m.ends) u (fill)
        where
          m.value is not null
      ) v
    group by
      v.benchmark_id,
      v.wanted,
      v.metric,
      v.fill,
      v.sample
  ) v
group by
  v.benchmark_id,
  v.metric,
  v.fill;
-- $1 = '{01890a5d-ac96-774b-bcce-b302099a8057}'
-- $2 = '{5}'
-- $3 = 'score'
-- $4 = '{0}'

-- samples_lacking_moments, 3 of 3
select
  v.benchmark_id,
  v.metric,
  v.fill,
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
      v.wanted,
      v.metric,
      v.fill,
      v.sample,
      greatest(
        max(v.value),
        case
          when greatest(0, v.wanted::bigint - count(v.value)) > 0 then v.fill::double precision
        end
      ) as value
    from
      (
        select
          e.benchmark_id,
          w.wanted,
          coalesce('s' || e.sample_id, 'e' || e.id) as sample,
          e.repetition,
          m.metric,
          m.value,
          u.fill
        from
          unnest($1::uuid[], $2::int4[]) as w (id, wanted)
          join evaluations e on e.benchmark_id = w.id
          cross join lateral (
            values
              (
                $3::text,
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
                $4::"float8" []
              )
          ) m (metric, value, ends)
          cross join lateral unnest(m.ends) u (fill)
        where
          m.value is not null
      ) v
    group by
      v.benchmark_id,
      v.wanted,
      v.metric,
      v.fill,
      v.sample
  ) v
group by
  v.benchmark_id,
  v.metric,
  v.fill;
-- $1 = '{01890a5d-ac96-774b-bcce-b302099a8057}'
-- $2 = '{5}'
-- $3 = 'score'
-- $4 = '{0}'
