-- evaluation_find_stored
select
  b.id is not null as has_benchmark,
  exists (
    select
    from
      benchmark_deletions del
    where
      del.benchmark_id = given.benchmark_id
  ) as is_being_deleted,
  stored.id,
  stored.content_hash = given.content_hash as is_same
from
  unnest(
    $1::uuid[],
    $2::uuid[],
    $3::text[],
    $4::int4[],
    $5::text[],
    $6::text[],
    $7::text[],
    $8::text[],
    $9::text[],
    $10::jsonb[],
    $11::float8[],
    $12::text[],
    $13::float8[],
    $14::int4[],
    $15::int4[],
    $16::float8[],
    $17::jsonb[],
    $18::timestamptz[],
    $19::uuid[],
    $20::bytea[]
  ) with ordinality as given (
    id,
    benchmark_id,
    sample_id,
    repetition,
    provider,
    model,
    input,
    output,
    expected,
    metrics,
    score,
    error,
    latency_ms,
    input_tokens,
    output_tokens,
    cost_usd,
    metadata,
    created_at,
    created_by,
    content_hash,
    ordinality
  )
  left join benchmarks b on b.id = given.benchmark_id
  left join lateral (
    select
      e.id,
      e.content_hash
    from
      evaluations e
    where
      e.benchmark_id = given.benchmark_id
      and e.sample_id = given.sample_id
      and e.repetition = given.repetition
    union all
    select
      e.id,
      e.content_hash
    from
      evaluations e
    where
      e.benchmark_id = given.benchmark_id
      and e.id = given.id
    limit
      1
  ) stored on true
order by
  given.ordinality;
-- $1 = '{}'
-- $2 = '{}'
-- $3 = '{}'
-- $4 = '{}'
-- $5 = '{}'
-- $6 = '{}'
-- $7 = '{}'
-- $8 = '{}'
-- $9 = '{}'
-- $10 = '{}'
-- $11 = '{}'
-- $12 = '{}'
-- $13 = '{}'
-- $14 = '{}'
-- $15 = '{}'
-- $16 = '{}'
-- $17 = '{}'
-- $18 = '{}'
-- $19 = '{}'
-- $20 = '{}'
