-- evaluation_get_many, 1 of 2
select
  r.id,
  r.benchmark_id,
  r.sample_id,
  r.repetition,
  r.provider,
  r.model,
  null::text as input,
  null::text as output,
  null::text as expected,
  r.metrics::text as metrics,
  r.score,
  r.error,
  r.latency_ms,
  r.input_tokens,
  r.output_tokens,
  r.cost_usd,
  null::text as metadata,
  r.created_at,
  r.updated_at,
  r.created_by,
  case
    when r.place = 1 then r.found_ids
  end as found_ids,
  r.fetched
from
  (
    select
      r.*,
      count(*) over () as fetched,
      row_number() over running as place,
      sum(
        800 + coalesce(octet_length(r.error), 0) + coalesce(greatest(pg_column_size(r.metrics #> '{}'), octet_length(r.metrics::text)), 0)
      ) over running as bytes_so_far
    from
      (
        select
          e.*,
          wanted.ordinality,
          array_agg(e.id) over () as found_ids
        from
          unnest($1::uuid[]) with ordinality as wanted (id, ordinality)
          cross join lateral (
            select
              *
            from
              evaluations e
            where
              e.id = wanted.id
            limit
              1
          ) e
      ) r
    window
      running as (
        order by
          r.ordinality rows between unbounded preceding
          and current row
      )
  ) r
where
  r.place = 1
  or r.bytes_so_far <= $2
order by
  r.ordinality;
-- $1 = '{01890a5d-ac96-774b-bcce-b302099a8057}'
-- $2 = 3145728

-- evaluation_get_many, 2 of 2
select
  r.id,
  r.benchmark_id,
  r.sample_id,
  r.repetition,
  r.provider,
  r.model,
  r.input,
  r.output,
  r.expected,
  r.metrics::text as metrics,
  r.score,
  r.error,
  r.latency_ms,
  r.input_tokens,
  r.output_tokens,
  r.cost_usd,
  r.metadata::text as metadata,
  r.created_at,
  r.updated_at,
  r.created_by,
  case
    when r.place = 1 then r.found_ids
  end as found_ids,
  r.fetched
from
  (
    select
      r.*,
      count(*) over () as fetched,
      row_number() over running as place,
      sum(
        800 + coalesce(octet_length(r.error), 0) + coalesce(greatest(pg_column_size(r.metrics #> '{}'), octet_length(r.metrics::text)), 0) + octet_length(r.input) + coalesce(octet_length(r.output), 0) + coalesce(octet_length(r.expected), 0) + coalesce(greatest(pg_column_size(r.metadata #> '{}'), octet_length(r.metadata::text)), 0)
      ) over running as bytes_so_far
    from
      (
        select
          e.*,
          wanted.ordinality,
          array_agg(e.id) over () as found_ids
        from
          unnest($1::uuid[]) with ordinality as wanted (id, ordinality)
          cross join lateral (
            select
              *
            from
              evaluations e
            where
              e.id = wanted.id
              and e.benchmark_id = $2
            limit
              1
          ) e
      ) r
    window
      running as (
        order by
          r.ordinality rows between unbounded preceding
          and current row
      )
  ) r
where
  r.place = 1
  or r.bytes_so_far <= $3
order by
  r.ordinality;
-- $1 = '{01890a5d-ac96-774b-bcce-b302099a8057}'
-- $2 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $3 = 3145728
