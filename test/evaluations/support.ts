import fc from "fast-check";
import type { Client } from "pg";
import { expect } from "vitest";
import type { NewEvaluation } from "../../src/evaluations/input.ts";
import type { SummaryInput } from "../../src/evaluations/summary/summarize.ts";
import type { Database } from "../../src/storage.ts";
import { sample } from "../harness/examples.ts";
import { eventually } from "../harness/waiting.ts";

/**
 * Stores `count` small evaluations (sample `s1`, `s2`, …; each a second younger than the one before) as
 * quickly as PostgreSQL can, as if at that time, and counts them in their benchmark.
 */
export async function fill(
  client: Client,
  benchmarkId: string,
  count: number,
  { newest = "2026-01-31T12:00:00Z", metadata = "null::jsonb", input = "'i'" } = {},
): Promise<void> {
  await client.query(
    `insert into evaluations
      (id, benchmark_id, created_at, stored_at, score, content_hash, sample_id, provider, model, input, output, metadata)
    select
      md5($1::text || i)::uuid, $1::uuid, at, at, i % 100 / 100.0, decode(md5(i::text), 'hex'),
      's' || i, 'p', 'm', ${input}, 'o', ${metadata}
    from generate_series(1, $2::integer) i, lateral (select $3::timestamptz - make_interval(secs => $2 - i) as at) t`,
    [benchmarkId, count, newest],
  );
  await client.query(
    `insert into benchmark_count_deltas (benchmark_id, completed, failed, named_samples, ids_hash, inputs_hash)
    select $1, $2, 0, count(*), sum(hashtextextended(sample_id, 0)), sum(hashtextextended('', hashtextextended(input, hashtextextended(sample_id, 0))))
    from evaluations where benchmark_id = $1 and sample_id is not null`,
    [benchmarkId, count],
  );
}

/** Values as one part of a rollup; `sign` −1: taken away. */
function partOf(values: readonly number[], sign = 1) {
  const sum = values.reduce((total, value) => total + value, 0);
  const mean = sum / values.length;
  const m2 = values.reduce((total, value) => total + (value - mean) ** 2, 0);
  const range = [Math.min(...values), Math.max(...values)];
  return [sign * values.length, sign * sum, sign * m2, ...range];
}

/** Writes rollups as they are stored, to have them in any state. */
export function rollups(client: Client) {
  return {
    base: (benchmarkId: string, metric: string, values: readonly number[]) =>
      client.query(
        `insert into metric_rollups
        select id, $3, 0, $4, $5, $6, $7, $2, dataset, '{}', '{}', '{}', '{}' from benchmarks where id = $1`,
        [benchmarkId, metric, ...partOf(values)],
      ),
    delta: (benchmarkId: string, metric: string, values: readonly number[], sign: 1 | -1 = 1) =>
      client.query(
        `insert into metric_deltas (benchmark_id, count, failed, sum, m2, min, max, metric, bins, bin_counts, bin_lows, bin_highs)
        values ($1, $3, 0, $4, $5, $6, $7, $2, '{}', '{}', '{}', '{}')`,
        [benchmarkId, metric, ...partOf(values, sign)],
      ),
  };
}

/** Fills a dataset with benchmarks that have rollups of several metrics, each as wide as real ones. */
export async function fillDataset(client: Client, dataset: string, benchmarks: number): Promise<void> {
  // Rows of a commit that is not on disk yet cannot be marked as visible to all, by which an index alone can
  // answer.
  await client.query("set synchronous_commit = on");
  await client.query(
    `insert into benchmarks (id, created_at, name, provider, model, dataset)
    select md5($1 || i)::uuid, now() - i * interval '1 second', 'n' || i, 'p' || i % 10, 'm', $1 from generate_series(1, $2) i`,
    [dataset, benchmarks],
  );
  await client.query(
    `insert into metric_rollups
    select b.id, 100, 0, 100 * random(), 10, 0, 1, metric, b.dataset, bins, bins, bins, bins
    from benchmarks b, unnest(array['score', 'latency_ms', 'cost_usd']) metric,
      (select array_agg(i) as bins from generate_series(1, 60) i) wide
    where b.dataset = $1 order by b.id, metric`,
    [dataset],
  );
  // Nor are rows while a transaction of before them is open, as that of an automatic analysis.
  await eventually(async () => {
    await client.query("vacuum analyze metric_rollups, benchmarks, metric_deltas, stale_rollups");
    const { rows } = await client.query(
      "select from pg_class where relname in ('metric_rollups', 'benchmarks') and relallvisible < relpages",
    );
    return rows.length === 0;
  });
}

/** A benchmark with these scores, written as callers do. */
export async function scored(
  db: Database,
  dataset: string,
  scores: readonly number[],
  more: Partial<Parameters<Database["benchmarks"]["create"]>[0]> = {},
): Promise<string> {
  const { id } = await db.benchmarks.create({ name: "n", provider: "p", model: "m", dataset, ...more });
  if (scores.length > 0)
    await db.evaluations.createMany(
      scores.map((score) => ({ benchmarkId: id, input: "i", output: "o", score })),
    );
  return id;
}

/** One evaluation a value: null has no score, "e" an error, and a list is a score with an error. */
export type Given = number | null | "e" | [number];

export const someGiven = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom<Given>(0, 1, [0], [1]) },
  { weight: 2, arbitrary: fc.constantFrom<Given>("e", null) },
  { weight: 1, arbitrary: fc.constantFrom<Given>(0.25, 0.5) },
);

type Plan = Partial<Parameters<Database["benchmarks"]["create"]>[0]>;

/** Stores benchmarks of which some values may be missing, and reads the figures of their scores. */
export function storing(db: Database) {
  /** A benchmark with one evaluation a value, each of a sample of its own unless `more` says otherwise. */
  async function stored(
    values: readonly Given[],
    plan: Plan = {},
    more: (index: number) => Partial<NewEvaluation> = () => ({}),
  ): Promise<string> {
    const { id } = await db.benchmarks.create({ ...sample, ...plan });
    const rows = values.map((value, index) => ({
      ...{ benchmarkId: id, sampleId: `s${index}`, input: "i", output: "o" },
      ...(typeof value === "number" && { score: value }),
      ...(Array.isArray(value) && { score: value[0] }),
      ...((value === "e" || Array.isArray(value)) && { error: "e" }),
      ...more(index),
    }));
    if (rows.length > 0) await db.evaluations.createMany(rows);
    return id;
  }

  /** A benchmark with samples of several repetitions each. */
  function storedSamples(samples: readonly (readonly Given[])[], plan: Plan = {}): Promise<string> {
    const tries = samples.flatMap((values, index) =>
      values.map((value, repetition) => ({ value, sampleId: `s${index}`, repetition })),
    );
    return stored(
      tries.map(({ value }) => value),
      plan,
      (row) => ({ sampleId: tries[row]?.sampleId, repetition: tries[row]?.repetition }),
    );
  }

  async function scoreOf(id: string, options: SummaryInput = {}) {
    const { metrics } = await db.evaluations.summarize(id, ["score"], options);
    const [metric] = metrics;
    if (metric === undefined) throw new Error("no score");
    return metric;
  }

  return { stored, storedSamples, scoreOf };
}

export const refusal = (field: string) => ({ violations: [expect.objectContaining({ field })] });
