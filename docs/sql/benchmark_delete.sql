-- benchmark_delete
with
  b as (
    delete from benchmarks
    where
      id = $1
    returning
      *
  ),
  event as (
    insert into
      benchmark_events (benchmark_ids)
    select
      array_agg(id)
    from
      b
    having
      count(*) > 0
  )
select
  b.id,
  b.name,
  b.description,
  b.provider,
  b.model,
  b.dataset,
  b.status,
  b.total_iterations,
  b.repetitions,
  b.planned_samples,
  greatest(least(b.completed_iterations + coalesce(del.completed, 0), 2147483647), 0)::integer as completed_iterations,
  greatest(least(b.failed_iterations + coalesce(del.failed, 0), 2147483647), 0)::integer as failed_iterations,
  b.results::text as results,
  b.metrics::text as metrics,
  b.error,
  b.started_at,
  b.completed_at,
  b.created_at,
  b.updated_at,
  b.created_by,
  b.labels,
  b.metadata::text as metadata,
  b.version
from
  b
  left join lateral (
    select
      sum(completed) as completed,
      sum(failed) as failed
    from
      benchmark_count_deltas
    where
      benchmark_id = b.id
  ) del on true;
-- $1 = '01890a5d-ac96-774b-bcce-b302099a8057'
