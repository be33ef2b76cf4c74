-- job_explain_refusals
select
  item.benchmark_id is null
  or exists (
    select
    from
      benchmarks b
    where
      b.id = item.benchmark_id
      and not exists (
        select
        from
          benchmark_deletions deletion
        where
          deletion.benchmark_id = b.id
      )
  ) as has_benchmark,
  (
    select
      key.job_id
    from
      job_keys key
    where
      key.job_type = item.job_type
      and key.unique_key = item.unique_key
  ) as holder
from
  unnest($1::text[], $2::text[], $3::uuid[]) with ordinality as item (job_type, unique_key, benchmark_id, ordinality)
order by
  item.ordinality;
-- $1 = '{t}'
-- $2 = '{null}'
-- $3 = '{null}'
