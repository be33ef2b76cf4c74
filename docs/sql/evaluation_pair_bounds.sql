-- evaluation_pair_bounds, 1 of 3
select
  lowest.pairs,
  lowest.moments as low,
  highest.moments as high,
  lowest.are_signs
  and highest.are_signs as are_signs
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
      end as moments,
      bool_and(difference in (-1, 0, 1)) as are_signs
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
          coalesce(
            b.failed
            and b.value is not null,
            false
          ) as baseline_failed,
          coalesce(
            c.failed
            and c.value is not null,
            false
          ) as candidate_failed,
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
              e.error is not null as failed,
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
              e.error is not null as failed,
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
      end as moments,
      bool_and(difference in (-1, 0, 1)) as are_signs
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
          coalesce(
            b.failed
            and b.value is not null,
            false
          ) as baseline_failed,
          coalesce(
            c.failed
            and c.value is not null,
            false
          ) as candidate_failed,
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
              e.error is not null as failed,
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
              e.error is not null as failed,
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

-- evaluation_pair_bounds, 2 of 3
select
  lowest.pairs,
  lowest.moments as low,
  highest.moments as high,
  lowest.are_signs
  and highest.are_signs as are_signs
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
      end as moments,
      bool_and(difference in (-1, 0, 1)) as are_signs
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
          coalesce(
            b.failed
            and b.value is not null,
            false
          ) as baseline_failed,
          coalesce(
            c.failed
            and c.value is not null,
            false
          ) as candidate_failed,
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
              r.failed,
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
                      e.error is not null as failed,
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
                  bool_or(v.failed) as failed,
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
                          e.error is not null as failed,
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
              r.failed,
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
                      e.error is not null as failed,
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
                  bool_or(v.failed) as failed,
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
                          e.error is not null as failed,
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
      end as moments,
      bool_and(difference in (-1, 0, 1)) as are_signs
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
          coalesce(
            b.failed
            and b.value is not null,
            false
          ) as baseline_failed,
          coalesce(
            c.failed
            and c.value is not null,
            false
          ) as candidate_failed,
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
              r.failed,
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
                      e.error is not null as failed,
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
                  bool_or(v.failed) as failed,
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
                          e.error is not null as failed,
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
              r.failed,
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
                      e.error is not null as failed,
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
                  bool_or(v.failed) as failed,
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
                          e.error is not null as failed,
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

-- evaluation_pair_bounds, 3 of 3
select
  lowest.pairs,
  lowest.moments as low,
  highest.moments as high,
  lowest.are_signs
  and highest.are_signs as are_signs
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
      end as moments,
      bool_and(difference in (-1, 0, 1)) as are_signs
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
          coalesce(
            b.failed
            and b.value is not null,
            false
          ) as baseline_failed,
          coalesce(
            c.failed
            and c.value is not null,
            false
          ) as candidate_failed,
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
              r.failed,
              coalesce(r.input, t.input) as input,
              coalesce(r.expected, t.expected) as expected,
              t.is_other
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
                              case jsonb_typeof(e.metrics -> $5::text)
                                when 'number' then (e.metrics -> $6::text)::double precision
                                when 'boolean' then (e.metrics -> $7::text)::boolean::integer::double precision
                              end as value
                          ) v
                        where
                          abs(v.value) < 1e+150
                      ) as value,
                      1 as tries,
                      0 as alike,
                      e.error is not null as failed,
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
                            v.metric <> $8
                            and starts_with(v.metric, $9::text)
                            and substr(v.metric, length($10::text) + 1) ~ '^(train|valid|test)(/|$)'
                          )
                      ) as is_other,
                      hashtextextended (nullif(e.input, ''), 0) as input,
                      hashtextextended (e.expected, 0) as expected
                    from
                      evaluations e
                    where
                      e.benchmark_id = $11
                      and e.sample_id is not null
                  ) v
                order by
                  v.sample_id,
                  v.is_other desc,
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
                  bool_or(v.failed) as failed,
                  case
                    when min(v."input") = max(v."input") then min(v."input")
                    else min(v."input") # (max(v."input") << 1)
                  end as "input",
                  case
                    when min(v."expected") = max(v."expected") then min(v."expected")
                    else min(v."expected") # (max(v."expected") << 1)
                  end as "expected",
                  (sum(v.value) + greatest(0, $12::bigint - count(v.value)) * $13::double precision) / (count(v.value) + greatest(0, $14::bigint - count(v.value))) as value
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
                                  case jsonb_typeof(e.metrics -> $15::text)
                                    when 'number' then (e.metrics -> $16::text)::double precision
                                    when 'boolean' then (e.metrics -> $17::text)::boolean::integer::double precision
                                  end as value
                              ) v
                            where
                              abs(v.value) < 1e+150
                          ) as value,
                          1 as tries,
                          0 as alike,
                          e.error is not null as failed,
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
                                v.metric <> $18
                                and starts_with(v.metric, $19::text)
                                and substr(v.metric, length($20::text) + 1) ~ '^(train|valid|test)(/|$)'
                              )
                          ) as is_other,
                          hashtextextended (nullif(e.input, ''), 0) as input,
                          hashtextextended (e.expected, 0) as expected
                        from
                          evaluations e
                        where
                          e.benchmark_id = $21
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
              r.failed,
              coalesce(r.input, t.input) as input,
              coalesce(r.expected, t.expected) as expected,
              t.is_other
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
                              case jsonb_typeof(e.metrics -> $22::text)
                                when 'number' then (e.metrics -> $23::text)::double precision
                                when 'boolean' then (e.metrics -> $24::text)::boolean::integer::double precision
                              end as value
                          ) v
                        where
                          abs(v.value) < 1e+150
                      ) as value,
                      1 as tries,
                      0 as alike,
                      e.error is not null as failed,
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
                            v.metric <> $25
                            and starts_with(v.metric, $26::text)
                            and substr(v.metric, length($27::text) + 1) ~ '^(train|valid|test)(/|$)'
                          )
                      ) as is_other,
                      hashtextextended (nullif(e.input, ''), 0) as input,
                      hashtextextended (e.expected, 0) as expected
                    from
                      evaluations e
                    where
                      e.benchmark_id = $28
                      and e.sample_id is not null
                  ) v
                order by
                  v.sample_id,
                  v.is_other desc,
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
                  bool_or(v.failed) as failed,
                  case
                    when min(v."input") = max(v."input") then min(v."input")
                    else min(v."input") # (max(v."input") << 1)
                  end as "input",
                  case
                    when min(v."expected") = max(v."expected") then min(v."expected")
                    else min(v."expected") # (max(v."expected") << 1)
                  end as "expected",
                  (sum(v.value) + greatest(0, $29::bigint - count(v.value)) * $30::double precision) / (count(v.value) + greatest(0, $31::bigint - count(v.value))) as value
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
                                  case jsonb_typeof(e.metrics -> $32::text)
                                    when 'number' then (e.metrics -> $33::text)::double precision
                                    when 'boolean' then (e.metrics -> $34::text)::boolean::integer::double precision
                                  end as value
                              ) v
                            where
                              abs(v.value) < 1e+150
                          ) as value,
                          1 as tries,
                          0 as alike,
                          e.error is not null as failed,
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
                                v.metric <> $35
                                and starts_with(v.metric, $36::text)
                                and substr(v.metric, length($37::text) + 1) ~ '^(train|valid|test)(/|$)'
                              )
                          ) as is_other,
                          hashtextextended (nullif(e.input, ''), 0) as input,
                          hashtextextended (e.expected, 0) as expected
                        from
                          evaluations e
                        where
                          e.benchmark_id = $38
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
          case
            when b.value is null
            and c.value is null
            and (
              b.is_other
              or c.is_other
            ) then false
            else true
          end
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
      end as moments,
      bool_and(difference in (-1, 0, 1)) as are_signs
    from
      (
        select
          coalesce(b.sample_id, c.sample_id) as sample_id,
          b.id as baseline_id,
          c.id as candidate_id,
          coalesce(b.value, $39::double precision) as baseline,
          coalesce(c.value, $40::double precision) as candidate,
          c.value is null as is_candidate_filled,
          b.tries as baseline_tries,
          case
            when c.value is null then 0
            else c.tries
          end as candidate_tries,
          b.alike as baseline_alike,
          coalesce(c.alike, 0) as candidate_alike,
          coalesce(
            b.failed
            and b.value is not null,
            false
          ) as baseline_failed,
          coalesce(
            c.failed
            and c.value is not null,
            false
          ) as candidate_failed,
          (
            coalesce(c.value, $41::double precision)::numeric - coalesce(b.value, $42::double precision)::numeric
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
              r.failed,
              coalesce(r.input, t.input) as input,
              coalesce(r.expected, t.expected) as expected,
              t.is_other
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
                              case jsonb_typeof(e.metrics -> $43::text)
                                when 'number' then (e.metrics -> $44::text)::double precision
                                when 'boolean' then (e.metrics -> $45::text)::boolean::integer::double precision
                              end as value
                          ) v
                        where
                          abs(v.value) < 1e+150
                      ) as value,
                      1 as tries,
                      0 as alike,
                      e.error is not null as failed,
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
                            v.metric <> $46
                            and starts_with(v.metric, $47::text)
                            and substr(v.metric, length($48::text) + 1) ~ '^(train|valid|test)(/|$)'
                          )
                      ) as is_other,
                      hashtextextended (nullif(e.input, ''), 0) as input,
                      hashtextextended (e.expected, 0) as expected
                    from
                      evaluations e
                    where
                      e.benchmark_id = $49
                      and e.sample_id is not null
                  ) v
                order by
                  v.sample_id,
                  v.is_other desc,
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
                  bool_or(v.failed) as failed,
                  case
                    when min(v."input") = max(v."input") then min(v."input")
                    else min(v."input") # (max(v."input") << 1)
                  end as "input",
                  case
                    when min(v."expected") = max(v."expected") then min(v."expected")
                    else min(v."expected") # (max(v."expected") << 1)
                  end as "expected",
                  (sum(v.value) + greatest(0, $50::bigint - count(v.value)) * $51::double precision) / (count(v.value) + greatest(0, $52::bigint - count(v.value))) as value
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
                                  case jsonb_typeof(e.metrics -> $53::text)
                                    when 'number' then (e.metrics -> $54::text)::double precision
                                    when 'boolean' then (e.metrics -> $55::text)::boolean::integer::double precision
                                  end as value
                              ) v
                            where
                              abs(v.value) < 1e+150
                          ) as value,
                          1 as tries,
                          0 as alike,
                          e.error is not null as failed,
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
                                v.metric <> $56
                                and starts_with(v.metric, $57::text)
                                and substr(v.metric, length($58::text) + 1) ~ '^(train|valid|test)(/|$)'
                              )
                          ) as is_other,
                          hashtextextended (nullif(e.input, ''), 0) as input,
                          hashtextextended (e.expected, 0) as expected
                        from
                          evaluations e
                        where
                          e.benchmark_id = $59
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
              r.failed,
              coalesce(r.input, t.input) as input,
              coalesce(r.expected, t.expected) as expected,
              t.is_other
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
                              case jsonb_typeof(e.metrics -> $60::text)
                                when 'number' then (e.metrics -> $61::text)::double precision
                                when 'boolean' then (e.metrics -> $62::text)::boolean::integer::double precision
                              end as value
                          ) v
                        where
                          abs(v.value) < 1e+150
                      ) as value,
                      1 as tries,
                      0 as alike,
                      e.error is not null as failed,
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
                            v.metric <> $63
                            and starts_with(v.metric, $64::text)
                            and substr(v.metric, length($65::text) + 1) ~ '^(train|valid|test)(/|$)'
                          )
                      ) as is_other,
                      hashtextextended (nullif(e.input, ''), 0) as input,
                      hashtextextended (e.expected, 0) as expected
                    from
                      evaluations e
                    where
                      e.benchmark_id = $66
                      and e.sample_id is not null
                  ) v
                order by
                  v.sample_id,
                  v.is_other desc,
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
                  bool_or(v.failed) as failed,
                  case
                    when min(v."input") = max(v."input") then min(v."input")
                    else min(v."input") # (max(v."input") << 1)
                  end as "input",
                  case
                    when min(v."expected") = max(v."expected") then min(v."expected")
                    else min(v."expected") # (max(v."expected") << 1)
                  end as "expected",
                  (sum(v.value) + greatest(0, $67::bigint - count(v.value)) * $68::double precision) / (count(v.value) + greatest(0, $69::bigint - count(v.value))) as value
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
                                  case jsonb_typeof(e.metrics -> $70::text)
                                    when 'number' then (e.metrics -> $71::text)::double precision
                                    when 'boolean' then (e.metrics -> $72::text)::boolean::integer::double precision
                                  end as value
                              ) v
                            where
                              abs(v.value) < 1e+150
                          ) as value,
                          1 as tries,
                          0 as alike,
                          e.error is not null as failed,
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
                                v.metric <> $73
                                and starts_with(v.metric, $74::text)
                                and substr(v.metric, length($75::text) + 1) ~ '^(train|valid|test)(/|$)'
                              )
                          ) as is_other,
                          hashtextextended (nullif(e.input, ''), 0) as input,
                          hashtextextended (e.expected, 0) as expected
                        from
                          evaluations e
                        where
                          e.benchmark_id = $76
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
          case
            when b.value is null
            and c.value is null
            and (
              b.is_other
              or c.is_other
            ) then false
            else true
          end
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
-- $5 = 'accuracy/test'
-- $6 = 'accuracy/test'
-- $7 = 'accuracy/test'
-- $8 = 'accuracy/test'
-- $9 = 'accuracy/'
-- $10 = 'accuracy/'
-- $11 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $12 = 0
-- $13 = 1
-- $14 = 0
-- $15 = 'accuracy/test'
-- $16 = 'accuracy/test'
-- $17 = 'accuracy/test'
-- $18 = 'accuracy/test'
-- $19 = 'accuracy/'
-- $20 = 'accuracy/'
-- $21 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $22 = 'accuracy/test'
-- $23 = 'accuracy/test'
-- $24 = 'accuracy/test'
-- $25 = 'accuracy/test'
-- $26 = 'accuracy/'
-- $27 = 'accuracy/'
-- $28 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $29 = 5
-- $30 = 0
-- $31 = 5
-- $32 = 'accuracy/test'
-- $33 = 'accuracy/test'
-- $34 = 'accuracy/test'
-- $35 = 'accuracy/test'
-- $36 = 'accuracy/'
-- $37 = 'accuracy/'
-- $38 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $39 = 0
-- $40 = 1
-- $41 = 1
-- $42 = 0
-- $43 = 'accuracy/test'
-- $44 = 'accuracy/test'
-- $45 = 'accuracy/test'
-- $46 = 'accuracy/test'
-- $47 = 'accuracy/'
-- $48 = 'accuracy/'
-- $49 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $50 = 0
-- $51 = 0
-- $52 = 0
-- $53 = 'accuracy/test'
-- $54 = 'accuracy/test'
-- $55 = 'accuracy/test'
-- $56 = 'accuracy/test'
-- $57 = 'accuracy/'
-- $58 = 'accuracy/'
-- $59 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $60 = 'accuracy/test'
-- $61 = 'accuracy/test'
-- $62 = 'accuracy/test'
-- $63 = 'accuracy/test'
-- $64 = 'accuracy/'
-- $65 = 'accuracy/'
-- $66 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $67 = 5
-- $68 = 1
-- $69 = 5
-- $70 = 'accuracy/test'
-- $71 = 'accuracy/test'
-- $72 = 'accuracy/test'
-- $73 = 'accuracy/test'
-- $74 = 'accuracy/'
-- $75 = 'accuracy/'
-- $76 = '01890a5d-ac96-774b-bcce-b302099a8057'
