-- benchmark_list, 1 of 2
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
          *
        from
          benchmarks b
        where
          true
        order by
          b.created_at desc,
          b.id desc
        limit
          $1
      ) r
    window
      running as (
        order by
          r.created_at desc,
          r.id desc rows between unbounded preceding
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
where
  r.place = 1
  or r.bytes_so_far <= $2
order by
  r.created_at desc,
  r.id desc;
-- $1 = 2
-- $2 = 3145728

-- benchmark_list, 2 of 2
select
  r.id,
  r.name,
  r.description,
  r.provider,
  r.model,
  r.dataset,
  r.status,
  r.total_iterations,
  r.repetitions,
  r.planned_samples,
  greatest(least(r.completed_iterations + coalesce(del.completed, 0), 2147483647), 0)::integer as completed_iterations,
  greatest(least(r.failed_iterations + coalesce(del.failed, 0), 2147483647), 0)::integer as failed_iterations,
  r.results::text as results,
  r.metrics::text as metrics,
  r.error,
  r.started_at,
  r.completed_at,
  r.created_at,
  r.updated_at,
  r.created_by,
  r.labels,
  r.metadata::text as metadata,
  r.version,
  r.fetched
from
  (
    select
      r.*,
      count(*) over () as fetched,
      row_number() over running as place,
      sum(
        700 + octet_length(r.name || r.provider || r.model || r.dataset) + coalesce(octet_length(r.error), 0) + coalesce(greatest(pg_column_size(r.labels #> '{}'), octet_length(r.labels::text)), 0) + coalesce(greatest(pg_column_size(r.metrics #> '{}'), octet_length(r.metrics::text)), 0) + coalesce(greatest(pg_column_size(r.results #> '{}'), octet_length(r.results::text)), 0) + coalesce(greatest(pg_column_size(r.metadata #> '{}'), octet_length(r.metadata::text)), 0) + coalesce(octet_length(r.description), 0)
      ) over running as bytes_so_far
    from
      (
        select
          *
        from
          benchmarks b
        where
          b.status = $1
          and b.provider = $2
          and b.model = $3
          and b.dataset = $4
          and b.name = $5
          and b.created_by = $6
          and strpos(lower(b.name), lower($7)) > 0
          and b.labels @> $8
          and b.created_at >= $9
          and b.created_at < $10
          and (b.created_at, b.id) > ($11::timestamptz, $12::uuid)
        order by
          b.created_at asc,
          b.id asc
        limit
          $13
      ) r
    window
      running as (
        order by
          r.created_at asc,
          r.id asc rows between unbounded preceding
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
where
  r.place = 1
  or r.bytes_so_far <= $14
order by
  r.created_at asc,
  r.id asc;
-- $1 = 'running'
-- $2 = 'p'
-- $3 = 'm'
-- $4 = 'd'
-- $5 = 'n'
-- $6 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $7 = 'n'
-- $8 = '{"a":"b"}'
-- $9 = '2026-01-31T12:00:00.000001Z'
-- $10 = '2026-01-31T12:00:00.000001Z'
-- $11 = '2026-01-31T12:00:00.000001Z'
-- $12 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $13 = 2
-- $14 = 3145728
