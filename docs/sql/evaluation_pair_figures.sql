-- evaluation_pair_figures, 1 of 2
with
  found as materialized (
    select
      b.sample_id,
      b.repetition,
      b.id as baseline_id,
      c.id as candidate_id,
      b.value as baseline,
      c.value as candidate,
      (c.value::numeric - b.value::numeric)::double precision as difference,
      b.input = c.input
      and coalesce(b.expected = c.expected, true) as is_same
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
          hashtextextended (e.input, 0) as input,
          hashtextextended (e.expected, 0) as expected
        from
          evaluations e
        where
          e.benchmark_id = $1
          and e.sample_id is not null
      ) b
      join (
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
          hashtextextended (e.input, 0) as input,
          hashtextextended (e.expected, 0) as expected
        from
          evaluations e
        where
          e.benchmark_id = $2
          and e.sample_id is not null
      ) c on c.sample_id = b.sample_id
      and c.repetition = b.repetition
    where
      b.value is not null
      and c.value is not null
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
      abs(difference) as size,
      count(*) as n,
      count(*) filter (
        where
          difference > 0
      ) as up
    from
      pair
    where
      difference <> 0
    group by
      abs(difference)
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
          sample_id collate "C",
          repetition
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
      difference > $6
  ) as higher,
  count(*) filter (
    where
      difference < - $7::double precision
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
        when sum(n) <= $8 then array_agg(
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
        when sum(n) <= $9 then array_agg(
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
  ) as block_sums
from
  pair;
-- $1 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $2 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $3 = 5000
-- $4 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $5 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $6 = 0
-- $7 = 0
-- $8 = 100
-- $9 = 100

-- evaluation_pair_figures, 2 of 2
with
  found as materialized (
    select
      b.sample_id,
      b.repetition,
      b.id as baseline_id,
      c.id as candidate_id,
      b.value as baseline,
      c.value as candidate,
      (c.value::numeric - b.value::numeric)::double precision as difference,
      b.input = c.input
      and coalesce(b.expected = c.expected, true) as is_same
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
          hashtextextended (e.input, 0) as input,
          hashtextextended (e.expected, 0) as expected
        from
          evaluations e
        where
          e.benchmark_id = $4
          and e.sample_id is not null
      ) b
      join (
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
          hashtextextended (e.input, 0) as input,
          hashtextextended (e.expected, 0) as expected
        from
          evaluations e
        where
          e.benchmark_id = $8
          and e.sample_id is not null
      ) c on c.sample_id = b.sample_id
      and c.repetition = b.repetition
    where
      b.value is not null
      and c.value is not null
  ),
  pair as (
    select
      *
    from
      found p
    where
      true
  ),
  sized as (
    select
      abs(difference) as size,
      count(*) as n,
      count(*) filter (
        where
          difference > 0
      ) as up
    from
      pair
    where
      difference <> 0
    group by
      abs(difference)
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
          sample_id collate "C",
          repetition
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
      count(*)
    from
      evaluations
    where
      benchmark_id = $10
  ) as baseline_count,
  (
    select
      count(*)
    from
      evaluations
    where
      benchmark_id = $11
  ) as candidate_count,
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
      difference > $12
  ) as higher,
  count(*) filter (
    where
      difference < - $13::double precision
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
        when sum(n) <= $14 then array_agg(
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
        when sum(n) <= $15 then array_agg(
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
  ) as block_sums
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
-- $12 = 0.5
-- $13 = 0.5
-- $14 = 100
-- $15 = 100
