-- benchmark_page_progress
select
  r.id,
  r.name,
  r.provider,
  r.model,
  r.dataset,
  r.status,
  null::text as description,
  null::jsonb as results,
  null::jsonb as metadata,
  r.total_iterations as "totalIterations",
  greatest(least(r.completed_iterations + coalesce(d.completed, 0), 2147483647), 0)::integer as "completedIterations",
  greatest(least(r.failed_iterations + coalesce(d.failed, 0), 2147483647), 0)::integer as "failedIterations",
  r.metrics,
  r.error,
  r.started_at as "startedAt",
  r.completed_at as "completedAt",
  r.created_at as "createdAt",
  r.updated_at as "updatedAt",
  r.created_by as "createdBy",
  r.labels,
  r.version,
  s.mean as "meanScore",
  r.fetched
from
  (
    select
      r.*,
      count(*) over () as fetched,
      row_number() over running as place,
      sum(
        700 + octet_length(r.name || r.provider || r.model || r.dataset) + coalesce(octet_length(r.error), 0) + coalesce(pg_column_size(r.labels #> '{}'), 0) + coalesce(pg_column_size(r.metrics #> '{}'), 0)
      ) over running as bytes
    from
      (
        select
          b.*,
          w.place as wanted
        from
          unnest($1::uuid[]) with ordinality as w (id, place)
          join benchmarks b on b.id = w.id
      ) r
    window
      running as (
        order by
          r.wanted rows between unbounded preceding
          and current row
      )
  ) r
  left join lateral (
    select
      sum(completed) as completed,
      sum(failed) as failed
    from
      benchmark_count_deltas
    where
      benchmark_id = r.id
  ) d on true
  left join lateral (
    -- PostgreSQL refuses results that are too small for a double, rather than to round them to zero.
    select
      case
        when abs(sum(m.sum)) < 1e-290 then 0
        else sum(m.sum)
      end / nullif(sum(m.count), 0)::double precision as mean
    from
      (
        select
          sum,
          count
        from
          metric_rollups
        where
          benchmark_id = r.id
          and metric = 'score'
        union all
        select
          sum,
          count
        from
          metric_deltas
        where
          benchmark_id = r.id
          and metric = 'score'
      ) m
    where
      not exists (
        select
        from
          stale_rollups
        where
          benchmark_id = r.id
          and is_missing
      )
  ) s on true
where
  r.place = 1
  or r.bytes <= $2
order by
  r.wanted;
-- $1 = '{01890a5d-ac96-774b-bcce-b302099a8057}'
-- $2 = 3145728
