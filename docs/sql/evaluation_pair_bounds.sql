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
                            substring(
                              v.metric
                              from
                                '^.+?/((?:train|valid|test)(?:/.*)?)$'
                            ) <> $8
                            and (
                              starts_with(v.metric, $9::text)
                              or substring(
                                v.metric
                                from
                                  '^.+?/((?:train|valid|test)(?:/.*)?)$'
                              ) not like '%:%'
                            )
                          )
                      ) as is_other,
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
                                  case jsonb_typeof(e.metrics -> $14::text)
                                    when 'number' then (e.metrics -> $15::text)::double precision
                                    when 'boolean' then (e.metrics -> $16::text)::boolean::integer::double precision
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
                                substring(
                                  v.metric
                                  from
                                    '^.+?/((?:train|valid|test)(?:/.*)?)$'
                                ) <> $17
                                and (
                                  starts_with(v.metric, $18::text)
                                  or substring(
                                    v.metric
                                    from
                                      '^.+?/((?:train|valid|test)(?:/.*)?)$'
                                  ) not like '%:%'
                                )
                              )
                          ) as is_other,
                          hashtextextended (nullif(e.input, ''), 0) as input,
                          hashtextextended (e.expected, 0) as expected
                        from
                          evaluations e
                        where
                          e.benchmark_id = $19
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
                              case jsonb_typeof(e.metrics -> $20::text)
                                when 'number' then (e.metrics -> $21::text)::double precision
                                when 'boolean' then (e.metrics -> $22::text)::boolean::integer::double precision
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
                            substring(
                              v.metric
                              from
                                '^.+?/((?:train|valid|test)(?:/.*)?)$'
                            ) <> $23
                            and (
                              starts_with(v.metric, $24::text)
                              or substring(
                                v.metric
                                from
                                  '^.+?/((?:train|valid|test)(?:/.*)?)$'
                              ) not like '%:%'
                            )
                          )
                      ) as is_other,
                      hashtextextended (nullif(e.input, ''), 0) as input,
                      hashtextextended (e.expected, 0) as expected
                    from
                      evaluations e
                    where
                      e.benchmark_id = $25
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
                  (sum(v.value) + greatest(0, $26::bigint - count(v.value)) * $27::double precision) / (count(v.value) + greatest(0, $28::bigint - count(v.value))) as value
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
                                  case jsonb_typeof(e.metrics -> $29::text)
                                    when 'number' then (e.metrics -> $30::text)::double precision
                                    when 'boolean' then (e.metrics -> $31::text)::boolean::integer::double precision
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
                                substring(
                                  v.metric
                                  from
                                    '^.+?/((?:train|valid|test)(?:/.*)?)$'
                                ) <> $32
                                and (
                                  starts_with(v.metric, $33::text)
                                  or substring(
                                    v.metric
                                    from
                                      '^.+?/((?:train|valid|test)(?:/.*)?)$'
                                  ) not like '%:%'
                                )
                              )
                          ) as is_other,
                          hashtextextended (nullif(e.input, ''), 0) as input,
                          hashtextextended (e.expected, 0) as expected
                        from
                          evaluations e
                        where
                          e.benchmark_id = $34
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
          coalesce(b.value, $35::double precision) as baseline,
          coalesce(c.value, $36::double precision) as candidate,
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
            coalesce(c.value, $37::double precision)::numeric - coalesce(b.value, $38::double precision)::numeric
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
                              case jsonb_typeof(e.metrics -> $39::text)
                                when 'number' then (e.metrics -> $40::text)::double precision
                                when 'boolean' then (e.metrics -> $41::text)::boolean::integer::double precision
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
                            substring(
                              v.metric
                              from
                                '^.+?/((?:train|valid|test)(?:/.*)?)$'
                            ) <> $42
                            and (
                              starts_with(v.metric, $43::text)
                              or substring(
                                v.metric
                                from
                                  '^.+?/((?:train|valid|test)(?:/.*)?)$'
                              ) not like '%:%'
                            )
                          )
                      ) as is_other,
                      hashtextextended (nullif(e.input, ''), 0) as input,
                      hashtextextended (e.expected, 0) as expected
                    from
                      evaluations e
                    where
                      e.benchmark_id = $44
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
                  (sum(v.value) + greatest(0, $45::bigint - count(v.value)) * $46::double precision) / (count(v.value) + greatest(0, $47::bigint - count(v.value))) as value
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
                                  case jsonb_typeof(e.metrics -> $48::text)
                                    when 'number' then (e.metrics -> $49::text)::double precision
                                    when 'boolean' then (e.metrics -> $50::text)::boolean::integer::double precision
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
                                substring(
                                  v.metric
                                  from
                                    '^.+?/((?:train|valid|test)(?:/.*)?)$'
                                ) <> $51
                                and (
                                  starts_with(v.metric, $52::text)
                                  or substring(
                                    v.metric
                                    from
                                      '^.+?/((?:train|valid|test)(?:/.*)?)$'
                                  ) not like '%:%'
                                )
                              )
                          ) as is_other,
                          hashtextextended (nullif(e.input, ''), 0) as input,
                          hashtextextended (e.expected, 0) as expected
                        from
                          evaluations e
                        where
                          e.benchmark_id = $53
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
                              case jsonb_typeof(e.metrics -> $54::text)
                                when 'number' then (e.metrics -> $55::text)::double precision
                                when 'boolean' then (e.metrics -> $56::text)::boolean::integer::double precision
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
                            substring(
                              v.metric
                              from
                                '^.+?/((?:train|valid|test)(?:/.*)?)$'
                            ) <> $57
                            and (
                              starts_with(v.metric, $58::text)
                              or substring(
                                v.metric
                                from
                                  '^.+?/((?:train|valid|test)(?:/.*)?)$'
                              ) not like '%:%'
                            )
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
                  (sum(v.value) + greatest(0, $60::bigint - count(v.value)) * $61::double precision) / (count(v.value) + greatest(0, $62::bigint - count(v.value))) as value
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
                                  case jsonb_typeof(e.metrics -> $63::text)
                                    when 'number' then (e.metrics -> $64::text)::double precision
                                    when 'boolean' then (e.metrics -> $65::text)::boolean::integer::double precision
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
                                substring(
                                  v.metric
                                  from
                                    '^.+?/((?:train|valid|test)(?:/.*)?)$'
                                ) <> $66
                                and (
                                  starts_with(v.metric, $67::text)
                                  or substring(
                                    v.metric
                                    from
                                      '^.+?/((?:train|valid|test)(?:/.*)?)$'
                                  ) not like '%:%'
                                )
                              )
                          ) as is_other,
                          hashtextextended (nullif(e.input, ''), 0) as input,
                          hashtextextended (e.expected, 0) as expected
                        from
                          evaluations e
                        where
                          e.benchmark_id = $68
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
-- $8 = 'test'
-- $9 = 'accuracy/'
-- $10 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $11 = 0
-- $12 = 1
-- $13 = 0
-- $14 = 'accuracy/test'
-- $15 = 'accuracy/test'
-- $16 = 'accuracy/test'
-- $17 = 'test'
-- $18 = 'accuracy/'
-- $19 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $20 = 'accuracy/test'
-- $21 = 'accuracy/test'
-- $22 = 'accuracy/test'
-- $23 = 'test'
-- $24 = 'accuracy/'
-- $25 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $26 = 5
-- $27 = 0
-- $28 = 5
-- $29 = 'accuracy/test'
-- $30 = 'accuracy/test'
-- $31 = 'accuracy/test'
-- $32 = 'test'
-- $33 = 'accuracy/'
-- $34 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $35 = 0
-- $36 = 1
-- $37 = 1
-- $38 = 0
-- $39 = 'accuracy/test'
-- $40 = 'accuracy/test'
-- $41 = 'accuracy/test'
-- $42 = 'test'
-- $43 = 'accuracy/'
-- $44 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $45 = 0
-- $46 = 0
-- $47 = 0
-- $48 = 'accuracy/test'
-- $49 = 'accuracy/test'
-- $50 = 'accuracy/test'
-- $51 = 'test'
-- $52 = 'accuracy/'
-- $53 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $54 = 'accuracy/test'
-- $55 = 'accuracy/test'
-- $56 = 'accuracy/test'
-- $57 = 'test'
-- $58 = 'accuracy/'
-- $59 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $60 = 5
-- $61 = 1
-- $62 = 5
-- $63 = 'accuracy/test'
-- $64 = 'accuracy/test'
-- $65 = 'accuracy/test'
-- $66 = 'test'
-- $67 = 'accuracy/'
-- $68 = '01890a5d-ac96-774b-bcce-b302099a8057'
