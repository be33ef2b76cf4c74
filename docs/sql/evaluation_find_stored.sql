-- evaluation_find_stored
select
  b.id is not null as "hasBenchmark",
  exists (
    select
    from
      benchmark_deletions d
    where
      d.benchmark_id = i.benchmark_id
  ) as "isBeingDeleted",
  e.id,
  e.content_hash = i.content_hash as "isSame"
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
  ) with ordinality as i (
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
  left join benchmarks b on b.id = i.benchmark_id
  left join lateral (
    select
      s.id,
      s.content_hash
    from
      evaluations s
    where
      s.benchmark_id = i.benchmark_id
      and s.sample_id = i.sample_id
      and s.repetition = i.repetition
    union all
    select
      s.id,
      s.content_hash
    from
      evaluations s
    where
      s.benchmark_id = i.benchmark_id
      and s.id = i.id
    limit
      1
  ) e on true
order by
  i.ordinality;
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
