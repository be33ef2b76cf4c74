-- evaluation_pair_bounds, 1 of 3
select
  lowest.pairs,
  lowest.samples,
  lowest.moments as low,
  highest.moments as high,
  lowest.draws as low_draws,
  highest.draws as high_draws
from
  (
    with
      sample as materialized (
        select
          p.difference,
          p.is_same as is_compared
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
      ),
      pair as materialized (
        select
          difference
        from
          sample
        where
          is_compared
      )
    select
      (
        select
          count(*)
        from
          sample
      ) as samples,
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
      null::jsonb as draws
    from
      pair
  ) lowest
  cross join (
    with
      sample as materialized (
        select
          p.difference,
          p.is_same as is_compared
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
      ),
      pair as materialized (
        select
          difference
        from
          sample
        where
          is_compared
      )
    select
      (
        select
          count(*)
        from
          sample
      ) as samples,
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
      null::jsonb as draws
    from
      pair
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
  lowest.samples,
  lowest.moments as low,
  highest.moments as high,
  lowest.draws as low_draws,
  highest.draws as high_draws
from
  (
    with
      sample as materialized (
        select
          p.difference,
          p.is_same as is_compared
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
      ),
      pair as materialized (
        select
          difference
        from
          sample
        where
          is_compared
      )
    select
      (
        select
          count(*)
        from
          sample
      ) as samples,
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
      jsonb_build_object(
        'differences',
        (
          with
            v as materialized (
              select
                difference as value
              from
                pair
            )
          select
            jsonb_agg(jsonb_build_array(g.count, g.mean, g.m2))
          from
            (
              select
                count(*) as count,
                case
                  when min(v.value) = max(v.value) then min(v.value)
                  else avg(v.value)
                end as mean,
                case
                  when min(v.value) = max(v.value) then 0
                  else regr_sxx(v.value, v.value)
                end as m2
              from
                v
                cross join (
                  select
                    count(*) as count,
                    min(value) as low,
                    max(value) as high
                  from
                    v
                ) e
              group by
                sign(v.value),
                case
                  when e.count <= $15
                  or e.low = e.high then v.value
                  else floor((v.value - e.low) / (e.high - e.low) * $16)
                end
            ) g
        )
      ) as draws
    from
      pair
  ) lowest
  cross join (
    with
      sample as materialized (
        select
          p.difference,
          p.is_same as is_compared
        from
          (
            select
              coalesce(b.sample_id, c.sample_id) as sample_id,
              b.id as baseline_id,
              c.id as candidate_id,
              coalesce(b.value, $17::double precision) as baseline,
              coalesce(c.value, $18::double precision) as candidate,
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
                coalesce(c.value, $19::double precision)::numeric - coalesce(b.value, $20::double precision)::numeric
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
                          e.benchmark_id = $21
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
                      (sum(v.value) + greatest(0, $22::bigint - count(v.value)) * $23::double precision) / (count(v.value) + greatest(0, $24::bigint - count(v.value))) as value
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
                              e.benchmark_id = $25
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
                          e.benchmark_id = $26
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
                      (sum(v.value) + greatest(0, $27::bigint - count(v.value)) * $28::double precision) / (count(v.value) + greatest(0, $29::bigint - count(v.value))) as value
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
                              e.benchmark_id = $30
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
      ),
      pair as materialized (
        select
          difference
        from
          sample
        where
          is_compared
      )
    select
      (
        select
          count(*)
        from
          sample
      ) as samples,
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
      jsonb_build_object(
        'differences',
        (
          with
            v as materialized (
              select
                difference as value
              from
                pair
            )
          select
            jsonb_agg(jsonb_build_array(g.count, g.mean, g.m2))
          from
            (
              select
                count(*) as count,
                case
                  when min(v.value) = max(v.value) then min(v.value)
                  else avg(v.value)
                end as mean,
                case
                  when min(v.value) = max(v.value) then 0
                  else regr_sxx(v.value, v.value)
                end as m2
              from
                v
                cross join (
                  select
                    count(*) as count,
                    min(value) as low,
                    max(value) as high
                  from
                    v
                ) e
              group by
                sign(v.value),
                case
                  when e.count <= $31
                  or e.low = e.high then v.value
                  else floor((v.value - e.low) / (e.high - e.low) * $32)
                end
            ) g
        )
      ) as draws
    from
      pair
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
-- $15 = 1000
-- $16 = 1000
-- $17 = 0
-- $18 = 1
-- $19 = 1
-- $20 = 0
-- $21 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $22 = 0
-- $23 = 0
-- $24 = 0
-- $25 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $26 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $27 = 5
-- $28 = 1
-- $29 = 5
-- $30 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $31 = 1000
-- $32 = 1000

-- evaluation_pair_bounds, 3 of 3
select
  lowest.pairs,
  lowest.samples,
  lowest.moments as low,
  highest.moments as high,
  lowest.draws as low_draws,
  highest.draws as high_draws
from
  (
    with
      sample as materialized (
        select
          p.difference,
          p.is_same as is_compared
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
      ),
      pair as materialized (
        select
          difference
        from
          sample
        where
          is_compared
      )
    select
      (
        select
          count(*)
        from
          sample
      ) as samples,
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
      jsonb_build_object(
        'differences',
        (
          with
            v as materialized (
              select
                difference as value
              from
                pair
            )
          select
            jsonb_agg(jsonb_build_array(g.count, g.mean, g.m2))
          from
            (
              select
                count(*) as count,
                case
                  when min(v.value) = max(v.value) then min(v.value)
                  else avg(v.value)
                end as mean,
                case
                  when min(v.value) = max(v.value) then 0
                  else regr_sxx(v.value, v.value)
                end as m2
              from
                v
                cross join (
                  select
                    count(*) as count,
                    min(value) as low,
                    max(value) as high
                  from
                    v
                ) e
              group by
                sign(v.value),
                case
                  when e.count <= $35
                  or e.low = e.high then v.value
                  else floor((v.value - e.low) / (e.high - e.low) * $36)
                end
            ) g
        )
      ) as draws
    from
      pair
  ) lowest
  cross join (
    with
      sample as materialized (
        select
          p.difference,
          p.is_same as is_compared
        from
          (
            select
              coalesce(b.sample_id, c.sample_id) as sample_id,
              b.id as baseline_id,
              c.id as candidate_id,
              coalesce(b.value, $37::double precision) as baseline,
              coalesce(c.value, $38::double precision) as candidate,
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
                coalesce(c.value, $39::double precision)::numeric - coalesce(b.value, $40::double precision)::numeric
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
                                  case jsonb_typeof(e.metrics -> $41::text)
                                    when 'number' then (e.metrics -> $42::text)::double precision
                                    when 'boolean' then (e.metrics -> $43::text)::boolean::integer::double precision
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
                                ) <> $44
                                and (
                                  starts_with(v.metric, $45::text)
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
                          e.benchmark_id = $46
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
                      (sum(v.value) + greatest(0, $47::bigint - count(v.value)) * $48::double precision) / (count(v.value) + greatest(0, $49::bigint - count(v.value))) as value
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
                                      case jsonb_typeof(e.metrics -> $50::text)
                                        when 'number' then (e.metrics -> $51::text)::double precision
                                        when 'boolean' then (e.metrics -> $52::text)::boolean::integer::double precision
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
                                    ) <> $53
                                    and (
                                      starts_with(v.metric, $54::text)
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
                              e.benchmark_id = $55
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
                                  case jsonb_typeof(e.metrics -> $56::text)
                                    when 'number' then (e.metrics -> $57::text)::double precision
                                    when 'boolean' then (e.metrics -> $58::text)::boolean::integer::double precision
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
                                ) <> $59
                                and (
                                  starts_with(v.metric, $60::text)
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
                          e.benchmark_id = $61
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
                      (sum(v.value) + greatest(0, $62::bigint - count(v.value)) * $63::double precision) / (count(v.value) + greatest(0, $64::bigint - count(v.value))) as value
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
                                      case jsonb_typeof(e.metrics -> $65::text)
                                        when 'number' then (e.metrics -> $66::text)::double precision
                                        when 'boolean' then (e.metrics -> $67::text)::boolean::integer::double precision
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
                                    ) <> $68
                                    and (
                                      starts_with(v.metric, $69::text)
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
                              e.benchmark_id = $70
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
      ),
      pair as materialized (
        select
          difference
        from
          sample
        where
          is_compared
      )
    select
      (
        select
          count(*)
        from
          sample
      ) as samples,
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
      jsonb_build_object(
        'differences',
        (
          with
            v as materialized (
              select
                difference as value
              from
                pair
            )
          select
            jsonb_agg(jsonb_build_array(g.count, g.mean, g.m2))
          from
            (
              select
                count(*) as count,
                case
                  when min(v.value) = max(v.value) then min(v.value)
                  else avg(v.value)
                end as mean,
                case
                  when min(v.value) = max(v.value) then 0
                  else regr_sxx(v.value, v.value)
                end as m2
              from
                v
                cross join (
                  select
                    count(*) as count,
                    min(value) as low,
                    max(value) as high
                  from
                    v
                ) e
              group by
                sign(v.value),
                case
                  when e.count <= $71
                  or e.low = e.high then v.value
                  else floor((v.value - e.low) / (e.high - e.low) * $72)
                end
            ) g
        )
      ) as draws
    from
      pair
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
-- $35 = 1000
-- $36 = 1000
-- $37 = 0
-- $38 = 1
-- $39 = 1
-- $40 = 0
-- $41 = 'accuracy/test'
-- $42 = 'accuracy/test'
-- $43 = 'accuracy/test'
-- $44 = 'test'
-- $45 = 'accuracy/'
-- $46 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $47 = 0
-- $48 = 0
-- $49 = 0
-- $50 = 'accuracy/test'
-- $51 = 'accuracy/test'
-- $52 = 'accuracy/test'
-- $53 = 'test'
-- $54 = 'accuracy/'
-- $55 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $56 = 'accuracy/test'
-- $57 = 'accuracy/test'
-- $58 = 'accuracy/test'
-- $59 = 'test'
-- $60 = 'accuracy/'
-- $61 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $62 = 5
-- $63 = 1
-- $64 = 5
-- $65 = 'accuracy/test'
-- $66 = 'accuracy/test'
-- $67 = 'accuracy/test'
-- $68 = 'test'
-- $69 = 'accuracy/'
-- $70 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $71 = 1000
-- $72 = 1000
