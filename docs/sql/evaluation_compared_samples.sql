-- evaluation_compared_samples, 1 of 7
select
  coalesce(s.sample_id, '') as sample_id,
  coalesce(s.difference, 0) as difference
from
  (
    select
      sample_id,
      coalesce(("highest"::numeric - "lowest"::numeric)::double precision, 0) as difference
    from
      (
        select
          v.sample_id,
          max(v.value) filter (
            where
              v.place = 0
          ) as baseline,
          min(v.value) filter (
            where
              v.place > 0
          ) as least,
          max(v.value) filter (
            where
              v.place > 0
          ) as most,
          min(v.value) as lowest,
          max(v.value) as highest,
          count(v.value) as valued,
          count(*) filter (
            where
              value >= $1
          ) as correct,
          coalesce(min(v.input) = max(v.input), true)
          and coalesce(min(v.expected) = max(v.expected), true) as is_same
        from
          (
            select
              $2::integer as place,
              v.sample_id,
              v.value,
              v.input,
              v.expected
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
              ) v
            union all
            select
              $4::integer as place,
              v.sample_id,
              v.value,
              v.input,
              v.expected
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
                    where
                      value is not null
                  ) v
                group by
                  v.sample_id
              ) v
          ) v
        group by
          v.sample_id
      ) g
    where
      true
  ) s
where
  true
order by
  s.sample_id collate "C"
limit
  $6;
-- $1 = 0.5
-- $2 = 0
-- $3 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $4 = 1
-- $5 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $6 = 2

-- evaluation_compared_samples, 2 of 7
select
  coalesce(s.sample_id, '') as sample_id,
  coalesce(s.difference, 0) as difference
from
  (
    select
      sample_id,
      ("baseline"::numeric - "least"::numeric)::double precision as difference
    from
      (
        select
          v.sample_id,
          max(v.value) filter (
            where
              v.place = 0
          ) as baseline,
          min(v.value) filter (
            where
              v.place > 0
          ) as least,
          max(v.value) filter (
            where
              v.place > 0
          ) as most,
          min(v.value) as lowest,
          max(v.value) as highest,
          count(v.value) as valued,
          count(*) filter (
            where
              value >= $1
          ) as correct,
          coalesce(min(v.input) = max(v.input), true)
          and coalesce(min(v.expected) = max(v.expected), true) as is_same
        from
          (
            select
              $2::integer as place,
              v.sample_id,
              v.value,
              v.input,
              v.expected
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
              ) v
            union all
            select
              $4::integer as place,
              v.sample_id,
              v.value,
              v.input,
              v.expected
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
                    where
                      value is not null
                  ) v
                group by
                  v.sample_id
              ) v
          ) v
        group by
          v.sample_id
      ) g
    where
      ("baseline"::numeric - "least"::numeric)::double precision > $6
      and is_same
  ) s
where
  (
    s.difference < $7
    or s.difference = $8
    and s.sample_id collate "C" > $9
  )
order by
  s.difference desc,
  s.sample_id collate "C"
limit
  $10;
-- $1 = 0.5
-- $2 = 0
-- $3 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $4 = 1
-- $5 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $6 = 0
-- $7 = 0.5
-- $8 = 0.5
-- $9 = 's'
-- $10 = 2

-- evaluation_compared_samples, 3 of 7
select
  coalesce(s.sample_id, '') as sample_id,
  coalesce(s.difference, 0) as difference
from
  (
    select
      sample_id,
      ("most"::numeric - "baseline"::numeric)::double precision as difference
    from
      (
        select
          v.sample_id,
          max(v.value) filter (
            where
              v.place = 0
          ) as baseline,
          min(v.value) filter (
            where
              v.place > 0
          ) as least,
          max(v.value) filter (
            where
              v.place > 0
          ) as most,
          min(v.value) as lowest,
          max(v.value) as highest,
          count(v.value) as valued,
          count(*) filter (
            where
              value >= $1
          ) as correct,
          coalesce(min(v.input) = max(v.input), true)
          and coalesce(min(v.expected) = max(v.expected), true) as is_same
        from
          (
            select
              $2::integer as place,
              v.sample_id,
              v.value,
              v.input,
              v.expected
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
              ) v
            union all
            select
              $4::integer as place,
              v.sample_id,
              v.value,
              v.input,
              v.expected
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
                    where
                      value is not null
                  ) v
                group by
                  v.sample_id
              ) v
          ) v
        group by
          v.sample_id
      ) g
    where
      ("most"::numeric - "baseline"::numeric)::double precision > $6
  ) s
where
  (
    s.difference < $7
    or s.difference = $8
    and s.sample_id collate "C" > $9
  )
order by
  s.difference desc,
  s.sample_id collate "C"
limit
  $10;
-- $1 = 0.5
-- $2 = 0
-- $3 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $4 = 1
-- $5 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $6 = 0
-- $7 = 0.5
-- $8 = 0.5
-- $9 = 's'
-- $10 = 2

-- evaluation_compared_samples, 4 of 7
select
  coalesce(s.sample_id, '') as sample_id,
  coalesce(s.difference, 0) as difference
from
  (
    select
      sample_id,
      coalesce(("highest"::numeric - "lowest"::numeric)::double precision, 0) as difference
    from
      (
        select
          v.sample_id,
          max(v.value) filter (
            where
              v.place = 0
          ) as baseline,
          min(v.value) filter (
            where
              v.place > 0
          ) as least,
          max(v.value) filter (
            where
              v.place > 0
          ) as most,
          min(v.value) as lowest,
          max(v.value) as highest,
          count(v.value) as valued,
          count(*) filter (
            where
              value >= $1
          ) as correct,
          coalesce(min(v.input) = max(v.input), true)
          and coalesce(min(v.expected) = max(v.expected), true) as is_same
        from
          (
            select
              $2::integer as place,
              v.sample_id,
              v.value,
              v.input,
              v.expected
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
              ) v
            union all
            select
              $4::integer as place,
              v.sample_id,
              v.value,
              v.input,
              v.expected
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
                    where
                      value is not null
                  ) v
                group by
                  v.sample_id
              ) v
          ) v
        group by
          v.sample_id
      ) g
    where
      valued = $6
      and ("baseline"::numeric - "least"::numeric)::double precision <= $7
      and ("most"::numeric - "baseline"::numeric)::double precision <= $8
      and is_same
  ) s
where
  true
order by
  s.sample_id collate "C"
limit
  $9;
-- $1 = 0.5
-- $2 = 0
-- $3 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $4 = 1
-- $5 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $6 = 2
-- $7 = 0
-- $8 = 0
-- $9 = 2

-- evaluation_compared_samples, 5 of 7
select
  coalesce(s.sample_id, '') as sample_id,
  coalesce(s.difference, 0) as difference
from
  (
    select
      sample_id,
      coalesce(("highest"::numeric - "lowest"::numeric)::double precision, 0) as difference
    from
      (
        select
          v.sample_id,
          max(v.value) filter (
            where
              v.place = 0
          ) as baseline,
          min(v.value) filter (
            where
              v.place > 0
          ) as least,
          max(v.value) filter (
            where
              v.place > 0
          ) as most,
          min(v.value) as lowest,
          max(v.value) as highest,
          count(v.value) as valued,
          count(*) filter (
            where
              value >= $1
          ) as correct,
          coalesce(min(v.input) = max(v.input), true)
          and coalesce(min(v.expected) = max(v.expected), true) as is_same
        from
          (
            select
              $2::integer as place,
              v.sample_id,
              v.value,
              v.input,
              v.expected
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
              ) v
            union all
            select
              $4::integer as place,
              v.sample_id,
              v.value,
              v.input,
              v.expected
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
                    where
                      value is not null
                  ) v
                group by
                  v.sample_id
              ) v
          ) v
        group by
          v.sample_id
      ) g
    where
      valued = $6
      and correct = 0
  ) s
where
  s.sample_id collate "C" > $7
order by
  s.sample_id collate "C"
limit
  $8;
-- $1 = 0.5
-- $2 = 0
-- $3 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $4 = 1
-- $5 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $6 = 2
-- $7 = 's'
-- $8 = 2

-- evaluation_compared_samples, 6 of 7
select
  coalesce(s.sample_id, '') as sample_id,
  coalesce(s.difference, 0) as difference
from
  (
    select
      sample_id,
      coalesce(("highest"::numeric - "lowest"::numeric)::double precision, 0) as difference
    from
      (
        select
          v.sample_id,
          max(v.value) filter (
            where
              v.place = 0
          ) as baseline,
          min(v.value) filter (
            where
              v.place > 0
          ) as least,
          max(v.value) filter (
            where
              v.place > 0
          ) as most,
          min(v.value) as lowest,
          max(v.value) as highest,
          count(v.value) as valued,
          count(*) filter (
            where
              value >= $1
          ) as correct,
          coalesce(min(v.input) = max(v.input), true)
          and coalesce(min(v.expected) = max(v.expected), true) as is_same
        from
          (
            select
              $2::integer as place,
              v.sample_id,
              v.value,
              v.input,
              v.expected
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
              ) v
            union all
            select
              $4::integer as place,
              v.sample_id,
              v.value,
              v.input,
              v.expected
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
                    where
                      value is not null
                  ) v
                group by
                  v.sample_id
              ) v
          ) v
        group by
          v.sample_id
      ) g
    where
      valued = $6
      and correct = 1
      and is_same
  ) s
where
  (
    s.difference < $7
    or s.difference = $8
    and s.sample_id collate "C" > $9
  )
order by
  s.difference desc,
  s.sample_id collate "C"
limit
  $10;
-- $1 = 0.5
-- $2 = 0
-- $3 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $4 = 1
-- $5 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $6 = 2
-- $7 = 0.5
-- $8 = 0.5
-- $9 = 's'
-- $10 = 2

-- evaluation_compared_samples, 7 of 7
select
  coalesce(s.sample_id, '') as sample_id,
  coalesce(s.difference, 0) as difference
from
  (
    select
      sample_id,
      coalesce(("highest"::numeric - "lowest"::numeric)::double precision, 0) as difference
    from
      (
        select
          v.sample_id,
          max(v.value) filter (
            where
              v.place = 0
          ) as baseline,
          min(v.value) filter (
            where
              v.place > 0
          ) as least,
          max(v.value) filter (
            where
              v.place > 0
          ) as most,
          min(v.value) as lowest,
          max(v.value) as highest,
          count(v.value) as valued,
          count(*) filter (
            where
              value >= $1
          ) as correct,
          coalesce(min(v.input) = max(v.input), true)
          and coalesce(min(v.expected) = max(v.expected), true) as is_same
        from
          (
            select
              $2::integer as place,
              v.sample_id,
              v.value,
              v.input,
              v.expected
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
              ) v
            union all
            select
              $4::integer as place,
              v.sample_id,
              v.value,
              v.input,
              v.expected
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
                    where
                      value is not null
                  ) v
                group by
                  v.sample_id
              ) v
          ) v
        group by
          v.sample_id
      ) g
    where
      valued < $6
  ) s
where
  true
order by
  s.difference desc,
  s.sample_id collate "C"
limit
  $7;
-- $1 = 0.5
-- $2 = 0
-- $3 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $4 = 1
-- $5 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $6 = 2
-- $7 = 2
