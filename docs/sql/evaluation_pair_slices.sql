-- evaluation_pair_slices, 1 of 3
with
  sample as materialized (
    select
      e.sample,
      bool_or(not e.is_candidate) as in_baseline,
      bool_or(e.is_candidate) as in_candidate,
      coalesce(
        min(e.slice) filter (
          where
            e.slice <> ''
            and not e.is_candidate
        ),
        min(e.slice) filter (
          where
            e.slice <> ''
        ),
        ''
      ) as slice,
      coalesce(
        min(e.slice) filter (
          where
            e.slice <> ''
        ) <> max(e.slice) filter (
          where
            e.slice <> ''
        ),
        false
      ) as is_mixed
    from
      (
        select
          coalesce('s' || e.sample_id, 'e' || e.id) as sample,
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
          ) as slice,
          (e.benchmark_id = $6) as is_candidate,
          false as is_other,
          true as has_value
        from
          evaluations e
        where
          e.benchmark_id in ($7, $8)
        offset
          0
      ) e
    group by
      e.sample
    having
      bool_or(e.has_value)
      or not bool_or(e.is_other)
  ),
  pair as materialized (
    select
      s.slice,
      p.baseline,
      p.candidate,
      p.difference,
      p.baseline_failed,
      p.candidate_failed
    from
      (
        select
          p.*
        from
          (
            select
              b.sample_id as sample_id,
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
              (c.value::numeric - b.value::numeric)::double precision as difference,
              (
                coalesce(b.input = c.input, true)
                and coalesce(b.expected = c.expected, true)
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
                  e.benchmark_id = $9
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
                  e.benchmark_id = $10
                  and e.sample_id is not null
                  and e.repetition = 0
              ) c on c.sample_id = b.sample_id
            where
              case
                when b.value is null then false
                else true
              end
              and case
                when c.value is null then false
                else true
              end
            offset
              0
          ) p
        where
          p.is_same
      ) p
      full join sample s on s.sample = 's' || p.sample_id
    where
      case
        when p.sample_id is null then false
        else true
      end
  ),
  sized as (
    select
      slice,
      size,
      count(*) as n,
      count(*) filter (
        where
          difference > 0
      ) as up
    from
      (
        select
          slice,
          difference,
          abs(difference) as size
        from
          pair
      ) p
    where
      size <> 0
    group by
      slice,
      size
  ),
  placed_size as (
    select
      s.*,
      sum(n) over (
        partition by
          slice
        order by
          size
      ) - (n - 1) / 2.0 as rank,
      sum(n) over (
        partition by
          slice
      ) as total
    from
      sized s
  ),
  ranked as (
    select
      slice,
      sum(up)::bigint as up,
      sum(n - up)::bigint as down,
      sum(up * rank)::double precision as positive_ranks,
      sum(n::double precision ^ 3 - n) as tie_term,
      array_agg(
        n::integer
        order by
          size
      ) filter (
        where
          total <= $11
      ) as size_counts,
      array_agg(
        up::integer
        order by
          size
      ) filter (
        where
          total <= $12
      ) as size_positives
    from
      placed_size
    group by
      slice
  ),
  compared as (
    select
      slice,
      count(*) as count,
      count(*) filter (
        where
          baseline_failed
      ) as baseline_with_error,
      count(*) filter (
        where
          candidate_failed
      ) as candidate_with_error,
      case
        when count(*) > 0 then array[
          sum(
            case
              when abs("baseline") between 1e-30 and 1e30 then "baseline"::real::double precision
              else 0
            end
          ) + sum(
            "baseline" - case
              when abs("baseline") between 1e-30 and 1e30 then "baseline"::real::double precision
              else 0
            end
          ),
          regr_sxx("baseline", "baseline"),
          min("baseline"),
          max("baseline")
        ]
      end as baseline,
      case
        when count(*) > 0 then array[
          sum(
            case
              when abs("candidate") between 1e-30 and 1e30 then "candidate"::real::double precision
              else 0
            end
          ) + sum(
            "candidate" - case
              when abs("candidate") between 1e-30 and 1e30 then "candidate"::real::double precision
              else 0
            end
          ),
          regr_sxx("candidate", "candidate"),
          min("candidate"),
          max("candidate")
        ]
      end as candidate,
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
      end as differences,
      count(*) filter (
        where
          difference > $13
      ) as higher,
      count(*) filter (
        where
          difference < - $14::double precision
      ) as lower,
      bool_and(
        baseline in (0, 1)
        and candidate in (0, 1)
      ) as is_binary
    from
      pair
    group by
      slice
  ),
  tried as (
    select
      slice,
      count(*) as tried,
      count(*) filter (
        where
          in_baseline
      ) as baseline_tried,
      count(*) filter (
        where
          in_candidate
      ) as candidate_tried,
      count(*) filter (
        where
          is_mixed
      ) as mixed
    from
      sample
    group by
      slice
  ),
  grouped as (
    select
      ''::text as metric,
      t.*,
      coalesce(c.count, 0) as count,
      coalesce(c.baseline_with_error, 0) as baseline_with_error,
      coalesce(c.candidate_with_error, 0) as candidate_with_error,
      c.baseline,
      c.candidate,
      c.differences,
      c.differences[1] as sum,
      c.differences[2] as m2,
      c.differences[3] as min,
      c.differences[4] as max,
      coalesce(c.higher, 0) as higher,
      coalesce(c.lower, 0) as lower,
      c.is_binary
    from
      tried t
      left join compared c using (slice)
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
          and place > $15
          and place <= $16
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
  case
    when p.slice <> '' then substr(p.slice, 2)
  end as value,
  p.baseline_tried,
  p.candidate_tried,
  (
    select
      sum(mixed)::bigint
    from
      tried
  ) as mixed,
  p.count as pairs,
  p.baseline_with_error,
  p.candidate_with_error,
  p.baseline,
  p.candidate,
  p.differences,
  p.higher,
  p.lower,
  p.is_binary,
  coalesce(r.up, 0) as up,
  coalesce(r.down, 0) as down,
  coalesce(r.positive_ranks, 0) as positive_ranks,
  coalesce(r.tie_term, 0) as tie_term,
  r.size_counts,
  r.size_positives,
  o.slices,
  o.left_out,
  o.macro_slices,
  o.macro_mean,
  o.macro_variance
from
  placed p
  join overall o using (metric)
  left join ranked r using (slice)
where
  p.place <= $17
order by
  p.place;
-- $1 = 200
-- $2 = 200
-- $3 = 'subject'
-- $4 = '{metadata, subject}'
-- $5 = '{doc, subject}'
-- $6 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $7 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $8 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $9 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $10 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $11 = 100
-- $12 = 100
-- $13 = 0
-- $14 = 0
-- $15 = 200
-- $16 = 1200
-- $17 = 200

-- evaluation_pair_slices, 2 of 3
with
  sample as materialized (
    select
      e.sample,
      bool_or(not e.is_candidate) as in_baseline,
      bool_or(e.is_candidate) as in_candidate,
      coalesce(
        min(e.slice) filter (
          where
            e.slice <> ''
            and not e.is_candidate
        ),
        min(e.slice) filter (
          where
            e.slice <> ''
        ),
        ''
      ) as slice,
      coalesce(
        min(e.slice) filter (
          where
            e.slice <> ''
        ) <> max(e.slice) filter (
          where
            e.slice <> ''
        ),
        false
      ) as is_mixed
    from
      (
        select
          coalesce('s' || e.sample_id, 'e' || e.id) as sample,
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
          ) as slice,
          (e.benchmark_id = $7) as is_candidate,
          false as is_other,
          true as has_value
        from
          evaluations e
        where
          e.benchmark_id in ($8, $9)
        offset
          0
      ) e
    group by
      e.sample
    having
      bool_or(e.has_value)
      or not bool_or(e.is_other)
  ),
  pair as materialized (
    select
      s.slice,
      p.baseline,
      p.candidate,
      p.difference,
      p.baseline_failed,
      p.candidate_failed
    from
      (
        select
          p.*
        from
          (
            select
              b.sample_id as sample_id,
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
              (c.value::numeric - b.value::numeric)::double precision as difference,
              (
                coalesce(b.input = c.input, true)
                and coalesce(b.expected = c.expected, true)
              ) as is_same
            from
              (
                select
                  v.sample_id,
                  v.id,
                  v.tries,
                  v.alike,
                  v.failed,
                  v.input,
                  v.expected,
                  case
                    when v.successes >= 0 then case
                      when v.n >= $10 then 1 - case
                        when (v.n - v.successes) < $11 then 0
                        else (
                          select
                            exp(sum(ln(((v.n - v.successes) - i)::double precision / (v.n - i))))
                          from
                            generate_series(0, $12::bigint - 1) i
                        )
                      end
                    end
                  end as value
                from
                  (
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
                                      case jsonb_typeof(e.metrics -> $13::text)
                                        when 'number' then (e.metrics -> $14::text)::double precision
                                        when 'boolean' then (e.metrics -> $15::text)::boolean::integer::double precision
                                      end as value
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
                              e.benchmark_id = $16
                              and e.sample_id is not null
                          ) v
                        where
                          value is not null
                      ) v
                    group by
                      v.sample_id
                  ) v
              ) b
              full join (
                select
                  v.sample_id,
                  v.id,
                  v.tries,
                  v.alike,
                  v.failed,
                  v.input,
                  v.expected,
                  case
                    when v.successes >= 0 then case
                      when v.n >= $17 then 1 - case
                        when (v.n - v.successes) < $18 then 0
                        else (
                          select
                            exp(sum(ln(((v.n - v.successes) - i)::double precision / (v.n - i))))
                          from
                            generate_series(0, $19::bigint - 1) i
                        )
                      end
                    end
                  end as value
                from
                  (
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
                  ) v
              ) c on c.sample_id = b.sample_id
            where
              case
                when b.value is null then false
                else true
              end
              and case
                when c.value is null then false
                else true
              end
            offset
              0
          ) p
        where
          true
      ) p
      full join sample s on s.sample = 's' || p.sample_id
    where
      case
        when p.sample_id is null then false
        else true
      end
  ),
  sized as (
    select
      slice,
      size,
      count(*) as n,
      count(*) filter (
        where
          difference > 0
      ) as up
    from
      (
        select
          slice,
          difference,
          abs(
            round(
              difference::numeric,
              (
                select
                  13 - ceil(log(greatest(max(greatest(abs(baseline), abs(candidate))), 1e-290)))::integer
                from
                  pair
              )
            )
          ) as size
        from
          pair
      ) p
    where
      size <> 0
    group by
      slice,
      size
  ),
  placed_size as (
    select
      s.*,
      sum(n) over (
        partition by
          slice
        order by
          size
      ) - (n - 1) / 2.0 as rank,
      sum(n) over (
        partition by
          slice
      ) as total
    from
      sized s
  ),
  ranked as (
    select
      slice,
      sum(up)::bigint as up,
      sum(n - up)::bigint as down,
      sum(up * rank)::double precision as positive_ranks,
      sum(n::double precision ^ 3 - n) as tie_term,
      array_agg(
        n::integer
        order by
          size
      ) filter (
        where
          total <= $24
      ) as size_counts,
      array_agg(
        up::integer
        order by
          size
      ) filter (
        where
          total <= $25
      ) as size_positives
    from
      placed_size
    group by
      slice
  ),
  compared as (
    select
      slice,
      count(*) as count,
      count(*) filter (
        where
          baseline_failed
      ) as baseline_with_error,
      count(*) filter (
        where
          candidate_failed
      ) as candidate_with_error,
      case
        when count(*) > 0 then array[
          sum(
            case
              when abs("baseline") between 1e-30 and 1e30 then "baseline"::real::double precision
              else 0
            end
          ) + sum(
            "baseline" - case
              when abs("baseline") between 1e-30 and 1e30 then "baseline"::real::double precision
              else 0
            end
          ),
          regr_sxx("baseline", "baseline"),
          min("baseline"),
          max("baseline")
        ]
      end as baseline,
      case
        when count(*) > 0 then array[
          sum(
            case
              when abs("candidate") between 1e-30 and 1e30 then "candidate"::real::double precision
              else 0
            end
          ) + sum(
            "candidate" - case
              when abs("candidate") between 1e-30 and 1e30 then "candidate"::real::double precision
              else 0
            end
          ),
          regr_sxx("candidate", "candidate"),
          min("candidate"),
          max("candidate")
        ]
      end as candidate,
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
      end as differences,
      count(*) filter (
        where
          difference > $26
      ) as higher,
      count(*) filter (
        where
          difference < - $27::double precision
      ) as lower,
      bool_and(
        baseline in (0, 1)
        and candidate in (0, 1)
      ) as is_binary
    from
      pair
    group by
      slice
  ),
  tried as (
    select
      slice,
      count(*) as tried,
      count(*) filter (
        where
          in_baseline
      ) as baseline_tried,
      count(*) filter (
        where
          in_candidate
      ) as candidate_tried,
      count(*) filter (
        where
          is_mixed
      ) as mixed
    from
      sample
    group by
      slice
  ),
  grouped as (
    select
      ''::text as metric,
      t.*,
      coalesce(c.count, 0) as count,
      coalesce(c.baseline_with_error, 0) as baseline_with_error,
      coalesce(c.candidate_with_error, 0) as candidate_with_error,
      c.baseline,
      c.candidate,
      c.differences,
      c.differences[1] as sum,
      c.differences[2] as m2,
      c.differences[3] as min,
      c.differences[4] as max,
      coalesce(c.higher, 0) as higher,
      coalesce(c.lower, 0) as lower,
      c.is_binary
    from
      tried t
      left join compared c using (slice)
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
          and place > $28
          and place <= $29
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
  case
    when p.slice <> '' then substr(p.slice, 2)
  end as value,
  p.baseline_tried,
  p.candidate_tried,
  (
    select
      sum(mixed)::bigint
    from
      tried
  ) as mixed,
  p.count as pairs,
  p.baseline_with_error,
  p.candidate_with_error,
  p.baseline,
  p.candidate,
  p.differences,
  p.higher,
  p.lower,
  p.is_binary,
  coalesce(r.up, 0) as up,
  coalesce(r.down, 0) as down,
  coalesce(r.positive_ranks, 0) as positive_ranks,
  coalesce(r.tie_term, 0) as tie_term,
  r.size_counts,
  r.size_positives,
  o.slices,
  o.left_out,
  o.macro_slices,
  o.macro_mean,
  o.macro_variance
from
  placed p
  join overall o using (metric)
  left join ranked r using (slice)
where
  p.place <= $30
order by
  p.place;
-- $1 = 200
-- $2 = 200
-- $3 = 'doc.subject'
-- $4 = '{doc, subject}'
-- $5 = '{metadata, doc, subject}'
-- $6 = '{doc, doc, subject}'
-- $7 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $8 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $9 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $10 = 3
-- $11 = 3
-- $12 = 3
-- $13 = 'a'
-- $14 = 'a'
-- $15 = 'a'
-- $16 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $17 = 3
-- $18 = 3
-- $19 = 3
-- $20 = 'a'
-- $21 = 'a'
-- $22 = 'a'
-- $23 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $24 = 100
-- $25 = 100
-- $26 = 0.5
-- $27 = 0.5
-- $28 = 200
-- $29 = 1200
-- $30 = 200

-- evaluation_pair_slices, 3 of 3
with
  sample as materialized (
    select
      e.sample,
      bool_or(not e.is_candidate) as in_baseline,
      bool_or(e.is_candidate) as in_candidate,
      coalesce(
        min(e.slice) filter (
          where
            e.slice <> ''
            and not e.is_candidate
        ),
        min(e.slice) filter (
          where
            e.slice <> ''
        ),
        ''
      ) as slice,
      coalesce(
        min(e.slice) filter (
          where
            e.slice <> ''
        ) <> max(e.slice) filter (
          where
            e.slice <> ''
        ),
        false
      ) as is_mixed
    from
      (
        select
          coalesce('s' || e.sample_id, 'e' || e.id) as sample,
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
          ) as slice,
          (e.benchmark_id = $6) as is_candidate,
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
                ) <> $7
                and (
                  starts_with(v.metric, $8::text)
                  or substring(
                    v.metric
                    from
                      '^.+?/((?:train|valid|test)(?:/.*)?)$'
                  ) not like '%:%'
                )
              )
          ) as is_other,
          (
            select
              v.value
            from
              (
                select
                  case jsonb_typeof(e.metrics -> $9::text)
                    when 'number' then (e.metrics -> $10::text)::double precision
                    when 'boolean' then (e.metrics -> $11::text)::boolean::integer::double precision
                  end as value
              ) v
            where
              abs(v.value) < 1e+150
          ) is not null as has_value
        from
          evaluations e
        where
          e.benchmark_id in ($12, $13)
        offset
          0
      ) e
    group by
      e.sample
    having
      bool_or(e.has_value)
      or not bool_or(e.is_other)
  ),
  pair as materialized (
    select
      s.slice,
      p.baseline,
      p.candidate,
      p.difference,
      p.baseline_failed,
      p.candidate_failed
    from
      (
        select
          p.*
        from
          (
            select
              b.sample_id as sample_id,
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
              (c.value::numeric - b.value::numeric)::double precision as difference,
              (
                coalesce(b.input = c.input, true)
                and coalesce(b.expected = c.expected, true)
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
                  hashtextextended (nullif(e.input, ''), 0) as input,
                  hashtextextended (e.expected, 0) as expected
                from
                  evaluations e
                where
                  e.benchmark_id = $17
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
                          case jsonb_typeof(e.metrics -> $18::text)
                            when 'number' then (e.metrics -> $19::text)::double precision
                            when 'boolean' then (e.metrics -> $20::text)::boolean::integer::double precision
                          end as value
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
                  and e.repetition = 0
              ) c on c.sample_id = b.sample_id
            where
              case
                when b.value is null then false
                else true
              end
              and case
                when c.value is null then false
                else true
              end
            offset
              0
          ) p
        where
          p.is_same
      ) p
      full join sample s on s.sample = 's' || p.sample_id
    where
      case
        when p.sample_id is null then false
        else true
      end
  ),
  sized as (
    select
      slice,
      size,
      count(*) as n,
      count(*) filter (
        where
          difference > 0
      ) as up
    from
      (
        select
          slice,
          difference,
          abs(difference) as size
        from
          pair
      ) p
    where
      size <> 0
    group by
      slice,
      size
  ),
  placed_size as (
    select
      s.*,
      sum(n) over (
        partition by
          slice
        order by
          size
      ) - (n - 1) / 2.0 as rank,
      sum(n) over (
        partition by
          slice
      ) as total
    from
      sized s
  ),
  ranked as (
    select
      slice,
      sum(up)::bigint as up,
      sum(n - up)::bigint as down,
      sum(up * rank)::double precision as positive_ranks,
      sum(n::double precision ^ 3 - n) as tie_term,
      array_agg(
        n::integer
        order by
          size
      ) filter (
        where
          total <= $22
      ) as size_counts,
      array_agg(
        up::integer
        order by
          size
      ) filter (
        where
          total <= $23
      ) as size_positives
    from
      placed_size
    group by
      slice
  ),
  compared as (
    select
      slice,
      count(*) as count,
      count(*) filter (
        where
          baseline_failed
      ) as baseline_with_error,
      count(*) filter (
        where
          candidate_failed
      ) as candidate_with_error,
      case
        when count(*) > 0 then array[
          sum(
            case
              when abs("baseline") between 1e-30 and 1e30 then "baseline"::real::double precision
              else 0
            end
          ) + sum(
            "baseline" - case
              when abs("baseline") between 1e-30 and 1e30 then "baseline"::real::double precision
              else 0
            end
          ),
          regr_sxx("baseline", "baseline"),
          min("baseline"),
          max("baseline")
        ]
      end as baseline,
      case
        when count(*) > 0 then array[
          sum(
            case
              when abs("candidate") between 1e-30 and 1e30 then "candidate"::real::double precision
              else 0
            end
          ) + sum(
            "candidate" - case
              when abs("candidate") between 1e-30 and 1e30 then "candidate"::real::double precision
              else 0
            end
          ),
          regr_sxx("candidate", "candidate"),
          min("candidate"),
          max("candidate")
        ]
      end as candidate,
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
      end as differences,
      count(*) filter (
        where
          difference > $24
      ) as higher,
      count(*) filter (
        where
          difference < - $25::double precision
      ) as lower,
      bool_and(
        baseline in (0, 1)
        and candidate in (0, 1)
      ) as is_binary
    from
      pair
    group by
      slice
  ),
  tried as (
    select
      slice,
      count(*) as tried,
      count(*) filter (
        where
          in_baseline
      ) as baseline_tried,
      count(*) filter (
        where
          in_candidate
      ) as candidate_tried,
      count(*) filter (
        where
          is_mixed
      ) as mixed
    from
      sample
    group by
      slice
  ),
  grouped as (
    select
      ''::text as metric,
      t.*,
      coalesce(c.count, 0) as count,
      coalesce(c.baseline_with_error, 0) as baseline_with_error,
      coalesce(c.candidate_with_error, 0) as candidate_with_error,
      c.baseline,
      c.candidate,
      c.differences,
      c.differences[1] as sum,
      c.differences[2] as m2,
      c.differences[3] as min,
      c.differences[4] as max,
      coalesce(c.higher, 0) as higher,
      coalesce(c.lower, 0) as lower,
      c.is_binary
    from
      tried t
      left join compared c using (slice)
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
          and place > $26
          and place <= $27
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
  case
    when p.slice <> '' then substr(p.slice, 2)
  end as value,
  p.baseline_tried,
  p.candidate_tried,
  (
    select
      sum(mixed)::bigint
    from
      tried
  ) as mixed,
  p.count as pairs,
  p.baseline_with_error,
  p.candidate_with_error,
  p.baseline,
  p.candidate,
  p.differences,
  p.higher,
  p.lower,
  p.is_binary,
  coalesce(r.up, 0) as up,
  coalesce(r.down, 0) as down,
  coalesce(r.positive_ranks, 0) as positive_ranks,
  coalesce(r.tie_term, 0) as tie_term,
  r.size_counts,
  r.size_positives,
  o.slices,
  o.left_out,
  o.macro_slices,
  o.macro_mean,
  o.macro_variance
from
  placed p
  join overall o using (metric)
  left join ranked r using (slice)
where
  p.place <= $28
order by
  p.place;
-- $1 = 200
-- $2 = 200
-- $3 = 'subject'
-- $4 = '{metadata, subject}'
-- $5 = '{doc, subject}'
-- $6 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $7 = 'test'
-- $8 = 'a/'
-- $9 = 'a/test'
-- $10 = 'a/test'
-- $11 = 'a/test'
-- $12 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $13 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $14 = 'a/test'
-- $15 = 'a/test'
-- $16 = 'a/test'
-- $17 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $18 = 'a/test'
-- $19 = 'a/test'
-- $20 = 'a/test'
-- $21 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $22 = 100
-- $23 = 100
-- $24 = 0
-- $25 = 0
-- $26 = 200
-- $27 = 1200
-- $28 = 200
