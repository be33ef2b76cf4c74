-- job_explain_refusals
select
  i.benchmark_id is null
  or exists (
    select
    from
      benchmarks b
    where
      b.id = i.benchmark_id
  ) as has_benchmark,
  (
    select
      k.job_id
    from
      job_keys k
    where
      k.job_type = i.job_type
      and k.unique_key = i.unique_key
  ) as holder
from
  unnest($1::text[], $2::text[], $3::uuid[]) with ordinality as i (job_type, unique_key, benchmark_id, ordinality)
order by
  i.ordinality;
-- $1 = '{t}'
-- $2 = '{null}'
-- $3 = '{null}'
