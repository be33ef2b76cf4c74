-- benchmark_replace_counts
with
  folded as (
    delete from benchmark_count_deltas
    where
      benchmark_id = $1
    returning
      completed,
      failed,
      named_samples,
      ids_hash,
      inputs_hash
  ),
  total as (
    select
      coalesce(sum(completed), 0) as completed,
      coalesce(sum(failed), 0) as failed,
      coalesce(sum(named_samples), 0) as named_samples,
      coalesce(sum(ids_hash), 0) as ids_hash,
      coalesce(sum(inputs_hash), 0) as inputs_hash
    from
      folded
  )
update benchmarks b
set
  completed_iterations = coalesce($2::integer, least(b.completed_iterations + total.completed, 2147483647)),
  failed_iterations = coalesce($3::integer, least(b.failed_iterations + total.failed, 2147483647)),
  named_samples = b.named_samples + total.named_samples,
  ids_hash = b.ids_hash + total.ids_hash,
  inputs_hash = b.inputs_hash + total.inputs_hash
from
  total
where
  b.id = $4
returning
  b.id;
-- $1 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $2 = 1
-- $3 = null
-- $4 = '01890a5d-ac96-774b-bcce-b302099a8057'
