-- leaderboard_benchmarks
select
  b.id,
  b.name,
  b.provider,
  b.model,
  b.status,
  b.created_at,
  b.repetitions,
  part.min,
  part.max
from
  benchmarks b
  cross join lateral (
    select
      min(part.min) as min,
      max(part.max) as max
    from
      (
        select
          min,
          max
        from
          metric_rollups
        where
          benchmark_id = b.id
          and metric = $1
        union all
        select
          min,
          max
        from
          metric_deltas
        where
          benchmark_id = b.id
          and metric = $2
          and count > 0
      ) part
  ) part
where
  b.id = any ($3::uuid[]);
-- $1 = 'score'
-- $2 = 'score'
-- $3 = '{01890a5d-ac96-774b-bcce-b302099a8057}'
