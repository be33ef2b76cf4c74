-- benchmark_get
select
  b.id,
  b.name,
  b.provider,
  b.model,
  b.dataset,
  b.status,
  b.description,
  b.results,
  b.metadata,
  b.total_iterations as "totalIterations",
  greatest(least(b.completed_iterations + coalesce(d.completed, 0), 2147483647), 0)::integer as "completedIterations",
  greatest(least(b.failed_iterations + coalesce(d.failed, 0), 2147483647), 0)::integer as "failedIterations",
  b.metrics,
  b.error,
  b.started_at as "startedAt",
  b.completed_at as "completedAt",
  b.created_at as "createdAt",
  b.updated_at as "updatedAt",
  b.created_by as "createdBy",
  b.labels,
  b.version
from
  benchmarks b
  left join lateral (
    select
      sum(completed) as completed,
      sum(failed) as failed
    from
      benchmark_count_deltas
    where
      benchmark_id = b.id
  ) d on true
where
  b.id = $1;
-- $1 = '01890a5d-ac96-774b-bcce-b302099a8057'
