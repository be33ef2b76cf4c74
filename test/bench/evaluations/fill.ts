import type { Client } from "pg";

const dataset = "synthetic";

/**
 * Fills a benchmark with evaluations of about 400 bytes, of which 1 in 100 failed; all values are made of the
 * row's number, so that two fills differ by `shift` only.
 * @param repetitions so many rows are of one sample. Default: 1
 * @returns its id
 */
export async function fillEvaluations(
  db: Client,
  {
    rows,
    shift,
    name = dataset,
    repetitions = 1,
  }: { rows: number; shift: number; name?: string; repetitions?: number },
): Promise<string> {
  const { rows: made } = await db.query(
    `insert into benchmarks (id, name, provider, model, dataset)
    values (md5(random()::text)::uuid, $1, 'openai', 'gpt-4', $2) returning id`,
    [name, name],
  );
  const id = made[0].id as string;
  const step = 250_000;
  for (let first = 0; first < rows; first += step)
    await db.query(fillPart, [id, first, Math.min(first + step, rows) - 1, shift, repetitions]);
  await db.query(
    "insert into stale_rollups (benchmark_id, is_missing) values ($1, true) on conflict do nothing",
    [id],
  );
  if (repetitions > 1)
    await db.query("insert into repeated_benchmarks (benchmark_id, is_missing) values ($1, true)", [id]);
  return id;
}

const fillPart = `
  insert into evaluations (
    id, benchmark_id, created_at, score, latency_ms, cost_usd, input_tokens, output_tokens, content_hash, sample_id, repetition,
    provider, model, metrics, input, output, error
  )
  select md5($1::text || i)::uuid, $1::uuid, timestamptz '2026-01-01' + i * interval '1 ms',
    case when i % 100 <> 0 then ((i * 7919 + $4::integer * 13) % 101) / 100.0 end,
    exp(((i * 104729) % 10007) / 1250.0), ((i * 31) % 997) / 1e6, (i * 17) % 4096, (i * 29) % 2048,
    '\\x000102030405060708090a0b0c0d0e0f', 's' || i / $5::integer, i % $5::integer, 'openai', 'gpt-4',
    jsonb_build_object('exact_match', (i + $4::integer) % 3 = 0, 'f1', ((i * 613) % 1009) / 1009.0),
    'question ' || i || repeat(' and what follows of it', 4),
    case when i % 100 <> 0 then 'answer ' || i || repeat(' with its reasons', 4) end,
    case when i % 100 = 0 then 'timeout' end
  from generate_series($2::bigint, $3::bigint) i`;

/** Makes `count` benchmarks of one dataset with ten evaluations each. */
export async function fillBoard(db: Client, name: string, count: number): Promise<void> {
  await db.query(
    `with planned as materialized (
      select gen_random_uuid() as id, i from generate_series(1, $2::integer) i
    ), made as (
      insert into benchmarks (id, name, provider, model, dataset, labels)
      select id, 'b' || i, 'p' || i % 7, 'm' || i, $1, jsonb_build_object('team', 't' || i % 10) from planned
    ), evaluated as (
      insert into evaluations (id, benchmark_id, score, content_hash, sample_id, provider, model, input, output)
      select
        gen_random_uuid(), p.id, ((p.i * 37 + s * 11) % 97) / 97.0, '\\x000102030405060708090a0b0c0d0e0f', 's' || s, 'p', 'm', 'i', 'o'
      from planned p cross join generate_series(1, 10) s
    )
    insert into stale_rollups (benchmark_id, is_missing) select id, true from planned`,
    [name, count],
  );
}
