-- benchmark_page_progress
select
  r.id,
  r.name,
  null::text as description,
  r.provider,
  r.model,
  r.dataset,
  r.status,
  r.total_iterations,
  r.repetitions,
  r.planned_samples,
  greatest(least(r.completed_iterations + coalesce(del.completed, 0), 2147483647), 0)::integer as completed_iterations,
  greatest(least(r.failed_iterations + coalesce(del.failed, 0), 2147483647), 0)::integer as failed_iterations,
  null::text as results,
  r.metrics::text as metrics,
  r.error,
  r.started_at,
  r.completed_at,
  r.created_at,
  r.updated_at,
  r.created_by,
  r.labels,
  null::text as metadata,
  r.version,
  score.mean as mean_score,
  exists (
    select
    from
      repeated_benchmarks
    where
      benchmark_id = r.id
  ) as is_repeated,
  r.fetched
from
  (
    select
      r.*,
      count(*) over () as fetched,
      row_number() over running as place,
      sum(
        700 + octet_length(r.name || r.provider || r.model || r.dataset) + coalesce(octet_length(r.error), 0) + coalesce(greatest(pg_column_size(r.labels #> '{}'), octet_length(r.labels::text)), 0) + coalesce(greatest(pg_column_size(r.metrics #> '{}'), octet_length(r.metrics::text)), 0)
      ) over running as bytes_so_far
    from
      (
        select
          b.*,
          wanted.ordinality
        from
          unnest($1::uuid[]) with ordinality as wanted (id, ordinality)
          join benchmarks b on b.id = wanted.id
      ) r
    window
      running as (
        order by
          r.ordinality rows between unbounded preceding
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
  ) del on true
  left join lateral (
    select
      case
        when abs(sum(part.sum)) < 1e-290 then 0
        else sum(part.sum)
      end / nullif(sum(part.count), 0)::double precision as mean
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
      ) part
    where
      not exists (
        select
        from
          stale_rollups
        where
          benchmark_id = r.id
          and is_missing
      )
  ) score on true
where
  r.place = 1
  or r.bytes_so_far <= $2
order by
  r.ordinality;
-- $1 = '{01890a5d-ac96-774b-bcce-b302099a8057}'
-- $2 = 3145728
