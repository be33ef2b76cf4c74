-- leaderboard_benchmarks
select
  b.id,
  b.name,
  b.provider,
  b.model,
  b.status,
  b.created_at,
  (b.named_samples + added.named_samples)::bigint as named_samples,
  (b.ids_hash + added.ids_hash)::text as ids_hash,
  (b.inputs_hash + added.inputs_hash)::text as inputs_hash
from
  benchmarks b
  cross join lateral (
    select
      coalesce(sum(named_samples), 0) as named_samples,
      coalesce(sum(ids_hash), 0) as ids_hash,
      coalesce(sum(inputs_hash), 0) as inputs_hash
    from
      benchmark_count_deltas d
    where
      d.benchmark_id = b.id
  ) added
where
  b.id = any ($1::uuid[]);
-- $1 = '{01890a5d-ac96-774b-bcce-b302099a8057}'
