-- evaluation_pair_bounds, 1 of 2
select
  lowest.pairs,
  lowest.moments as low,
  highest.moments as high
from
  (
    select
      count(*) as pairs,
      case
        when count(*) > 0 then array[
          sum(
            case
              when abs("difference") between 1e-30 and 1e30 then "difference"::real::double precision
              else 0
            end
          ) + sum(
            "difference" - case
              when abs("difference") between 1e-30 and 1e30 then "difference"::real::double precision
              else 0
            end
          ),
          regr_sxx("difference", "difference"),
          min("difference"),
          max("difference")
        ]
      end as moments
    from
      (
        select
          coalesce(b.sample_id, c.sample_id) as sample_id,
          b.id as baseline_id,
          c.id as candidate_id,
          coalesce(b.value, $1::double precision) as baseline,
          coalesce(c.value, $2::double precision) as candidate,
          c.value is null as is_candidate_filled,
          b.tries as baseline_tries,
          case
            when c.value is null then 0
            else c.tries
          end as candidate_tries,
          b.alike as baseline_alike,
          coalesce(c.alike, 0) as candidate_alike,
          (coalesce(c.value, $3::double precision)::numeric - coalesce(b.value, $4::double precision)::numeric)::double precision as difference,
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
        offset
          0
      ) p
    where
      p.is_same
  ) lowest
  cross join (
    select
      count(*) as pairs,
      case
        when count(*) > 0 then array[
          sum(
            case
              when abs("difference") between 1e-30 and 1e30 then "difference"::real::double precision
              else 0
            end
          ) + sum(
            "difference" - case
              when abs("difference") between 1e-30 and 1e30 then "difference"::real::double precision
              else 0
            end
          ),
          regr_sxx("difference", "difference"),
          min("difference"),
          max("difference")
        ]
      end as moments
    from
      (
        select
          coalesce(b.sample_id, c.sample_id) as sample_id,
          b.id as baseline_id,
          c.id as candidate_id,
          coalesce(b.value, $7::double precision) as baseline,
          coalesce(c.value, $8::double precision) as candidate,
          c.value is null as is_candidate_filled,
          b.tries as baseline_tries,
          case
            when c.value is null then 0
            else c.tries
          end as candidate_tries,
          b.alike as baseline_alike,
          coalesce(c.alike, 0) as candidate_alike,
          (
            coalesce(c.value, $9::double precision)::numeric - coalesce(b.value, $10::double precision)::numeric
          )::double precision as difference,
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
              e.benchmark_id = $11
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
              e.benchmark_id = $12
              and e.sample_id is not null
              and e.repetition = 0
          ) c on c.sample_id = b.sample_id
        where
          true
        offset
          0
      ) p
    where
      p.is_same
  ) highest;
-- $1 = 1
-- $2 = 0
-- $3 = 0
-- $4 = 1
-- $5 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $6 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $7 = 0
-- $8 = 1
-- $9 = 1
-- $10 = 0
-- $11 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $12 = '01890a5d-ac96-774b-bcce-b302099a8057'

-- evaluation_pair_bounds, 2 of 2
select
  lowest.pairs,
  lowest.moments as low,
  highest.moments as high
from
  (
    select
      count(*) as pairs,
      case
        when count(*) > 0 then array[
          sum(
            case
              when abs("difference") between 1e-30 and 1e30 then "difference"::real::double precision
              else 0
            end
          ) + sum(
            "difference" - case
              when abs("difference") between 1e-30 and 1e30 then "difference"::real::double precision
              else 0
            end
          ),
          regr_sxx("difference", "difference"),
          min("difference"),
          max("difference")
        ]
      end as moments
    from
      (
        select
          coalesce(b.sample_id, c.sample_id) as sample_id,
          b.id as baseline_id,
          c.id as candidate_id,
          coalesce(b.value, $1::double precision) as baseline,
          coalesce(c.value, $2::double precision) as candidate,
          c.value is null as is_candidate_filled,
          b.tries as baseline_tries,
          case
            when c.value is null then 0
            else c.tries
          end as candidate_tries,
          b.alike as baseline_alike,
          coalesce(c.alike, 0) as candidate_alike,
          (coalesce(c.value, $3::double precision)::numeric - coalesce(b.value, $4::double precision)::numeric)::double precision as difference,
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
              full join (
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
                  case
                    when min(v."input") = max(v."input") then min(v."input")
                    else min(v."input") # (max(v."input") << 1)
                  end as "input",
                  case
                    when min(v."expected") = max(v."expected") then min(v."expected")
                    else min(v."expected") # (max(v."expected") << 1)
                  end as "expected",
                  (sum(v.value) + greatest(0, $6::bigint - count(v.value)) * $7::double precision) / (count(v.value) + greatest(0, $8::bigint - count(v.value))) as value
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
                          e.benchmark_id = $9
                          and e.sample_id is not null
                      ) v
                    where
                      value is not null
                  ) v
                group by
                  v.sample_id
              ) r on r.sample_id = t.sample_id
            offset
              0
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
                      e.benchmark_id = $10
                      and e.sample_id is not null
                  ) v
                order by
                  v.sample_id,
                  v.repetition
              ) t
              full join (
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
                  case
                    when min(v."input") = max(v."input") then min(v."input")
                    else min(v."input") # (max(v."input") << 1)
                  end as "input",
                  case
                    when min(v."expected") = max(v."expected") then min(v."expected")
                    else min(v."expected") # (max(v."expected") << 1)
                  end as "expected",
                  (sum(v.value) + greatest(0, $11::bigint - count(v.value)) * $12::double precision) / (count(v.value) + greatest(0, $13::bigint - count(v.value))) as value
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
                          e.benchmark_id = $14
                          and e.sample_id is not null
                      ) v
                    where
                      value is not null
                  ) v
                group by
                  v.sample_id
              ) r on r.sample_id = t.sample_id
            offset
              0
          ) c on c.sample_id = b.sample_id
        where
          true
        offset
          0
      ) p
    where
      p.is_same
  ) lowest
  cross join (
    select
      count(*) as pairs,
      case
        when count(*) > 0 then array[
          sum(
            case
              when abs("difference") between 1e-30 and 1e30 then "difference"::real::double precision
              else 0
            end
          ) + sum(
            "difference" - case
              when abs("difference") between 1e-30 and 1e30 then "difference"::real::double precision
              else 0
            end
          ),
          regr_sxx("difference", "difference"),
          min("difference"),
          max("difference")
        ]
      end as moments
    from
      (
        select
          coalesce(b.sample_id, c.sample_id) as sample_id,
          b.id as baseline_id,
          c.id as candidate_id,
          coalesce(b.value, $15::double precision) as baseline,
          coalesce(c.value, $16::double precision) as candidate,
          c.value is null as is_candidate_filled,
          b.tries as baseline_tries,
          case
            when c.value is null then 0
            else c.tries
          end as candidate_tries,
          b.alike as baseline_alike,
          coalesce(c.alike, 0) as candidate_alike,
          (
            coalesce(c.value, $17::double precision)::numeric - coalesce(b.value, $18::double precision)::numeric
          )::double precision as difference,
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
                      e.benchmark_id = $19
                      and e.sample_id is not null
                  ) v
                order by
                  v.sample_id,
                  v.repetition
              ) t
              full join (
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
                  case
                    when min(v."input") = max(v."input") then min(v."input")
                    else min(v."input") # (max(v."input") << 1)
                  end as "input",
                  case
                    when min(v."expected") = max(v."expected") then min(v."expected")
                    else min(v."expected") # (max(v."expected") << 1)
                  end as "expected",
                  (sum(v.value) + greatest(0, $20::bigint - count(v.value)) * $21::double precision) / (count(v.value) + greatest(0, $22::bigint - count(v.value))) as value
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
                          e.benchmark_id = $23
                          and e.sample_id is not null
                      ) v
                    where
                      value is not null
                  ) v
                group by
                  v.sample_id
              ) r on r.sample_id = t.sample_id
            offset
              0
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
                      e.benchmark_id = $24
                      and e.sample_id is not null
                  ) v
                order by
                  v.sample_id,
                  v.repetition
              ) t
              full join (
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
                  case
                    when min(v."input") = max(v."input") then min(v."input")
                    else min(v."input") # (max(v."input") << 1)
                  end as "input",
                  case
                    when min(v."expected") = max(v."expected") then min(v."expected")
                    else min(v."expected") # (max(v."expected") << 1)
                  end as "expected",
                  (sum(v.value) + greatest(0, $25::bigint - count(v.value)) * $26::double precision) / (count(v.value) + greatest(0, $27::bigint - count(v.value))) as value
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
                          e.benchmark_id = $28
                          and e.sample_id is not null
                      ) v
                    where
                      value is not null
                  ) v
                group by
                  v.sample_id
              ) r on r.sample_id = t.sample_id
            offset
              0
          ) c on c.sample_id = b.sample_id
        where
          true
        offset
          0
      ) p
    where
      p.is_same
  ) highest;
-- $1 = 1
-- $2 = 0
-- $3 = 0
-- $4 = 1
-- $5 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $6 = 0
-- $7 = 1
-- $8 = 0
-- $9 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $10 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $11 = 5
-- $12 = 0
-- $13 = 5
-- $14 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $15 = 0
-- $16 = 1
-- $17 = 1
-- $18 = 0
-- $19 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $20 = 0
-- $21 = 0
-- $22 = 0
-- $23 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $24 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $25 = 5
-- $26 = 1
-- $27 = 5
-- $28 = '01890a5d-ac96-774b-bcce-b302099a8057'
