import { z } from "zod";
import { auditRows } from "../audit/record.ts";
import type { Executor } from "../database/statement/executor.ts";
import { columnsOf, equalities, example, type Fragment, sql, statement } from "../database/statement/sql.ts";
import { type ColumnTypes, table } from "../database/statement/table.ts";
import { requireFound } from "../errors.ts";
import { benchmarkEvents } from "../watch/events.ts";
import type { FoundClusters } from "./clusters/clusters.ts";
import { clusterOf, foundClusters, ofSample } from "./clusters/parts.ts";
import type { EvaluationChanges, ParsedEvaluation } from "./input.ts";
import { fingerprintColumns, fingerprintSums, inputHash, returnedHashes } from "./inputs/parts.ts";
import { evaluationsOf, metricValues } from "./metric.ts";
import { addedRollups, movedRollups, takenRollups } from "./rollups/deltas.ts";
import { exactSum } from "./rollups/moments-sql.ts";
import { evaluationRow } from "./rows.ts";
import { figuresOf, groupsAsJson, groupsOf, markedSamples, sampleOf } from "./samples/parts.ts";
import { type ReducedMoments, type Reduction, reducesByCounts, type SampleGroup } from "./samples/reduce.ts";
import { reducedValues } from "./samples/reduced-values.ts";
import { summaryFractions } from "./summary/summary.ts";

const columns = columnsOf(evaluationRow, "e");

export type InsertRow = ParsedEvaluation & { id: string; contentHash: string };

/** The columns of the rows to be inserted, with the type that each travels as. */
const rowColumns = {
  id: "uuid",
  benchmarkId: "uuid",
  sampleId: "text",
  repetition: "int4",
  provider: "text",
  model: "text",
  input: "text",
  output: "text",
  expected: "text",
  metrics: "jsonb",
  score: "float8",
  error: "text",
  latencyMs: "float8",
  inputTokens: "int4",
  outputTokens: "int4",
  costUsd: "float8",
  metadata: "jsonb",
  createdAt: "timestamptz",
  createdBy: "uuid",
  contentHash: "bytea",
  ordinality: true,
} as const satisfies ColumnTypes<InsertRow>;

/** What stored rows are looked for by: texts need not be sent again. */
const keyColumns = {
  id: "uuid",
  benchmarkId: "uuid",
  sampleId: "text",
  repetition: "int4",
  contentHash: "bytea",
  ordinality: true,
} as const satisfies ColumnTypes<InsertRow>;

// Callers keep the rows sorted by key: two batches with rows in common then wait for each other rather than
// deadlock. Ids are answered only if some row was not inserted, which is rare.
export const insertEvaluations = statement("evaluation_insert", {
  row: z.object({ inserted: z.number(), ids: z.array(z.string()).nullable() }),
  build: (rows: readonly InsertRow[]) => sql.fragment`
    with inserted as (
      insert into evaluations (
        id, benchmark_id, sample_id, repetition, provider, model, input, output, expected, metrics, score,
        error, latency_ms, input_tokens, output_tokens, cost_usd, metadata, created_at, updated_at,
        created_by, content_hash
      )
      select
        given.id, given.benchmark_id, given.sample_id, given.repetition, coalesce(given.provider, b.provider),
        coalesce(given.model, b.model), given.input, given.output, given.expected, given.metrics, given.score,
        given.error, given.latency_ms, given.input_tokens, given.output_tokens, given.cost_usd,
        given.metadata, coalesce(given.created_at, now()), now(), given.created_by, given.content_hash
      from ${table("given", rows, rowColumns)}
      join benchmarks b on b.id = given.benchmark_id
      where not exists (select from benchmark_deletions del where del.benchmark_id = given.benchmark_id)
      order by given.ordinality
      on conflict do nothing
      returning
        id, benchmark_id, sample_id, repetition, error is not null as failed, content_hash, score, latency_ms,
        input_tokens, output_tokens, cost_usd, metrics, ${returnedHashes}
    ), counted as (
      insert into benchmark_count_deltas (benchmark_id, completed, failed, ${fingerprintColumns})
      select
        benchmark_id, count(*) filter (where not failed), count(*) filter (where failed), ${fingerprintSums()}
      from inserted group by benchmark_id
    ), ${addedRollups("inserted", rows)}, ${repeatedBenchmarks}, ${markedSamples("inserted")}, ${insertEvent}, ${insertAudit(rows)}
    select count(*) as inserted, case when count(*) < ${rows.length} then array_agg(id) end as ids
    from inserted`,
  examples: [[[]]],
});

// Their own samples need no mark: all that are there once this is committed are gathered.
const repeatedBenchmarks = sql.fragment`
  repeated as (
    insert into repeated_benchmarks (benchmark_id, is_missing)
    select distinct i.benchmark_id, true from inserted i
    where i.repetition > 0
      and not exists (select from repeated_benchmarks r where r.benchmark_id = i.benchmark_id)
    order by 1
    on conflict (benchmark_id) do nothing
  )`;

const insertEvent = benchmarkEvents.record(
  sql.fragment`(select distinct benchmark_id as id from inserted) ben`,
);

/**
 * The audit trail gets one entry for each benchmark of a batch: the number of inserted rows, the range of
 * their ids, and the SHA-256 of their content hashes in the order of the ids. A single row has its own entry.
 */
function insertAudit(rows: readonly InsertRow[]): Fragment {
  const isOne = sql.fragment`c.count = 1`;
  return auditRows({
    action: sql.fragment`case when ${isOne} then 'create' else 'add_evaluations' end`,
    entityType: sql.fragment`case when ${isOne} then 'evaluation' else 'benchmark' end`,
    entityId: sql.fragment`case when ${isOne} then c.ids[1] else c.benchmark_id end::text`,
    changes: sql.fragment`
      jsonb_build_object('after', jsonb_build_object(
        'benchmark_id', c.benchmark_id, 'count', c.count, 'first_id', c.ids[1], 'last_id', c.ids[c.count],
        'sha256', encode(sha256(c.hashes), 'hex')
      ))`,
    from: sql.fragment`(
      select benchmark_id, count(*)::integer as count, array_agg(id order by id) as ids,
        string_agg(content_hash, '' order by id) as hashes
      from inserted group by benchmark_id
    ) c`,
    atMost: new Set(rows.map(({ benchmarkId }) => benchmarkId)).size,
  });
}

// A row is not inserted if its benchmark is missing or being deleted, or if its key or id is taken.
export const findStored = statement("evaluation_find_stored", {
  row: z.object({
    hasBenchmark: z.boolean(),
    isBeingDeleted: z.boolean(),
    id: z.string().nullable(),
    isSame: z.boolean().nullable(),
  }),
  build: (rows: readonly InsertRow[]) => sql.fragment`
    select
      b.id is not null as has_benchmark,
      exists (
        select from benchmark_deletions del where del.benchmark_id = given.benchmark_id
      ) as is_being_deleted,
      stored.id, stored.content_hash = given.content_hash as is_same
    from ${table("given", rows, keyColumns)}
    left join benchmarks b on b.id = given.benchmark_id
    left join lateral (
      select e.id, e.content_hash from evaluations e
      where e.benchmark_id = given.benchmark_id and e.sample_id = given.sample_id
        and e.repetition = given.repetition
      union all
      select e.id, e.content_hash from evaluations e where e.benchmark_id = given.benchmark_id
        and e.id = given.id
      limit 1
    ) stored on true
    order by given.ordinality`,
  examples: [[[]]],
});

// A benchmark id, where the caller has it, makes this one shard of a distributed table.
export const getEvaluation = statement("evaluation_get", {
  row: evaluationRow,
  prepared: false,
  build: (id: string, benchmarkId: string | undefined, lock = false) => sql.fragment`
    select ${columns} from evaluations e
    where ${key(id, benchmarkId)} limit 1 ${lock ? sql.fragment`for no key update` : sql.fragment``}`,
  examples: [
    [example.id, undefined],
    [example.id, example.id, true],
  ],
});

function key(id: string, benchmarkId: string | undefined): Fragment {
  const isOfBenchmark = benchmarkId !== undefined && sql.fragment`e.benchmark_id = ${benchmarkId}`;
  return sql.fragment`${sql.and([sql.fragment`e.id = ${id}`, isOfBenchmark])}`;
}

const countChange = sql.fragment`
  counted as (
    insert into benchmark_count_deltas (benchmark_id, completed, failed, ${fingerprintColumns})
    select benchmark_id, completed, failed, ${fingerprintColumns} from change
    where completed <> 0 or failed <> 0 or inputs_hash <> 0
  )`;

const changeEvent = benchmarkEvents.record(sql.fragment`(select benchmark_id as id from change) ben`);

export const updateEvaluation = statement("evaluation_update", {
  row: evaluationRow,
  prepared: false,
  build: (id: string, benchmarkId: string, changes: EvaluationChanges, wasFailed: boolean) => sql.fragment`
    with before as (
      select *, error is not null as failed from evaluations
      where id = ${id} and benchmark_id = ${benchmarkId}
    ), e as (
      update evaluations set ${sql.join(assignments(changes), sql.fragment`, `)}
      where id = ${id} and benchmark_id = ${benchmarkId}
      returning *, error is not null as failed
    ), change as (
      select
        benchmark_id,
        (error is null)::integer - ${wasFailed ? 0 : 1}::integer as completed,
        (error is not null)::integer - ${wasFailed ? 1 : 0}::integer as failed,
        0 as named_samples, 0 as ids_hash, ${movedInput(changes)} as inputs_hash
      from e
    ), ${countChange}, ${movedRollups("before", "e")}, ${markedSamples("e")}, ${changeEvent}
    select ${columns} from e`,
  examples: [
    [example.id, example.id, {}, false],
    [example.id, example.id, { score: 1, metrics: {}, expected: null, error: "e", metadata: { a: 1 } }, true],
  ],
});

/** Inputs are read only where the expected answer is another one. */
function movedInput({ expected }: EvaluationChanges): Fragment {
  if (expected === undefined) return sql.fragment`0`;
  const [was, is] = [inputHash(sql.fragment`before`), inputHash(sql.fragment`e`)];
  return sql.fragment`
    case when e.repetition = 0 and e.sample_id is not null
      then ${is}::numeric - (select ${was} from before) else 0 end`;
}

function assignments(changes: EvaluationChanges): Fragment[] {
  return [sql.fragment`updated_at = now()`, ...equalities(changes)];
}

// An id alone is looked up first, so that no more than one row is ever deleted.
export const deleteEvaluation = statement("evaluation_delete", {
  row: z.object({ id: z.string() }),
  prepared: false,
  build: (id: string, benchmarkId: string | undefined) => sql.fragment`
    with gone as (
      delete from evaluations where (id, benchmark_id) = (
        select id, benchmark_id from evaluations e
        where ${key(id, benchmarkId)} limit 1
      )
      returning
        id, benchmark_id, sample_id, repetition, error, content_hash, error is not null as failed, score,
        latency_ms, input_tokens, output_tokens, cost_usd, metrics, ${returnedHashes}
    ), change as (
      select
        benchmark_id, -count(*) filter (where not failed) as completed,
        -count(*) filter (where failed) as failed, ${fingerprintSums(-1)}
      from gone group by benchmark_id
    ), ${countChange}, ${takenRollups("gone")}, ${markedSamples("gone")}, ${changeEvent}, ${auditRows({
      action: "delete",
      entityType: "evaluation",
      entityId: sql.fragment`gone.id::text`,
      changes: sql.fragment`
        jsonb_build_object('before', jsonb_strip_nulls(jsonb_build_object(
          'benchmark_id', gone.benchmark_id, 'sample_id', gone.sample_id, 'repetition', gone.repetition,
          'score', gone.score, 'content_hash', encode(gone.content_hash, 'hex')
        )))`,
      from: sql.fragment`gone`,
      atMost: 1,
    })}
    select id from gone`,
  examples: [
    [example.id, undefined],
    [example.id, example.id],
  ],
});

const findBenchmark = statement("evaluation_benchmark", {
  row: z.object({
    id: z.string(),
    repetitions: z.number(),
    plannedSamples: z.number(),
    totalIterations: z.number(),
    isRepeated: z.boolean(),
  }),
  build: (id: string) => sql.fragment`
    select
      b.id, b.repetitions, b.planned_samples, b.total_iterations,
      exists (select from repeated_benchmarks r where r.benchmark_id = b.id) as is_repeated
    from benchmarks b where b.id = ${id}`,
  examples: [[example.id]],
});

/** What has to be known of a benchmark before its evaluations are summed up. */
export type Sampling = z.output<typeof findBenchmark.row>;

/** @throws NOT_FOUND */
export async function requireBenchmark(db: Executor, id: string): Promise<Sampling> {
  return requireFound(await db.maybeOne(findBenchmark(id)), "benchmark", id);
}

// PostgreSQL computes deviations by Youngs and Cramer's stable method since version 12.
const moments = sql.fragment`
  count(*) as count, ${exactSum(sql.fragment`value`)} as sum, regr_sxx(value, value) as m2, min(value) as min,
  max(value) as max`;

const summaryOf = (benchmarkId: string) => sql.fragment`
  select
    metric as name, ${moments}, count(*) filter (where failed) as failed,
    percentile_cont(${sql.array(summaryFractions, "float8")}) within group (order by value) as percentiles,
    exists (select from repeated_benchmarks where benchmark_id = ${benchmarkId}) as is_repeated
  from (
    ${metricValues(evaluationsOf(benchmarkId))}
  ) v
  group by metric order by metric`;

const summaryRow = z.object({
  name: z.string(),
  count: z.number(),
  failed: z.number(),
  sum: z.number(),
  m2: z.number(),
  min: z.number(),
  max: z.number(),
  percentiles: z.array(z.number()),
  isRepeated: z.boolean(),
});

export const summarizeMetrics = statement("evaluation_summarize_metrics", {
  row: summaryRow,
  build: summaryOf,
  examples: [[example.id]],
});

/** Of no metric: what is not asked for. */
const nothing = (name: Fragment) => sql.fragment`select null::text as metric, null::jsonb as ${name}`;

// The same with the samples, which are grouped apart, since values and samples need different orders, and
// with clusters of samples. Without a reduction each evaluation is a sample.
export const summarizeSamples = statement("evaluation_summarize_samples", {
  row: summaryRow.extend({
    groups: z.custom<SampleGroup[]>().nullable(),
    reduced: z.custom<ReducedMoments>().nullable(),
    clusters: z.custom<FoundClusters>().nullable(),
  }),
  prepared: false,
  build: (benchmarkId: string, reduction: Reduction | undefined, clusterBy?: string) => {
    const values = metricValues(
      evaluationsOf(benchmarkId),
      sql.fragment`, ${sampleOf("e")} as sample, e.repetition`,
    );
    const groups = reduction
      ? sql.fragment`
        select g.metric, ${groupsAsJson(sql.fragment`g`)} as groups
        from (${groupsOf(figuresOf(values))}) g group by g.metric`
      : nothing(sql.fragment`groups`);
    const reduced =
      reduction && !reducesByCounts(reduction.reducer)
        ? sql.fragment`
          select v.metric, to_jsonb(v) - 'metric' as moments from (
            select metric, ${moments} from (${reducedValues(values, keysOfSamples, reduction)}) v group by metric
          ) v`
        : nothing(sql.fragment`moments`);
    const clusters =
      clusterBy === undefined ? nothing(sql.fragment`found`) : clustersOf(benchmarkId, reduction, clusterBy);
    return sql.fragment`
      with s as materialized (
        ${summaryOf(benchmarkId)}
      )
      select s.*, g.groups, r.moments as reduced, c.found as clusters
      from s
      left join (${groups}) g on g.metric = s.name
      left join (${reduced}) r on r.metric = s.name
      left join (${clusters}) c on c.metric = s.name`;
  },
  examples: [
    [example.id, { reducer: "mean", k: 0 }],
    [example.id, { reducer: "median", k: 0 }],
    [example.id, { reducer: "mode", k: 0 }, "document.id"],
    [example.id, { reducer: "max", k: 0 }],
    [example.id, { reducer: "pass_at_k", k: 2 }, "document"],
    [example.id, undefined, "document"],
  ],
});

const keysOfSamples = sql.fragment`v.benchmark_id, v.sample, v.metric`;

/** The clusters of each metric of `s`, whose samples are reduced first. */
function clustersOf(benchmarkId: string, reduction: Reduction | undefined, clusterBy: string): Fragment {
  // With an offset the cluster is made once for an evaluation, and not for each of its metrics.
  const evaluations = sql.fragment`(
    select e.*, e.error is not null as failed, ${clusterOf(clusterBy)} as cluster_id
    from evaluations e where e.benchmark_id = ${benchmarkId} offset 0
  ) e`;
  const sampled = sql.fragment`, ${sampleOf("e")} as sample, e.cluster_id`;
  const values = reduction
    ? reducedValues(
        metricValues(evaluations, sql.fragment`${sampled}, e.repetition`),
        ...([keysOfSamples, reduction, ofSample] as const),
      )
    : metricValues(evaluations, sql.fragment`${sampled}, false as is_mixed`);
  return foundClusters(sql.fragment`
    select v.*, s.sum / s.count as center from (${values}) v join s on s.name = v.metric
    where v.value is not null`);
}
