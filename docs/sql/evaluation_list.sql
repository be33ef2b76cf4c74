-- evaluation_list, 1 of 9
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
  null::double precision as value,
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
          *
        from
          evaluations e
        where
          e.benchmark_id = $1
          and e.error is not null
        order by
          e.created_at desc,
          e.id desc
        limit
          $2
      ) r
    window
      running as (
        order by
          r.created_at desc,
          r.id desc rows between unbounded preceding
          and current row
      )
  ) r
where
  r.place = 1
  or r.bytes_so_far <= $3
order by
  r.created_at desc,
  r.id desc;
-- $1 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $2 = 2
-- $3 = 3145728

-- evaluation_list, 2 of 9
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
  null::double precision as value,
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
          *
        from
          evaluations e
        where
          e.benchmark_id = $1
          and e.sample_id = $2
          and e.provider = $3
          and e.model = $4
          and e.score >= $5
          and e.score <= $6
          and (e.created_at, e.id) > ($7::timestamptz, $8::uuid)
        order by
          e.created_at asc,
          e.id asc
        limit
          $9
      ) r
    window
      running as (
        order by
          r.created_at asc,
          r.id asc rows between unbounded preceding
          and current row
      )
  ) r
where
  r.place = 1
  or r.bytes_so_far <= $10
order by
  r.created_at asc,
  r.id asc;
-- $1 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $2 = 's'
-- $3 = 'p'
-- $4 = 'm'
-- $5 = 0
-- $6 = 1
-- $7 = '2026-01-31T12:00:00.000001Z'
-- $8 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $9 = 2
-- $10 = 3145728

-- evaluation_list, 3 of 9
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
  null::double precision as value,
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
          *
        from
          evaluations e
        where
          e.benchmark_id = $1
          and e.score is not null
          and (e.score, e.id) > ($2::double precision, $3::uuid)
        order by
          e.score asc,
          e.id asc
        limit
          $4
      ) r
    window
      running as (
        order by
          r.score asc,
          r.id asc rows between unbounded preceding
          and current row
      )
  ) r
where
  r.place = 1
  or r.bytes_so_far <= $5
order by
  r.score asc,
  r.id asc;
-- $1 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $2 = 0.5
-- $3 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $4 = 2
-- $5 = 3145728

-- evaluation_list, 4 of 9
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
  null::double precision as value,
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
          *
        from
          evaluations e
        where
          e.benchmark_id = $1
          and e.score is not null
        order by
          e.score desc,
          e.id desc
        limit
          $2
      ) r
    window
      running as (
        order by
          r.score desc,
          r.id desc rows between unbounded preceding
          and current row
      )
  ) r
where
  r.place = 1
  or r.bytes_so_far <= $3
order by
  r.score desc,
  r.id desc;
-- $1 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $2 = 2
-- $3 = 3145728

-- evaluation_list, 5 of 9
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
  r.value as value,
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
          *
        from
          (
            select
              e.*,
              (
                select
                  v.value
                from
                  (
                    select
                      case jsonb_typeof(e.metrics -> $1::text)
                        when 'number' then (e.metrics -> $2::text)::double precision
                        when 'boolean' then (e.metrics -> $3::text)::boolean::integer::double precision
                      end as value
                  ) v
                where
                  abs(v.value) < 1e+150
              ) as value
            from
              evaluations e
            where
              e.benchmark_id = $4
            offset
              0
          ) e
        where
          e.value is not null
          and e.value >= $5
          and e.value <= $6
        order by
          e.value asc,
          e.id asc
        limit
          $7
      ) r
    window
      running as (
        order by
          r.value asc,
          r.id asc rows between unbounded preceding
          and current row
      )
  ) r
where
  r.place = 1
  or r.bytes_so_far <= $8
order by
  r.value asc,
  r.id asc;
-- $1 = 'own'
-- $2 = 'own'
-- $3 = 'own'
-- $4 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $5 = 0
-- $6 = 1
-- $7 = 2
-- $8 = 3145728

-- evaluation_list, 6 of 9
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
  r.value as value,
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
          *
        from
          (
            select
              e.*,
              (
                select
                  v.value
                from
                  (
                    select
                      "e"."latency_ms"::double precision as value
                  ) v
                where
                  abs(v.value) < 1e+150
              ) as value
            from
              evaluations e
            where
              e.benchmark_id = $1
              and e.error is not null
              and strpos(e.error, $2) > 0
            offset
              0
          ) e
        where
          e.value is not null
          and (e.value, e.id) >= ($3::double precision, $4::uuid)
        order by
          e.value asc,
          e.id asc
        limit
          $5
      ) r
    window
      running as (
        order by
          r.value asc,
          r.id asc rows between unbounded preceding
          and current row
      )
  ) r
where
  r.place = 1
  or r.bytes_so_far <= $6
order by
  r.value asc,
  r.id asc;
-- $1 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $2 = 'e'
-- $3 = 0.5
-- $4 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $5 = 2
-- $6 = 3145728

-- evaluation_list, 7 of 9
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
  null::double precision as value,
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
          *
        from
          evaluations e
        where
          e.benchmark_id = $1
          and (
            select
              v.value
            from
              (
                select
                  case jsonb_typeof(e.metrics -> $2::text)
                    when 'number' then (e.metrics -> $3::text)::double precision
                    when 'boolean' then (e.metrics -> $4::text)::boolean::integer::double precision
                  end as value
              ) v
            where
              abs(v.value) < 1e+150
          ) >= $5
          and (
            select
              v.value
            from
              (
                select
                  case jsonb_typeof(e.metrics -> $6::text)
                    when 'number' then (e.metrics -> $7::text)::double precision
                    when 'boolean' then (e.metrics -> $8::text)::boolean::integer::double precision
                  end as value
              ) v
            where
              abs(v.value) < 1e+150
          ) <= $9
        order by
          e.created_at desc,
          e.id desc
        limit
          $10
      ) r
    window
      running as (
        order by
          r.created_at desc,
          r.id desc rows between unbounded preceding
          and current row
      )
  ) r
where
  r.place = 1
  or r.bytes_so_far <= $11
order by
  r.created_at desc,
  r.id desc;
-- $1 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $2 = 'own'
-- $3 = 'own'
-- $4 = 'own'
-- $5 = 0
-- $6 = 'own'
-- $7 = 'own'
-- $8 = 'own'
-- $9 = 1
-- $10 = 2
-- $11 = 3145728

-- evaluation_list, 8 of 9
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
  null::double precision as value,
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
          *
        from
          evaluations e
        where
          e.benchmark_id = $1
          and e.metadata @> $2::jsonb
          and to_tsvector('simple', left(input, 50000) || ' ' || left(coalesce(output, ''), 50000)) @@ websearch_to_tsquery('simple', $3)
        order by
          e.created_at desc,
          e.id desc
        limit
          $4
      ) r
    window
      running as (
        order by
          r.created_at desc,
          r.id desc rows between unbounded preceding
          and current row
      )
  ) r
where
  r.place = 1
  or r.bytes_so_far <= $5
order by
  r.created_at desc,
  r.id desc;
-- $1 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $2 = '{"a":1}'
-- $3 = 'word'
-- $4 = 2
-- $5 = 3145728

-- evaluation_list, 9 of 9
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
  null::double precision as value,
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
          *
        from
          (
            select
              *
            from
              evaluations
            where
              (
                to_tsvector('simple', left(input, 50000) || ' ' || left(coalesce(output, ''), 50000)) || array_to_tsvector(array['benchmark ' || benchmark_id::text])
              ) @@ (websearch_to_tsquery('simple', $1) && $2::tsquery)
              and numnode(websearch_to_tsquery('simple', $3)) > 0
            offset
              0
          ) e
        where
          e.benchmark_id = $4
          and e.metadata @> $5::jsonb
        order by
          e.created_at desc,
          e.id desc
        limit
          $6
      ) r
    window
      running as (
        order by
          r.created_at desc,
          r.id desc rows between unbounded preceding
          and current row
      )
  ) r
where
  r.place = 1
  or r.bytes_so_far <= $7
order by
  r.created_at desc,
  r.id desc;
-- $1 = 'word'
-- $2 = '''benchmark 01890a5d-ac96-774b-bcce-b302099a8057'''
-- $3 = 'word'
-- $4 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $5 = '{"a":1}'
-- $6 = 2
-- $7 = 3145728
