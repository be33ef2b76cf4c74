import type { Client } from "pg";

/**
 * Stores `count` small evaluations (sample `s1`, `s2`, …; each a second younger than the one before) as quickly as PostgreSQL can, and
 * counts them in their benchmark.
 */
export async function fill(
  client: Client,
  benchmarkId: string,
  count: number,
  { newest = "2026-01-31T12:00:00Z", metadata = "null::jsonb", input = "'i'" } = {},
): Promise<void> {
  await client.query(
    `insert into evaluations
      (id, benchmark_id, created_at, score, content_hash, sample_id, provider, model, input, output, metadata)
    select
      md5($1::text || i)::uuid, $1::uuid, $3::timestamptz - make_interval(secs => $2 - i), i % 100 / 100.0, decode(md5(i::text), 'hex'),
      's' || i, 'p', 'm', ${input}, 'o', ${metadata}
    from generate_series(1, $2::integer) i`,
    [benchmarkId, count, newest],
  );
  await client.query(
    "insert into benchmark_count_deltas (benchmark_id, completed, failed) values ($1, $2, 0)",
    [benchmarkId, count],
  );
}
