-- evaluation_pair_bounds, 1 of 2
select
  count(*) as pairs,
  case
    when count(*) > 0 then array[
      sum(
        case
          when abs("low") between 1e-30 and 1e30 then "low"::real::double precision
          else 0
        end
      ) + sum(
        "low" - case
          when abs("low") between 1e-30 and 1e30 then "low"::real::double precision
          else 0
        end
      ),
      regr_sxx("low", "low"),
      min("low"),
      max("low")
    ]
  end as low,
  case
    when count(*) > 0 then array[
      sum(
        case
          when abs("high") between 1e-30 and 1e30 then "high"::real::double precision
          else 0
        end
      ) + sum(
        "high" - case
          when abs("high") between 1e-30 and 1e30 then "high"::real::double precision
          else 0
        end
      ),
      regr_sxx("high", "high"),
      min("high"),
      max("high")
    ]
  end as high
from
  (
    select
      coalesce("p"."candidate", $1::double precision) - coalesce("p"."baseline", $2::double precision) as low,
      coalesce("p"."candidate", $3::double precision) - coalesce("p"."baseline", $4::double precision) as high
    from
      (
        select
          coalesce(b.sample_id, c.sample_id) as sample_id,
          b.id as baseline_id,
          c.id as candidate_id,
          b.value as baseline,
          c.value as candidate,
          c.value is null as is_candidate_filled,
          b.tries as baseline_tries,
          case
            when c.value is null then 0
            else c.tries
          end as candidate_tries,
          b.alike as baseline_alike,
          coalesce(c.alike, 0) as candidate_alike,
          (c.value::numeric - b.value::numeric)::double precision as difference,
          (
            b.value is null
            or c.value is null
            or (
              coalesce(b.input = c.input, true)
              and coalesce(b.expected = c.expected, true)
            )
          ) as is_same
        from
          (
            select
              e.id,
              e.sample_id,
              e.repetition,
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
              1 as tries,
              0 as alike,
              hashtextextended (nullif(e.input, ''), 0) as input,
              hashtextextended (e.expected, 0) as expected
            from
              evaluations e
            where
              e.benchmark_id = $5
              and e.sample_id is not null
              and e.repetition = 0
          ) b
          full join (
            select
              e.id,
              e.sample_id,
              e.repetition,
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
              1 as tries,
              0 as alike,
              hashtextextended (nullif(e.input, ''), 0) as input,
              hashtextextended (e.expected, 0) as expected
            from
              evaluations e
            where
              e.benchmark_id = $6
              and e.sample_id is not null
              and e.repetition = 0
          ) c on c.sample_id = b.sample_id
        where
          true
      ) p
    where
      p.is_same
  ) p;
-- $1 = 0
-- $2 = 1
-- $3 = 1
-- $4 = 0
-- $5 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $6 = '01890a5d-ac96-774b-bcce-b302099a8057'

-- evaluation_pair_bounds, 2 of 2
select
  count(*) as pairs,
  case
    when count(*) > 0 then array[
      sum(
        case
          when abs("low") between 1e-30 and 1e30 then "low"::real::double precision
          else 0
        end
      ) + sum(
        "low" - case
          when abs("low") between 1e-30 and 1e30 then "low"::real::double precision
          else 0
        end
      ),
      regr_sxx("low", "low"),
      min("low"),
      max("low")
    ]
  end as low,
  case
    when count(*) > 0 then array[
      sum(
        case
          when abs("high") between 1e-30 and 1e30 then "high"::real::double precision
          else 0
        end
      ) + sum(
        "high" - case
          when abs("high") between 1e-30 and 1e30 then "high"::real::double precision
          else 0
        end
      ),
      regr_sxx("high", "high"),
      min("high"),
      max("high")
    ]
  end as high
from
  (
    select
      coalesce("p"."candidate", $1::double precision) - coalesce("p"."baseline", $2::double precision) as low,
      coalesce("p"."candidate", $3::double precision) - coalesce("p"."baseline", $4::double precision) as high
    from
      (
        select
          coalesce(b.sample_id, c.sample_id) as sample_id,
          b.id as baseline_id,
          c.id as candidate_id,
          b.value as baseline,
          c.value as candidate,
          c.value is null as is_candidate_filled,
          b.tries as baseline_tries,
          case
            when c.value is null then 0
            else c.tries
          end as candidate_tries,
          b.alike as baseline_alike,
          coalesce(c.alike, 0) as candidate_alike,
          (c.value::numeric - b.value::numeric)::double precision as difference,
          (
            b.value is null
            or c.value is null
            or (
              coalesce(b.input = c.input, true)
              and coalesce(b.expected = c.expected, true)
            )
          ) as is_same
        from
          (
            select
              t.sample_id,
              coalesce(r.id, t.id) as id,
              r.value,
              r.tries,
              r.alike,
              coalesce(r.input, t.input) as input,
              coalesce(r.expected, t.expected) as expected
            from
              (
                select distinct
                  on (v.sample_id) v.*
                from
                  (
                    select
                      e.id,
                      e.sample_id,
                      e.repetition,
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
                      1 as tries,
                      0 as alike,
                      hashtextextended (nullif(e.input, ''), 0) as input,
                      hashtextextended (e.expected, 0) as expected
                    from
                      evaluations e
                    where
                      e.benchmark_id = $5
                      and e.sample_id is not null
                  ) v
                order by
                  v.sample_id,
                  v.repetition
              ) t
              left join (
                select
                  v.sample_id,
                  (
                    array_agg(
                      v.id
                      order by
                        v.repetition
                    )
                  ) [1] as id,
                  count(*)::integer as tries,
                  (
                    count(*) > 1
                    and min(v.value) = max(v.value)
                  )::integer as alike,
                  (
                    array_agg(
                      v.input
                      order by
                        v.repetition
                    )
                  ) [1] as input,
                  max(v.expected) as expected,
                  avg(v.value) as value
                from
                  (
                    select
                      *
                    from
                      (
                        select
                          e.id,
                          e.sample_id,
                          e.repetition,
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
                          1 as tries,
                          0 as alike,
                          hashtextextended (nullif(e.input, ''), 0) as input,
                          hashtextextended (e.expected, 0) as expected
                        from
                          evaluations e
                        where
                          e.benchmark_id = $6
                          and e.sample_id is not null
                      ) v
                    where
                      value is not null
                  ) v
                group by
                  v.sample_id
              ) r on r.sample_id = t.sample_id
          ) b
          full join (
            select
              t.sample_id,
              coalesce(r.id, t.id) as id,
              r.value,
              r.tries,
              r.alike,
              coalesce(r.input, t.input) as input,
              coalesce(r.expected, t.expected) as expected
            from
              (
                select distinct
                  on (v.sample_id) v.*
                from
                  (
                    select
                      e.id,
                      e.sample_id,
                      e.repetition,
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
                      1 as tries,
                      0 as alike,
                      hashtextextended (nullif(e.input, ''), 0) as input,
                      hashtextextended (e.expected, 0) as expected
                    from
                      evaluations e
                    where
                      e.benchmark_id = $7
                      and e.sample_id is not null
                  ) v
                order by
                  v.sample_id,
                  v.repetition
              ) t
              left join (
                select
                  v.sample_id,
                  (
                    array_agg(
                      v.id
                      order by
                        v.repetition
                    )
                  ) [1] as id,
                  count(*)::integer as tries,
                  (
                    count(*) > 1
                    and min(v.value) = max(v.value)
                  )::integer as alike,
                  (
                    array_agg(
                      v.input
                      order by
                        v.repetition
                    )
                  ) [1] as input,
                  max(v.expected) as expected,
                  avg(v.value) as value
                from
                  (
                    select
                      *
                    from
                      (
                        select
                          e.id,
                          e.sample_id,
                          e.repetition,
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
                          1 as tries,
                          0 as alike,
                          hashtextextended (nullif(e.input, ''), 0) as input,
                          hashtextextended (e.expected, 0) as expected
                        from
                          evaluations e
                        where
                          e.benchmark_id = $8
                          and e.sample_id is not null
                      ) v
                    where
                      value is not null
                  ) v
                group by
                  v.sample_id
              ) r on r.sample_id = t.sample_id
          ) c on c.sample_id = b.sample_id
        where
          true
      ) p
    where
      p.is_same
  ) p;
-- $1 = 0
-- $2 = 1
-- $3 = 1
-- $4 = 0
-- $5 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $6 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $7 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $8 = '01890a5d-ac96-774b-bcce-b302099a8057'
