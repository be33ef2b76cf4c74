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
  exists (
    select
    from
      job_lanes lane
    where
      lane.id = item.lane_id
  ) as has_lane,
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
  unnest($1::uuid[], $2::text[], $3::text[], $4::uuid[]) with ordinality as item (lane_id, job_type, unique_key, benchmark_id, ordinality)
order by
  item.ordinality;
-- $1 = '{01890a5d-ac96-774b-bcce-b302099a8057}'
-- $2 = '{t}'
-- $3 = '{null}'
-- $4 = '{null}'
