-- evaluation_pair_samples, 1 of 2
select
  coalesce(p.sample_id, '') as sample_id,
  p.baseline_tries as baseline_count,
  p.candidate_tries as candidate_count,
  p.baseline as baseline_value,
  p.candidate as candidate_value,
  p.difference,
  coalesce(p.baseline_id::text, '') as baseline_evaluation_id,
  coalesce(p.candidate_id::text, '') as candidate_evaluation_id
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
  ) p
where
  p.difference > $3
  and p.is_same
order by
  p.difference desc,
  p.sample_id collate "C"
limit
  $4;
-- $1 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $2 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $3 = 0
-- $4 = 50

-- evaluation_pair_samples, 2 of 2
select
  coalesce(p.sample_id, '') as sample_id,
  p.baseline_tries as baseline_count,
  p.candidate_tries as candidate_count,
  p.baseline as baseline_value,
  p.candidate as candidate_value,
  p.difference,
  coalesce(p.baseline_id::text, '') as baseline_evaluation_id,
  coalesce(p.candidate_id::text, '') as candidate_evaluation_id
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
          ) as value
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
          (
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
          ) as value
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
  ) p
where
  - p.difference > $9
  and p.is_same
  and (
    - p.difference < $10
    or - p.difference = $11
    and p.sample_id collate "C" > $12
  )
order by
  - p.difference desc,
  p.sample_id collate "C"
limit
  $13;
-- $1 = 'accuracy'
-- $2 = 'accuracy'
-- $3 = 'accuracy'
-- $4 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $5 = 'accuracy'
-- $6 = 'accuracy'
-- $7 = 'accuracy'
-- $8 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $9 = 0
-- $10 = 0.5
-- $11 = 0.5
-- $12 = 's'
-- $13 = 50
