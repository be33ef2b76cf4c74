-- maintenance_fold_counts
with
  benchmark as (
    select
      id
    from
      benchmarks
    where
      id in (
        select
          benchmark_id
        from
          benchmark_count_deltas
        limit
          $1
      )
    order by
      id
    for no key update
      skip locked
  ),
  folded as (
    delete from benchmark_count_deltas
    where
      ctid = any (
        array(
          select
            d.ctid
          from
            benchmark_count_deltas d
            join benchmark b on b.id = d.benchmark_id
          limit
            $2
          for update of
            d skip locked
        )
      )
    returning
      benchmark_id,
      completed,
      failed,
      named_samples,
      ids_hash,
      inputs_hash
  ),
  total as (
    select
      benchmark_id,
      sum(completed) as completed,
      sum(failed) as failed,
      coalesce(sum(named_samples), 0) as named_samples,
      coalesce(sum(ids_hash), 0) as ids_hash,
      coalesce(sum(inputs_hash), 0) as inputs_hash
    from
      folded
    group by
      benchmark_id
  ),
  counted as (
    update benchmarks b
    set
      completed_iterations = least(b.completed_iterations + total.completed, 2147483647),
      failed_iterations = least(b.failed_iterations + total.failed, 2147483647),
      named_samples = b.named_samples + total.named_samples,
      ids_hash = b.ids_hash + total.ids_hash,
      inputs_hash = b.inputs_hash + total.inputs_hash
    from
      total
    where
      b.id = total.benchmark_id
  )
select
  count(*) as folded
from
  folded;
-- $1 = 10
-- $2 = 10
