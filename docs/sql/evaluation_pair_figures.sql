-- evaluation_pair_figures, 1 of 7
with
  found as materialized (
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
          e.benchmark_id = $1
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
          e.benchmark_id = $2
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
  ),
  pair as (
    select
      *
    from
      found p
    where
      p.is_same
  ),
  sized as (
    select
      size,
      count(*) as n,
      count(*) filter (
        where
          difference > 0
      ) as up
    from
      (
        select
          difference,
          abs(difference) as size
        from
          pair
      ) p
    where
      size <> 0
    group by
      size
  ),
  ranked as (
    select
      size,
      n,
      up,
      sum(n) over (
        order by
          size
      ) - (n - 1) / 2.0 as rank
    from
      sized
  ),
  placed as (
    select
      difference,
      row_number() over (
        order by
          sample_id collate "C"
      ) as position
    from
      pair
  ),
  block as (
    select
      position % $3 as number,
      count(*) as n,
      sum(difference) as sum
    from
      placed
    group by
      1
  )
select
  count(*) as pairs,
  (
    select
      count(*)
    from
      found
    where
      not is_same
  ) as different,
  (
    select
      count(*)
    from
      evaluations
    where
      benchmark_id = $4
  ) as baseline_count,
  (
    select
      count(*)
    from
      evaluations
    where
      benchmark_id = $5
  ) as candidate_count,
  count(baseline_id) as baseline_paired,
  count(candidate_id) as candidate_paired,
  count(*) filter (
    where
      is_candidate_filled
  ) as candidate_filled,
  count(*) filter (
    where
      candidate_tries > 0
      and candidate_tries < baseline_tries + $6
  ) as candidate_short,
  count(*) filter (
    where
      baseline_failed
  ) as baseline_with_error,
  count(*) filter (
    where
      candidate_failed
  ) as candidate_with_error,
  avg(difference) filter (
    where
      not baseline_failed
      and not candidate_failed
  ) as mean_without_error,
  null::integer[] as baseline_repetitions,
  null::integer[] as candidate_repetitions,
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
      difference > $7
  ) as higher,
  count(*) filter (
    where
      difference < - $8::double precision
  ) as lower,
  bool_and(
    baseline in (0, 1)
    and candidate in (0, 1)
  ) as is_binary,
  (
    select
      coalesce(sum(up), 0)::bigint
    from
      ranked
  ) as up,
  (
    select
      coalesce(sum(n - up), 0)::bigint
    from
      ranked
  ) as down,
  (
    select
      coalesce(sum(up * rank), 0)::double precision
    from
      ranked
  ) as positive_ranks,
  (
    select
      coalesce(sum(n::double precision ^ 3 - n), 0)
    from
      ranked
  ) as tie_term,
  (
    select
      case
        when sum(n) <= $9 then array_agg(
          n::integer
          order by
            size
        )
      end
    from
      ranked
  ) as size_counts,
  (
    select
      case
        when sum(n) <= $10 then array_agg(
          up::integer
          order by
            size
        )
      end
    from
      ranked
  ) as size_positives,
  (
    select
      array_agg(
        n::integer
        order by
          number
      )
    from
      block
  ) as block_counts,
  (
    select
      array_agg(
        sum
        order by
          number
      )
    from
      block
  ) as block_sums,
  null::jsonb as clusters,
  null::jsonb as draws
from
  pair;
-- $1 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $2 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $3 = 5000
-- $4 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $5 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $6 = 5
-- $7 = 0
-- $8 = 0
-- $9 = 100
-- $10 = 100

-- evaluation_pair_figures, 2 of 7
with
  found as materialized (
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
              when v.n >= $1 then 1 - case
                when (v.n - v.successes) < $2 then 0
                else (
                  select
                    exp(sum(ln(((v.n - v.successes) - i)::double precision / (v.n - i))))
                  from
                    generate_series(0, $3::bigint - 1) i
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
                      e.benchmark_id = $4
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
              when v.n >= $5 then 1 - case
                when (v.n - v.successes) < $6 then 0
                else (
                  select
                    exp(sum(ln(((v.n - v.successes) - i)::double precision / (v.n - i))))
                  from
                    generate_series(0, $7::bigint - 1) i
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
                      e.benchmark_id = $8
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
  ),
  pair as (
    select
      *
    from
      found p
    where
      p.is_same
  ),
  sized as (
    select
      size,
      count(*) as n,
      count(*) filter (
        where
          difference > 0
      ) as up
    from
      (
        select
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
      size
  ),
  ranked as (
    select
      size,
      n,
      up,
      sum(n) over (
        order by
          size
      ) - (n - 1) / 2.0 as rank
    from
      sized
  ),
  placed as (
    select
      difference,
      row_number() over (
        order by
          sample_id collate "C"
      ) as position
    from
      pair
  ),
  block as (
    select
      position % $9 as number,
      count(*) as n,
      sum(difference) as sum
    from
      placed
    group by
      1
  )
select
  count(*) as pairs,
  (
    select
      count(*)
    from
      found
    where
      not is_same
  ) as different,
  (
    select
      count(distinct sample_id) + count(*) filter (
        where
          sample_id is null
      )
    from
      evaluations
    where
      benchmark_id = $10
  ) as baseline_count,
  (
    select
      count(distinct sample_id) + count(*) filter (
        where
          sample_id is null
      )
    from
      evaluations
    where
      benchmark_id = $11
  ) as candidate_count,
  count(baseline_id) as baseline_paired,
  count(candidate_id) as candidate_paired,
  count(*) filter (
    where
      is_candidate_filled
  ) as candidate_filled,
  count(*) filter (
    where
      candidate_tries > 0
      and candidate_tries < baseline_tries + $12
  ) as candidate_short,
  count(*) filter (
    where
      baseline_failed
  ) as baseline_with_error,
  count(*) filter (
    where
      candidate_failed
  ) as candidate_with_error,
  avg(difference) filter (
    where
      not baseline_failed
      and not candidate_failed
  ) as mean_without_error,
  case
    when count(*) > 0 then array[
      coalesce(
        min("baseline_tries") filter (
          where
            "baseline_tries" > 0
        ),
        0
      ),
      max("baseline_tries"),
      count(*) filter (
        where
          "baseline_tries" < $13
      ),
      count(*) filter (
        where
          "baseline_tries" > 1
      ),
      sum("baseline_alike"),
      0
    ]::integer[]
  end as baseline_repetitions,
  case
    when count(*) > 0 then array[
      coalesce(
        min("candidate_tries") filter (
          where
            "candidate_tries" > 0
        ),
        0
      ),
      max("candidate_tries"),
      count(*) filter (
        where
          "candidate_tries" < $14
      ),
      count(*) filter (
        where
          "candidate_tries" > 1
      ),
      sum("candidate_alike"),
      (
        select
          count(*) filter (
            where
              t.tries > case
                when $15 > 0 then $16
                else t.least
              end
          )
        from
          (
            select
              t.tries,
              min(t.tries) over () as least
            from
              (
                select
                  sample_id,
                  count(*) as tries
                from
                  evaluations
                where
                  benchmark_id = $17
                  and sample_id is not null
                group by
                  sample_id
                offset
                  0
              ) t
              full join pair p on p.sample_id = t.sample_id
            where
              case
                when t.sample_id is null then false
                else true
              end
              and case
                when p.sample_id is null then false
                else true
              end
          ) t
      )
    ]::integer[]
  end as candidate_repetitions,
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
      difference > $18
  ) as higher,
  count(*) filter (
    where
      difference < - $19::double precision
  ) as lower,
  bool_and(
    baseline in (0, 1)
    and candidate in (0, 1)
  ) as is_binary,
  (
    select
      coalesce(sum(up), 0)::bigint
    from
      ranked
  ) as up,
  (
    select
      coalesce(sum(n - up), 0)::bigint
    from
      ranked
  ) as down,
  (
    select
      coalesce(sum(up * rank), 0)::double precision
    from
      ranked
  ) as positive_ranks,
  (
    select
      coalesce(sum(n::double precision ^ 3 - n), 0)
    from
      ranked
  ) as tie_term,
  (
    select
      case
        when sum(n) <= $20 then array_agg(
          n::integer
          order by
            size
        )
      end
    from
      ranked
  ) as size_counts,
  (
    select
      case
        when sum(n) <= $21 then array_agg(
          up::integer
          order by
            size
        )
      end
    from
      ranked
  ) as size_positives,
  (
    select
      array_agg(
        n::integer
        order by
          number
      )
    from
      block
  ) as block_counts,
  (
    select
      array_agg(
        sum
        order by
          number
      )
    from
      block
  ) as block_sums,
  null::jsonb as clusters,
  null::jsonb as draws
from
  pair;
-- $1 = 3
-- $2 = 3
-- $3 = 3
-- $4 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $5 = 3
-- $6 = 3
-- $7 = 3
-- $8 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $9 = 5000
-- $10 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $11 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $12 = 5
-- $13 = 0
-- $14 = 5
-- $15 = 0
-- $16 = 0
-- $17 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $18 = 0
-- $19 = 0
-- $20 = 100
-- $21 = 100

-- evaluation_pair_figures, 3 of 7
with
  found as materialized (
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
                          case jsonb_typeof(e.metrics -> $1::text)
                            when 'number' then (e.metrics -> $2::text)::double precision
                            when 'boolean' then (e.metrics -> $3::text)::boolean::integer::double precision
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
                  e.benchmark_id = $4
                  and e.sample_id is not null
              ) v
            where
              value is not null
          ) v
        group by
          v.sample_id
      ) b
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
  ),
  pair as (
    select
      *
    from
      found p
    where
      true
      and not p.baseline_failed
      and not p.candidate_failed
  ),
  sized as (
    select
      size,
      count(*) as n,
      count(*) filter (
        where
          difference > 0
      ) as up
    from
      (
        select
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
      size
  ),
  ranked as (
    select
      size,
      n,
      up,
      sum(n) over (
        order by
          size
      ) - (n - 1) / 2.0 as rank
    from
      sized
  ),
  placed as (
    select
      difference,
      row_number() over (
        order by
          sample_id collate "C"
      ) as position
    from
      pair
  ),
  block as (
    select
      position % $9 as number,
      count(*) as n,
      sum(difference) as sum
    from
      placed
    group by
      1
  )
select
  count(*) as pairs,
  (
    select
      count(*)
    from
      found
    where
      not is_same
  ) as different,
  (
    select
      count(distinct sample_id) + count(*) filter (
        where
          sample_id is null
      )
    from
      evaluations
    where
      benchmark_id = $10
  ) as baseline_count,
  (
    select
      count(distinct sample_id) + count(*) filter (
        where
          sample_id is null
      )
    from
      evaluations
    where
      benchmark_id = $11
  ) as candidate_count,
  count(baseline_id) as baseline_paired,
  count(candidate_id) as candidate_paired,
  count(*) filter (
    where
      is_candidate_filled
  ) as candidate_filled,
  count(*) filter (
    where
      candidate_tries > 0
      and candidate_tries < baseline_tries + $12
  ) as candidate_short,
  count(*) filter (
    where
      baseline_failed
  ) as baseline_with_error,
  count(*) filter (
    where
      candidate_failed
  ) as candidate_with_error,
  avg(difference) filter (
    where
      not baseline_failed
      and not candidate_failed
  ) as mean_without_error,
  case
    when count(*) > 0 then array[
      coalesce(
        min("baseline_tries") filter (
          where
            "baseline_tries" > 0
        ),
        0
      ),
      max("baseline_tries"),
      count(*) filter (
        where
          "baseline_tries" < $13
      ),
      count(*) filter (
        where
          "baseline_tries" > 1
      ),
      sum("baseline_alike"),
      0
    ]::integer[]
  end as baseline_repetitions,
  case
    when count(*) > 0 then array[
      coalesce(
        min("candidate_tries") filter (
          where
            "candidate_tries" > 0
        ),
        0
      ),
      max("candidate_tries"),
      count(*) filter (
        where
          "candidate_tries" < $14
      ),
      count(*) filter (
        where
          "candidate_tries" > 1
      ),
      sum("candidate_alike"),
      (
        select
          count(*) filter (
            where
              t.tries > case
                when $15 > 0 then $16
                else t.least
              end
          )
        from
          (
            select
              t.tries,
              min(t.tries) over () as least
            from
              (
                select
                  sample_id,
                  count(*) as tries
                from
                  evaluations
                where
                  benchmark_id = $17
                  and sample_id is not null
                group by
                  sample_id
                offset
                  0
              ) t
              full join pair p on p.sample_id = t.sample_id
            where
              case
                when t.sample_id is null then false
                else true
              end
              and case
                when p.sample_id is null then false
                else true
              end
          ) t
      )
    ]::integer[]
  end as candidate_repetitions,
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
      difference > $18
  ) as higher,
  count(*) filter (
    where
      difference < - $19::double precision
  ) as lower,
  bool_and(
    baseline in (0, 1)
    and candidate in (0, 1)
  ) as is_binary,
  (
    select
      coalesce(sum(up), 0)::bigint
    from
      ranked
  ) as up,
  (
    select
      coalesce(sum(n - up), 0)::bigint
    from
      ranked
  ) as down,
  (
    select
      coalesce(sum(up * rank), 0)::double precision
    from
      ranked
  ) as positive_ranks,
  (
    select
      coalesce(sum(n::double precision ^ 3 - n), 0)
    from
      ranked
  ) as tie_term,
  (
    select
      case
        when sum(n) <= $20 then array_agg(
          n::integer
          order by
            size
        )
      end
    from
      ranked
  ) as size_counts,
  (
    select
      case
        when sum(n) <= $21 then array_agg(
          up::integer
          order by
            size
        )
      end
    from
      ranked
  ) as size_positives,
  (
    select
      array_agg(
        n::integer
        order by
          number
      )
    from
      block
  ) as block_counts,
  (
    select
      array_agg(
        sum
        order by
          number
      )
    from
      block
  ) as block_sums,
  null::jsonb as clusters,
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
              when e.count <= $22
              or e.low = e.high then v.value
              else floor((v.value - e.low) / (e.high - e.low) * $23)
            end
        ) g
    )
  ) as draws
from
  pair;
-- $1 = 'score'
-- $2 = 'score'
-- $3 = 'score'
-- $4 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $5 = 'score'
-- $6 = 'score'
-- $7 = 'score'
-- $8 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $9 = 5000
-- $10 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $11 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $12 = 5
-- $13 = 0
-- $14 = 5
-- $15 = 0
-- $16 = 0
-- $17 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $18 = 0.5
-- $19 = 0.5
-- $20 = 100
-- $21 = 100
-- $22 = 1000
-- $23 = 1000

-- evaluation_pair_figures, 4 of 7
with
  found as materialized (
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
      ) as is_same,
      coalesce(b.cluster_id, c.cluster_id) as cluster_id,
      coalesce(b.cluster_id <> c.cluster_id, false)
      or b.is_mixed
      or c.is_mixed as is_mixed
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
          hashtextextended (
            nullif(
              (
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
            ),
            0
          ) as cluster_id,
          false as is_mixed,
          hashtextextended (nullif(e.input, ''), 0) as input,
          hashtextextended (e.expected, 0) as expected
        from
          evaluations e
        where
          e.benchmark_id = $7
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
          hashtextextended (
            nullif(
              (
                select
                  case
                    when char_length(t.value) <= $8::integer then t.value
                    else left(t.value, $9::integer) || '… (' || char_length(t.value) || ' characters, hash ' || to_hex(hashtextextended (t.value, 0)) || ')'
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
                                e.metadata -> $10::text,
                                e.metadata #> $11::"text" [],
                                e.metadata #> $12::"text" [],
                                e.metadata #> $13::"text" []
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
            ),
            0
          ) as cluster_id,
          false as is_mixed,
          hashtextextended (nullif(e.input, ''), 0) as input,
          hashtextextended (e.expected, 0) as expected
        from
          evaluations e
        where
          e.benchmark_id = $14
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
  ),
  pair as (
    select
      *
    from
      found p
    where
      p.is_same
  ),
  sized as (
    select
      size,
      count(*) as n,
      count(*) filter (
        where
          difference > 0
      ) as up
    from
      (
        select
          difference,
          abs(difference) as size
        from
          pair
      ) p
    where
      size <> 0
    group by
      size
  ),
  ranked as (
    select
      size,
      n,
      up,
      sum(n) over (
        order by
          size
      ) - (n - 1) / 2.0 as rank
    from
      sized
  ),
  placed as (
    select
      difference,
      dense_rank() over (
        order by
          cluster_id,
          case
            when cluster_id is null then sample_id
          end collate "C"
      ) as position
    from
      pair
  ),
  block as (
    select
      position % $15 as number,
      count(*) as n,
      sum(difference) as sum
    from
      placed
    group by
      1
  )
select
  count(*) as pairs,
  (
    select
      count(*)
    from
      found
    where
      not is_same
  ) as different,
  (
    select
      count(*)
    from
      evaluations
    where
      benchmark_id = $16
  ) as baseline_count,
  (
    select
      count(*)
    from
      evaluations
    where
      benchmark_id = $17
  ) as candidate_count,
  count(baseline_id) as baseline_paired,
  count(candidate_id) as candidate_paired,
  count(*) filter (
    where
      is_candidate_filled
  ) as candidate_filled,
  count(*) filter (
    where
      candidate_tries > 0
      and candidate_tries < baseline_tries + $18
  ) as candidate_short,
  count(*) filter (
    where
      baseline_failed
  ) as baseline_with_error,
  count(*) filter (
    where
      candidate_failed
  ) as candidate_with_error,
  avg(difference) filter (
    where
      not baseline_failed
      and not candidate_failed
  ) as mean_without_error,
  null::integer[] as baseline_repetitions,
  null::integer[] as candidate_repetitions,
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
      difference > $19
  ) as higher,
  count(*) filter (
    where
      difference < - $20::double precision
  ) as lower,
  bool_and(
    baseline in (0, 1)
    and candidate in (0, 1)
  ) as is_binary,
  (
    select
      coalesce(sum(up), 0)::bigint
    from
      ranked
  ) as up,
  (
    select
      coalesce(sum(n - up), 0)::bigint
    from
      ranked
  ) as down,
  (
    select
      coalesce(sum(up * rank), 0)::double precision
    from
      ranked
  ) as positive_ranks,
  (
    select
      coalesce(sum(n::double precision ^ 3 - n), 0)
    from
      ranked
  ) as tie_term,
  (
    select
      case
        when sum(n) <= $21 then array_agg(
          n::integer
          order by
            size
        )
      end
    from
      ranked
  ) as size_counts,
  (
    select
      case
        when sum(n) <= $22 then array_agg(
          up::integer
          order by
            size
        )
      end
    from
      ranked
  ) as size_positives,
  (
    select
      array_agg(
        n::integer
        order by
          number
      )
    from
      block
  ) as block_counts,
  (
    select
      array_agg(
        sum
        order by
          number
      )
    from
      block
  ) as block_sums,
  (
    with
      center as materialized (
        select
          avg("baseline") as "baseline",
          avg("candidate") as "candidate",
          avg("difference") as "difference"
        from
          pair
      )
    select
      jsonb_object_agg(c.metric, c.found)
    from
      (
        select
          c.metric,
          jsonb_build_object(
            'clusters',
            count(*),
            'squares',
            sum(
              case
                when abs(c.share) < 1e-150 then 0
                else c.share ^ 2
              end
            ),
            'largest',
            max(c.n),
            'unnamed',
            count(*) filter (
              where
                c.cluster_id is null
            ),
            'mixed',
            sum(c.mixed)
          ) as found
        from
          (
            select
              c.*,
              case
                when abs((c.sum - c.n * c.shift)) < 1e-290 then 0
                else (c.sum - c.n * c.shift) / c.total
              end as share
            from
              (
                select
                  c.*,
                  case
                    when abs(c.all_sums) < 1e-290 then 0
                    else c.all_sums / c.total
                  end as shift
                from
                  (
                    select
                      c.*,
                      sum(c.n) over whole as total,
                      sum(c.sum) over whole as all_sums
                    from
                      (
                        select
                          v.metric,
                          v.cluster_id,
                          case
                            when v.cluster_id is null then v.sample
                          end as own,
                          count(*) as n,
                          sum(v.value - v.center) as sum,
                          count(*) filter (
                            where
                              v.is_mixed
                          ) as mixed
                        from
                          (
                            select
                              'baseline' as metric,
                              "p"."baseline" as value,
                              center."baseline" as center,
                              p.cluster_id,
                              p.is_mixed,
                              p.sample_id as sample
                            from
                              pair p
                              cross join center
                            union all
                            select
                              'candidate' as metric,
                              "p"."candidate" as value,
                              center."candidate" as center,
                              p.cluster_id,
                              p.is_mixed,
                              p.sample_id as sample
                            from
                              pair p
                              cross join center
                            union all
                            select
                              'difference' as metric,
                              "p"."difference" as value,
                              center."difference" as center,
                              p.cluster_id,
                              p.is_mixed,
                              p.sample_id as sample
                            from
                              pair p
                              cross join center
                          ) v
                        group by
                          1,
                          2,
                          3
                      ) c
                    window
                      whole as (
                        partition by
                          c.metric
                      )
                  ) c
              ) c
          ) c
        group by
          c.metric
      ) c
  ) as clusters,
  null::jsonb as draws
from
  pair;
-- $1 = 200
-- $2 = 200
-- $3 = 'document.id'
-- $4 = '{document, id}'
-- $5 = '{metadata, document, id}'
-- $6 = '{doc, document, id}'
-- $7 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $8 = 200
-- $9 = 200
-- $10 = 'document.id'
-- $11 = '{document, id}'
-- $12 = '{metadata, document, id}'
-- $13 = '{doc, document, id}'
-- $14 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $15 = 5000
-- $16 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $17 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $18 = 5
-- $19 = 0
-- $20 = 0
-- $21 = 100
-- $22 = 100

-- evaluation_pair_figures, 5 of 7
with
  found as materialized (
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
      ) as is_same,
      coalesce(b.cluster_id, c.cluster_id) as cluster_id,
      coalesce(b.cluster_id <> c.cluster_id, false)
      or b.is_mixed
      or c.is_mixed as is_mixed
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
          (
            array_agg(
              v.cluster_id
              order by
                v.repetition
            ) filter (
              where
                v.cluster_id is not null
            )
          ) [1] as cluster_id,
          coalesce(min(v.cluster_id) <> max(v.cluster_id), false) as is_mixed,
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
                  e.error is not null as failed,
                  hashtextextended (
                    nullif(
                      (
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
                    ),
                    0
                  ) as cluster_id,
                  false as is_mixed,
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
      ) b
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
          (
            array_agg(
              v.cluster_id
              order by
                v.repetition
            ) filter (
              where
                v.cluster_id is not null
            )
          ) [1] as cluster_id,
          coalesce(min(v.cluster_id) <> max(v.cluster_id), false) as is_mixed,
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
                  e.error is not null as failed,
                  hashtextextended (
                    nullif(
                      (
                        select
                          case
                            when char_length(t.value) <= $7::integer then t.value
                            else left(t.value, $8::integer) || '… (' || char_length(t.value) || ' characters, hash ' || to_hex(hashtextextended (t.value, 0)) || ')'
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
                                      coalesce(e.metadata -> $9::text, e.metadata #> $10::"text" [], e.metadata #> $11::"text" []) as value
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
                    ),
                    0
                  ) as cluster_id,
                  false as is_mixed,
                  hashtextextended (nullif(e.input, ''), 0) as input,
                  hashtextextended (e.expected, 0) as expected
                from
                  evaluations e
                where
                  e.benchmark_id = $12
                  and e.sample_id is not null
              ) v
            where
              value is not null
          ) v
        group by
          v.sample_id
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
  ),
  pair as (
    select
      *
    from
      found p
    where
      p.is_same
  ),
  sized as (
    select
      size,
      count(*) as n,
      count(*) filter (
        where
          difference > 0
      ) as up
    from
      (
        select
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
      size
  ),
  ranked as (
    select
      size,
      n,
      up,
      sum(n) over (
        order by
          size
      ) - (n - 1) / 2.0 as rank
    from
      sized
  ),
  placed as (
    select
      difference,
      dense_rank() over (
        order by
          cluster_id,
          case
            when cluster_id is null then sample_id
          end collate "C"
      ) as position
    from
      pair
  ),
  block as (
    select
      position % $13 as number,
      count(*) as n,
      sum(difference) as sum
    from
      placed
    group by
      1
  )
select
  count(*) as pairs,
  (
    select
      count(*)
    from
      found
    where
      not is_same
  ) as different,
  (
    select
      count(distinct sample_id) + count(*) filter (
        where
          sample_id is null
      )
    from
      evaluations
    where
      benchmark_id = $14
  ) as baseline_count,
  (
    select
      count(distinct sample_id) + count(*) filter (
        where
          sample_id is null
      )
    from
      evaluations
    where
      benchmark_id = $15
  ) as candidate_count,
  count(baseline_id) as baseline_paired,
  count(candidate_id) as candidate_paired,
  count(*) filter (
    where
      is_candidate_filled
  ) as candidate_filled,
  count(*) filter (
    where
      candidate_tries > 0
      and candidate_tries < baseline_tries + $16
  ) as candidate_short,
  count(*) filter (
    where
      baseline_failed
  ) as baseline_with_error,
  count(*) filter (
    where
      candidate_failed
  ) as candidate_with_error,
  avg(difference) filter (
    where
      not baseline_failed
      and not candidate_failed
  ) as mean_without_error,
  case
    when count(*) > 0 then array[
      coalesce(
        min("baseline_tries") filter (
          where
            "baseline_tries" > 0
        ),
        0
      ),
      max("baseline_tries"),
      count(*) filter (
        where
          "baseline_tries" < $17
      ),
      count(*) filter (
        where
          "baseline_tries" > 1
      ),
      sum("baseline_alike"),
      0
    ]::integer[]
  end as baseline_repetitions,
  case
    when count(*) > 0 then array[
      coalesce(
        min("candidate_tries") filter (
          where
            "candidate_tries" > 0
        ),
        0
      ),
      max("candidate_tries"),
      count(*) filter (
        where
          "candidate_tries" < $18
      ),
      count(*) filter (
        where
          "candidate_tries" > 1
      ),
      sum("candidate_alike"),
      (
        select
          count(*) filter (
            where
              t.tries > case
                when $19 > 0 then $20
                else t.least
              end
          )
        from
          (
            select
              t.tries,
              min(t.tries) over () as least
            from
              (
                select
                  sample_id,
                  count(*) as tries
                from
                  evaluations
                where
                  benchmark_id = $21
                  and sample_id is not null
                group by
                  sample_id
                offset
                  0
              ) t
              full join pair p on p.sample_id = t.sample_id
            where
              case
                when t.sample_id is null then false
                else true
              end
              and case
                when p.sample_id is null then false
                else true
              end
          ) t
      )
    ]::integer[]
  end as candidate_repetitions,
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
      difference > $22
  ) as higher,
  count(*) filter (
    where
      difference < - $23::double precision
  ) as lower,
  bool_and(
    baseline in (0, 1)
    and candidate in (0, 1)
  ) as is_binary,
  (
    select
      coalesce(sum(up), 0)::bigint
    from
      ranked
  ) as up,
  (
    select
      coalesce(sum(n - up), 0)::bigint
    from
      ranked
  ) as down,
  (
    select
      coalesce(sum(up * rank), 0)::double precision
    from
      ranked
  ) as positive_ranks,
  (
    select
      coalesce(sum(n::double precision ^ 3 - n), 0)
    from
      ranked
  ) as tie_term,
  (
    select
      case
        when sum(n) <= $24 then array_agg(
          n::integer
          order by
            size
        )
      end
    from
      ranked
  ) as size_counts,
  (
    select
      case
        when sum(n) <= $25 then array_agg(
          up::integer
          order by
            size
        )
      end
    from
      ranked
  ) as size_positives,
  (
    select
      array_agg(
        n::integer
        order by
          number
      )
    from
      block
  ) as block_counts,
  (
    select
      array_agg(
        sum
        order by
          number
      )
    from
      block
  ) as block_sums,
  (
    with
      center as materialized (
        select
          avg("baseline") as "baseline",
          avg("candidate") as "candidate",
          avg("difference") as "difference"
        from
          pair
      )
    select
      jsonb_object_agg(c.metric, c.found)
    from
      (
        select
          c.metric,
          jsonb_build_object(
            'clusters',
            count(*),
            'squares',
            sum(
              case
                when abs(c.share) < 1e-150 then 0
                else c.share ^ 2
              end
            ),
            'largest',
            max(c.n),
            'unnamed',
            count(*) filter (
              where
                c.cluster_id is null
            ),
            'mixed',
            sum(c.mixed)
          ) as found
        from
          (
            select
              c.*,
              case
                when abs((c.sum - c.n * c.shift)) < 1e-290 then 0
                else (c.sum - c.n * c.shift) / c.total
              end as share
            from
              (
                select
                  c.*,
                  case
                    when abs(c.all_sums) < 1e-290 then 0
                    else c.all_sums / c.total
                  end as shift
                from
                  (
                    select
                      c.*,
                      sum(c.n) over whole as total,
                      sum(c.sum) over whole as all_sums
                    from
                      (
                        select
                          v.metric,
                          v.cluster_id,
                          case
                            when v.cluster_id is null then v.sample
                          end as own,
                          count(*) as n,
                          sum(v.value - v.center) as sum,
                          count(*) filter (
                            where
                              v.is_mixed
                          ) as mixed
                        from
                          (
                            select
                              'baseline' as metric,
                              "p"."baseline" as value,
                              center."baseline" as center,
                              p.cluster_id,
                              p.is_mixed,
                              p.sample_id as sample
                            from
                              pair p
                              cross join center
                            union all
                            select
                              'candidate' as metric,
                              "p"."candidate" as value,
                              center."candidate" as center,
                              p.cluster_id,
                              p.is_mixed,
                              p.sample_id as sample
                            from
                              pair p
                              cross join center
                            union all
                            select
                              'difference' as metric,
                              "p"."difference" as value,
                              center."difference" as center,
                              p.cluster_id,
                              p.is_mixed,
                              p.sample_id as sample
                            from
                              pair p
                              cross join center
                          ) v
                        group by
                          1,
                          2,
                          3
                      ) c
                    window
                      whole as (
                        partition by
                          c.metric
                      )
                  ) c
              ) c
          ) c
        group by
          c.metric
      ) c
  ) as clusters,
  jsonb_build_object(
    'above',
    (
      with
        v as materialized (
          select
            sum($26::double precision + difference) as value
          from
            pair
          group by
            cluster_id,
            case
              when cluster_id is null then sample_id
            end
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
              when e.count <= $27
              or e.low = e.high then v.value
              else floor((v.value - e.low) / (e.high - e.low) * $28)
            end
        ) g
    ),
    'below',
    (
      with
        v as materialized (
          select
            sum($29::double precision + - difference) as value
          from
            pair
          group by
            cluster_id,
            case
              when cluster_id is null then sample_id
            end
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
              when e.count <= $30
              or e.low = e.high then v.value
              else floor((v.value - e.low) / (e.high - e.low) * $31)
            end
        ) g
    )
  ) as draws
from
  pair;
-- $1 = 200
-- $2 = 200
-- $3 = 'document'
-- $4 = '{metadata, document}'
-- $5 = '{doc, document}'
-- $6 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $7 = 200
-- $8 = 200
-- $9 = 'document'
-- $10 = '{metadata, document}'
-- $11 = '{doc, document}'
-- $12 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $13 = 5000
-- $14 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $15 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $16 = 5
-- $17 = 0
-- $18 = 5
-- $19 = 0
-- $20 = 0
-- $21 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $22 = 0
-- $23 = 0
-- $24 = 100
-- $25 = 100
-- $26 = 0.02
-- $27 = 1000
-- $28 = 1000
-- $29 = 0.02
-- $30 = 1000
-- $31 = 1000

-- evaluation_pair_figures, 6 of 7
with
  found as materialized (
    select
      b.sample_id as sample_id,
      b.id as baseline_id,
      c.id as candidate_id,
      b.value as baseline,
      coalesce(c.value, $1::double precision) as candidate,
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
      (coalesce(c.value, $2::double precision)::numeric - b.value::numeric)::double precision as difference,
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
          e.benchmark_id = $3
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
          e.benchmark_id = $4
          and e.sample_id is not null
          and e.repetition = 0
      ) c on c.sample_id = b.sample_id
    where
      case
        when b.value is null then false
        else true
      end
    offset
      0
  ),
  pair as (
    select
      *
    from
      found p
    where
      p.is_same
  ),
  sized as (
    select
      size,
      count(*) as n,
      count(*) filter (
        where
          difference > 0
      ) as up
    from
      (
        select
          difference,
          abs(difference) as size
        from
          pair
      ) p
    where
      size <> 0
    group by
      size
  ),
  ranked as (
    select
      size,
      n,
      up,
      sum(n) over (
        order by
          size
      ) - (n - 1) / 2.0 as rank
    from
      sized
  ),
  placed as (
    select
      difference,
      row_number() over (
        order by
          sample_id collate "C"
      ) as position
    from
      pair
  ),
  block as (
    select
      position % $5 as number,
      count(*) as n,
      sum(difference) as sum
    from
      placed
    group by
      1
  )
select
  count(*) as pairs,
  (
    select
      count(*)
    from
      found
    where
      not is_same
  ) as different,
  (
    select
      count(*)
    from
      evaluations
    where
      benchmark_id = $6
  ) as baseline_count,
  (
    select
      count(*)
    from
      evaluations
    where
      benchmark_id = $7
  ) as candidate_count,
  count(baseline_id) as baseline_paired,
  count(candidate_id) as candidate_paired,
  count(*) filter (
    where
      is_candidate_filled
  ) as candidate_filled,
  count(*) filter (
    where
      candidate_tries > 0
      and greatest(candidate_tries, $8) < baseline_tries + $9
  ) as candidate_short,
  count(*) filter (
    where
      baseline_failed
  ) as baseline_with_error,
  count(*) filter (
    where
      candidate_failed
  ) as candidate_with_error,
  avg(difference) filter (
    where
      not baseline_failed
      and not candidate_failed
  ) as mean_without_error,
  null::integer[] as baseline_repetitions,
  null::integer[] as candidate_repetitions,
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
      difference > $10
  ) as higher,
  count(*) filter (
    where
      difference < - $11::double precision
  ) as lower,
  bool_and(
    baseline in (0, 1)
    and candidate in (0, 1)
  ) as is_binary,
  (
    select
      coalesce(sum(up), 0)::bigint
    from
      ranked
  ) as up,
  (
    select
      coalesce(sum(n - up), 0)::bigint
    from
      ranked
  ) as down,
  (
    select
      coalesce(sum(up * rank), 0)::double precision
    from
      ranked
  ) as positive_ranks,
  (
    select
      coalesce(sum(n::double precision ^ 3 - n), 0)
    from
      ranked
  ) as tie_term,
  (
    select
      case
        when sum(n) <= $12 then array_agg(
          n::integer
          order by
            size
        )
      end
    from
      ranked
  ) as size_counts,
  (
    select
      case
        when sum(n) <= $13 then array_agg(
          up::integer
          order by
            size
        )
      end
    from
      ranked
  ) as size_positives,
  (
    select
      array_agg(
        n::integer
        order by
          number
      )
    from
      block
  ) as block_counts,
  (
    select
      array_agg(
        sum
        order by
          number
      )
    from
      block
  ) as block_sums,
  null::jsonb as clusters,
  null::jsonb as draws
from
  pair;
-- $1 = 0
-- $2 = 0
-- $3 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $4 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $5 = 5000
-- $6 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $7 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $8 = 5
-- $9 = 0
-- $10 = 0
-- $11 = 0
-- $12 = 100
-- $13 = 100

-- evaluation_pair_figures, 7 of 7
with
  found as materialized (
    select
      b.sample_id as sample_id,
      b.id as baseline_id,
      c.id as candidate_id,
      b.value as baseline,
      coalesce(c.value, $1::double precision) as candidate,
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
      (coalesce(c.value, $2::double precision)::numeric - b.value::numeric)::double precision as difference,
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
                  e.benchmark_id = $3
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
                      e.error is not null as failed,
                      hashtextextended (nullif(e.input, ''), 0) as input,
                      hashtextextended (e.expected, 0) as expected
                    from
                      evaluations e
                    where
                      e.benchmark_id = $4
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
      ) c on c.sample_id = b.sample_id
    where
      case
        when b.value is null then false
        else true
      end
    offset
      0
  ),
  pair as (
    select
      *
    from
      found p
    where
      p.is_same
  ),
  sized as (
    select
      size,
      count(*) as n,
      count(*) filter (
        where
          difference > 0
      ) as up
    from
      (
        select
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
      size
  ),
  ranked as (
    select
      size,
      n,
      up,
      sum(n) over (
        order by
          size
      ) - (n - 1) / 2.0 as rank
    from
      sized
  ),
  placed as (
    select
      difference,
      row_number() over (
        order by
          sample_id collate "C"
      ) as position
    from
      pair
  ),
  block as (
    select
      position % $10 as number,
      count(*) as n,
      sum(difference) as sum
    from
      placed
    group by
      1
  )
select
  count(*) as pairs,
  (
    select
      count(*)
    from
      found
    where
      not is_same
  ) as different,
  (
    select
      count(distinct sample_id) + count(*) filter (
        where
          sample_id is null
      )
    from
      evaluations
    where
      benchmark_id = $11
  ) as baseline_count,
  (
    select
      count(distinct sample_id) + count(*) filter (
        where
          sample_id is null
      )
    from
      evaluations
    where
      benchmark_id = $12
  ) as candidate_count,
  count(baseline_id) as baseline_paired,
  count(candidate_id) as candidate_paired,
  count(*) filter (
    where
      is_candidate_filled
  ) as candidate_filled,
  count(*) filter (
    where
      candidate_tries > 0
      and greatest(candidate_tries, $13) < baseline_tries + $14
  ) as candidate_short,
  count(*) filter (
    where
      baseline_failed
  ) as baseline_with_error,
  count(*) filter (
    where
      candidate_failed
  ) as candidate_with_error,
  avg(difference) filter (
    where
      not baseline_failed
      and not candidate_failed
  ) as mean_without_error,
  case
    when count(*) > 0 then array[
      coalesce(
        min("baseline_tries") filter (
          where
            "baseline_tries" > 0
        ),
        0
      ),
      max("baseline_tries"),
      count(*) filter (
        where
          "baseline_tries" < $15
      ),
      count(*) filter (
        where
          "baseline_tries" > 1
      ),
      sum("baseline_alike"),
      0
    ]::integer[]
  end as baseline_repetitions,
  case
    when count(*) > 0 then array[
      coalesce(
        min("candidate_tries") filter (
          where
            "candidate_tries" > 0
        ),
        0
      ),
      max("candidate_tries"),
      count(*) filter (
        where
          "candidate_tries" < $16
      ),
      count(*) filter (
        where
          "candidate_tries" > 1
      ),
      sum("candidate_alike"),
      (
        select
          count(*) filter (
            where
              t.tries > case
                when $17 > 0 then $18
                else t.least
              end
          )
        from
          (
            select
              t.tries,
              min(t.tries) over () as least
            from
              (
                select
                  sample_id,
                  count(*) as tries
                from
                  evaluations
                where
                  benchmark_id = $19
                  and sample_id is not null
                group by
                  sample_id
                offset
                  0
              ) t
              full join pair p on p.sample_id = t.sample_id
            where
              case
                when t.sample_id is null then false
                else true
              end
              and case
                when p.sample_id is null then false
                else true
              end
          ) t
      )
    ]::integer[]
  end as candidate_repetitions,
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
      difference > $20
  ) as higher,
  count(*) filter (
    where
      difference < - $21::double precision
  ) as lower,
  bool_and(
    baseline in (0, 1)
    and candidate in (0, 1)
  ) as is_binary,
  (
    select
      coalesce(sum(up), 0)::bigint
    from
      ranked
  ) as up,
  (
    select
      coalesce(sum(n - up), 0)::bigint
    from
      ranked
  ) as down,
  (
    select
      coalesce(sum(up * rank), 0)::double precision
    from
      ranked
  ) as positive_ranks,
  (
    select
      coalesce(sum(n::double precision ^ 3 - n), 0)
    from
      ranked
  ) as tie_term,
  (
    select
      case
        when sum(n) <= $22 then array_agg(
          n::integer
          order by
            size
        )
      end
    from
      ranked
  ) as size_counts,
  (
    select
      case
        when sum(n) <= $23 then array_agg(
          up::integer
          order by
            size
        )
      end
    from
      ranked
  ) as size_positives,
  (
    select
      array_agg(
        n::integer
        order by
          number
      )
    from
      block
  ) as block_counts,
  (
    select
      array_agg(
        sum
        order by
          number
      )
    from
      block
  ) as block_sums,
  null::jsonb as clusters,
  null::jsonb as draws
from
  pair;
-- $1 = 0
-- $2 = 0
-- $3 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $4 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $5 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $6 = 5
-- $7 = 0
-- $8 = 5
-- $9 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $10 = 5000
-- $11 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $12 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $13 = 5
-- $14 = 0
-- $15 = 0
-- $16 = 5
-- $17 = 0
-- $18 = 0
-- $19 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $20 = 0
-- $21 = 0
-- $22 = 100
-- $23 = 100
