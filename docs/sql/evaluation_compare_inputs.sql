-- evaluation_compare_inputs
select
  found.compared,
  found.different
from
  unnest($1::uuid[], $2::uuid[]) with ordinality as given (a, b, ordinality)
  cross join lateral (
    select
      count(*) as compared,
      count(*) filter (
        where
          not (
            coalesce(a.input = b.input, true)
            and coalesce(a.expected = b.expected, true)
          )
      ) as different
    from
      (
        select
          sample_id,
          nullif(input, '') as input,
          expected
        from
          evaluations
        where
          benchmark_id = given.a
          and sample_id is not null
          and repetition = 0
        order by
          sample_id
        limit
          $3
      ) a
      cross join lateral (
        select
          nullif(input, '') as input,
          expected
        from
          evaluations
        where
          benchmark_id = given.b
          and sample_id = a.sample_id
          and repetition = 0
        offset
          0
      ) b
  ) found
order by
  given.ordinality;
-- $1 = '{01890a5d-ac96-774b-bcce-b302099a8057}'
-- $2 = '{01890a5d-ac96-774b-bcce-b302099a8057}'
-- $3 = 10
