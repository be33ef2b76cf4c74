import { z } from "zod";
import { type AuditEntry, auditEntries } from "../audit/record.ts";
import { fetched, jsonSize, page } from "../database/statement/page.ts";
import { columnsOf, equalities, example, type Fragment, sql, statement } from "../database/statement/sql.ts";
import { arrayOf } from "../database/statement/table.ts";
import { addedFingerprints, fingerprintColumns, movedFingerprint } from "../evaluations/inputs/parts.ts";
import { jsonTextOf } from "../validation.ts";
import { benchmarkEvents } from "../watch/events.ts";
import type { BenchmarkPosition, benchmarkChanges, newBenchmark, ParsedBenchmarkFilter } from "./input.ts";
import { type BenchmarkStatus, benchmarkRow } from "./rows.ts";

const idRow = z.object({ id: z.string() });
const countRow = z.object({ count: z.number() });

/** A count in the range of the wire. One set by hand may be near its end, or smaller than later deletions. */
const count = (sum: Fragment) => sql.fragment`greatest(least(${sum}, 2147483647), 0)::integer`;

const counts = (b: Fragment) => ({
  completedIterations: count(sql.fragment`${b}.completed_iterations + coalesce(del.completed, 0)`),
  failedIterations: count(sql.fragment`${b}.failed_iterations + coalesce(del.failed, 0)`),
});

/** The counts of commits since the last fold, from one short index range per benchmark. */
const deltasOf = (b: Fragment) => sql.fragment`
  left join lateral (
    select sum(completed) as completed, sum(failed) as failed
    from benchmark_count_deltas where benchmark_id = ${b}.id
  ) del on true`;

const columns = columnsOf(benchmarkRow, "b", counts(sql.fragment`b`));
const deltas = deltasOf(sql.fragment`b`);

/** The columns of a page's rows. Large fields are read only if they are asked for. */
const pageColumns = {
  full: columnsOf(benchmarkRow, "r", counts(sql.fragment`r`)),
  brief: columnsOf(benchmarkRow, "r", {
    ...counts(sql.fragment`r`),
    description: sql.fragment`null::text`,
    results: sql.fragment`null::text`,
    metadata: sql.fragment`null::text`,
  }),
};
const pageDeltas = deltasOf(sql.fragment`r`);

const changeEvent = benchmarkEvents.record(sql.fragment`b`);

/** A benchmark `b` that declares repetitions; `isMissing` where it may have evaluations already. */
const repeated = (isMissing: boolean) => sql.fragment`
  repeated as (
    insert into repeated_benchmarks (benchmark_id, is_missing)
    select b.id, ${isMissing}::boolean from b where b.repetitions > 1
    on conflict (benchmark_id) do nothing
  )`;

export const insertBenchmark = statement("benchmark_insert", {
  row: benchmarkRow,
  build: (b: z.output<typeof newBenchmark> & { id: string }) => sql.fragment`
    with b as (
      insert into benchmarks
        (id, version, name, description, provider, model, dataset, total_iterations, repetitions,
          planned_samples, created_by, labels, metadata)
      values (
        ${b.id}, 1, ${b.name}, ${b.description ?? null}, ${b.provider}, ${b.model}, ${b.dataset},
        ${b.totalIterations}, ${b.repetitions}, ${b.plannedSamples}, ${b.createdBy ?? null}, ${JSON.stringify(b.labels)},
        ${b.metadata ? jsonTextOf(b.metadata) : null}
      )
      on conflict (id) do nothing
      returning *
    ), ${repeated(false)}, ${auditEntries([creation(b)], sql.fragment`exists (select from b)`)}, ${changeEvent}
    select ${columns} from b ${deltas}`,
  examples: [
    [
      {
        id: example.id,
        name: "n",
        provider: "p",
        model: "m",
        dataset: "d",
        totalIterations: 1,
        repetitions: 5,
        plannedSamples: 1,
        labels: {},
      },
    ],
  ],
});

export const getBenchmark = statement("benchmark_get", {
  row: benchmarkRow,
  build: (id: string) => sql.fragment`select ${columns} from benchmarks b ${deltas} where b.id = ${id}`,
  examples: [[example.id]],
});

export const lockBenchmark = statement("benchmark_lock", {
  row: benchmarkRow.pick({ status: true, version: true }),
  build: (id: string) =>
    sql.fragment`select status, version from benchmarks where id = ${id} for no key update`,
  examples: [[example.id]],
});

/** The state machine: pending → running → a final status, or straight from pending to a final one. */
const mayBecome = (status: BenchmarkStatus) => sql.fragment`(
  b.status = ${status}
  or (b.status = 'pending' and ${status} <> 'pending')
  or (b.status = 'running' and ${status} in ('completed', 'failed', 'cancelled'))
)`;

export const updateBenchmark = statement("benchmark_update", {
  row: idRow,
  prepared: false,
  build: (id: string, changes: z.output<typeof benchmarkChanges>) => sql.fragment`
    with b as (
      update benchmarks b set ${sql.join(assignments(changes), sql.fragment`, `)}
      where ${sql.and([sql.fragment`id = ${id}`, changes.status && mayBecome(changes.status)])}
      returning b.id, b.repetitions
    ), ${repeated(true)}, ${changeEvent}
    select id from b`,
  examples: [
    [example.id, {}],
    [
      example.id,
      { name: "n", description: null, labels: {}, metadata: {}, results: [1], metrics: {}, error: "e" },
    ],
    [example.id, { status: "running" as const, totalIterations: 1 }],
    [example.id, { status: "completed" as const, startedAt: example.time, completedAt: null }],
  ],
});

function assignments(changes: z.output<typeof benchmarkChanges>): Fragment[] {
  // A separate statement replaces counts.
  const { completedIterations: _completed, failedIterations: _failed, ...fields } = changes;
  // They may be any JSON, such as a list.
  const results = fields.results == null ? fields.results : jsonTextOf(fields.results);
  return [
    sql.fragment`version = version + 1`,
    sql.fragment`updated_at = now()`,
    ...equalities({ ...fields, results }),
    ...timeOfStatus(changes),
  ];
}

/** Entering a status sets its time, unless that is given. */
function timeOfStatus({ status, startedAt, completedAt }: z.output<typeof benchmarkChanges>): Fragment[] {
  if (status === undefined || status === "pending") return [];
  if (status === "running") {
    return startedAt === undefined ? [sql.fragment`started_at = coalesce(started_at, now())`] : [];
  }
  return completedAt === undefined ? [sql.fragment`completed_at = coalesce(completed_at, now())`] : [];
}

// The new count also replaces the deltas so far; the other count keeps its own.
export const replaceCounts = statement("benchmark_replace_counts", {
  row: idRow,
  build: (id: string, completed: number | null, failed: number | null) => sql.fragment`
    with folded as (
      delete from benchmark_count_deltas where benchmark_id = ${id}
      returning completed, failed, ${fingerprintColumns}
    ), total as (
      select
        coalesce(sum(completed), 0) as completed, coalesce(sum(failed), 0) as failed, ${addedFingerprints}
      from folded
    )
    update benchmarks b
    set
      completed_iterations = coalesce(
        ${completed}::integer, least(b.completed_iterations + total.completed, 2147483647)
      ),
      failed_iterations = coalesce(${failed}::integer, least(b.failed_iterations + total.failed, 2147483647)),
      ${movedFingerprint(sql.fragment`total`)}
    from total where b.id = ${id}
    returning b.id`,
  examples: [[example.id, 1, null]],
});

export const deleteBenchmark = statement("benchmark_delete", {
  row: benchmarkRow,
  build: (id: string) => sql.fragment`
    with b as (
      delete from benchmarks where id = ${id} returning *
    ), ${changeEvent}
    select ${columns} from b ${deltas}`,
  examples: [[example.id]],
});

export const exampleRange = { createdAfter: example.time, createdBefore: example.time };
const exampleTexts = {
  provider: "p",
  model: "m",
  dataset: "d",
  name: "n",
  nameContains: "n",
  createdBy: example.id,
};
const exampleFilter = { ...exampleTexts, ...exampleRange, status: "running", labels: { a: "b" } } as const;

// Each single filter has an index (20240320000002_add_indexes.sql); others are applied while reading it.
export const listBenchmarks = statement("benchmark_list", {
  row: benchmarkRow.extend(fetched),
  prepared: false,
  build: (
    filter: ParsedBenchmarkFilter,
    limit: number,
    after: BenchmarkPosition | undefined,
    full: boolean,
  ) => {
    const oldest = filter.orderBy === "oldest";
    const [direction, follows] = oldest
      ? [sql.fragment`asc`, sql.fragment`>`]
      : [sql.fragment`desc`, sql.fragment`<`];
    const position = after && sql.fragment`(${after.createdAt}::timestamptz, ${after.id}::uuid)`;
    const where = [
      ...conditions(filter),
      position && sql.fragment`(b.created_at, b.id) ${follows} ${position}`,
    ];
    return page({
      rows: sql.fragment`
        select * from benchmarks b where ${sql.and(where)}
        order by b.created_at ${direction}, b.id ${direction} limit ${limit}`,
      columns: full ? pageColumns.full : pageColumns.brief,
      joins: pageDeltas,
      size: full ? fullSize : briefSize,
      order: sql.fragment`r.created_at ${direction}, r.id ${direction}`,
    });
  },
  examples: [
    [{ orderBy: "newest" }, 2, undefined, false],
    [{ ...exampleFilter, orderBy: "oldest" }, 2, { createdAt: example.time, id: example.id }, true],
  ],
});

// Answers the benchmarks with these ids, in their order, without those that are gone. A mean whose base is
// missing is not computed from the evaluations: there may be millions, and this runs five times a second.
// Benchmarks with repetitions have another mean: see `readMeanScores`.
export const pageProgress = statement("benchmark_page_progress", {
  row: benchmarkRow.extend({ ...fetched, meanScore: z.number().nullable(), isRepeated: z.boolean() }),
  build: (ids: readonly string[]) =>
    page({
      rows: sql.fragment`
        select b.*, wanted.ordinality
        from unnest(${arrayOf("uuid", ids)}) with ordinality as wanted (id, ordinality)
        join benchmarks b on b.id = wanted.id`,
      columns: sql.fragment`
        ${pageColumns.brief}, score.mean as mean_score,
        exists (select from repeated_benchmarks where benchmark_id = r.id) as is_repeated`,
      joins: sql.fragment`
        ${pageDeltas}
        left join lateral (
          select ${mean} as mean
          from (
            select sum, count from metric_rollups where benchmark_id = r.id and metric = 'score'
            union all
            select sum, count from metric_deltas where benchmark_id = r.id and metric = 'score'
          ) part
          where not exists (select from stale_rollups where benchmark_id = r.id and is_missing)
        ) score on true`,
      size: briefSize,
      order: sql.fragment`r.ordinality`,
    }),
  examples: [[[example.id]]],
});

// PostgreSQL refuses results that are too small for a double, instead of rounding them to zero.
const mean = sql.fragment`
  case when abs(sum(part.sum)) < 1e-290 then 0 else sum(part.sum) end
    / nullif(sum(part.count), 0)::double precision`;

const briefSize = sql.fragment`
  700 + octet_length(r.name || r.provider || r.model || r.dataset) + coalesce(octet_length(r.error), 0)
    + ${jsonSize(sql.fragment`r.labels`)} + ${jsonSize(sql.fragment`r.metrics`)}`;
const fullSize = sql.fragment`
  ${briefSize} + ${jsonSize(sql.fragment`r.results`)} + ${jsonSize(sql.fragment`r.metadata`)}
    + coalesce(octet_length(r.description), 0)`;

export function conditions(filter: ParsedBenchmarkFilter) {
  const { status, provider, model, dataset, name, createdBy, labels, createdAfter, createdBefore } = filter;
  const { nameContains } = filter;
  return [
    ...equalities({ status, provider, model, dataset, name, createdBy }, "b"),
    nameContains !== undefined && sql.fragment`strpos(lower(b.name), lower(${nameContains})) > 0`,
    labels !== undefined && sql.fragment`b.labels @> ${JSON.stringify(labels)}`,
    createdAfter !== undefined && sql.fragment`b.created_at >= ${createdAfter}`,
    createdBefore !== undefined && sql.fragment`b.created_at < ${createdBefore}`,
  ];
}

export const countBenchmarks = statement("benchmark_count", {
  row: countRow,
  build: () => sql.fragment`select count(*) as count from benchmarks`,
  examples: [[]],
});

export const countBenchmarksByStatus = statement("benchmark_count_by_status", {
  row: countRow,
  build: (status: BenchmarkStatus) =>
    sql.fragment`select count(*) as count from benchmarks where status = ${status}`,
  examples: [["running" as const]],
});

function creation({ id, ...after }: z.output<typeof newBenchmark> & { id: string }): AuditEntry {
  return { action: "create", entityType: "benchmark", entityId: id, changes: { after } };
}
