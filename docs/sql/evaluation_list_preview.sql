-- evaluation_list_preview
select
  r.id,
  r.benchmark_id,
  r.sample_id,
  r.repetition,
  r.provider,
  r.model,
  left("r"."input", $1::integer) as input,
  left("r"."output", $2::integer) as output,
  left("r"."expected", $3::integer) as expected,
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
  octet_length(r.input) as input_bytes,
  octet_length(r.output) as output_bytes,
  octet_length(r.expected) as expected_bytes,
  null::double precision as value,
  r.fetched
from
  (
    select
      r.*,
      count(*) over () as fetched,
      row_number() over running as place,
      sum(
        800 + coalesce(octet_length(r.error), 0) + coalesce(greatest(pg_column_size(r.metrics #> '{}'), octet_length(r.metrics::text)), 0) + least(coalesce(octet_length("r"."input"), 0), 4 * $4::integer) + least(coalesce(octet_length("r"."output"), 0), 4 * $5::integer) + least(coalesce(octet_length("r"."expected"), 0), 4 * $6::integer)
      ) over running as bytes_so_far
    from
      (
        select
          *
        from
          evaluations e
        where
          e.benchmark_id = $7
        order by
          e.created_at desc,
          e.id desc
        limit
          $8
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
  or r.bytes_so_far <= $9
order by
  r.created_at desc,
  r.id desc;
-- $1 = 200
-- $2 = 200
-- $3 = 200
-- $4 = 200
-- $5 = 200
-- $6 = 200
-- $7 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $8 = 2
-- $9 = 3145728
