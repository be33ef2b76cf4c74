-- evaluation_pair_samples, 1 of 2
select
  coalesce(p.sample_id, '') as sample_id,
  p.repetition,
  p.baseline as baseline_value,
  p.candidate as candidate_value,
  p.difference,
  p.baseline_id as baseline_evaluation_id,
  p.candidate_id as candidate_evaluation_id
from
  (
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
  ) p
where
  p.difference > $3
  and p.is_same
order by
  p.difference desc,
  p.sample_id collate "C",
  p.repetition
limit
  $4;
-- $1 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $2 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $3 = 0
-- $4 = 50

-- evaluation_pair_samples, 2 of 2
select
  coalesce(p.sample_id, '') as sample_id,
  p.repetition,
  p.baseline as baseline_value,
  p.candidate as candidate_value,
  p.difference,
  p.baseline_id as baseline_evaluation_id,
  p.candidate_id as candidate_evaluation_id
from
  (
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
  ) p
where
  - p.difference > $9
  and p.is_same
  and (
    - p.difference < $10
    or - p.difference = $11
    and (p.sample_id collate "C", p.repetition) > ($12, $13::integer)
  )
order by
  - p.difference desc,
  p.sample_id collate "C",
  p.repetition
limit
  $14;
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
-- $13 = 0
-- $14 = 50
