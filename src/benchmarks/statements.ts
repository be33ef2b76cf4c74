import { z } from "zod";
import { auditEntries } from "../audit/record.ts";
import { fetched, page } from "../database/statement/page.ts";
import { type Fragment, sql, statement } from "../database/statement/sql.ts";
import { arrayOf } from "../database/statement/table.ts";
import { benchmarkEvents } from "../watch/events.ts";
import type { BenchmarkPosition, benchmarkChanges, benchmarkFilter, newBenchmark } from "./input.ts";
import { type BenchmarkStatus, benchmarkRow } from "./rows.ts";

const sampleId = "01890a5d-ac96-774b-bcce-b302099a8057";
const sampleTime = "2026-01-31T12:00:00.000001Z";
const idRow = z.object({ id: z.string() });
const countRow = z.object({ count: z.number() });

/**
 * Large fields are read only where they are asked for. A count that was set by hand may be smaller than what is deleted
 * afterwards, or near the most that the wire can carry, hence the bounds.
 */
function columns(full: boolean, b = sql.fragment`b`): Fragment {
  const wide = full
    ? sql.fragment`${b}.description, ${b}.results, ${b}.metadata`
    : sql.fragment`null::text as description, null::jsonb as results, null::jsonb as metadata`;
  return sql.fragment`
    ${b}.id, ${b}.name, ${b}.provider, ${b}.model, ${b}.dataset, ${b}.status, ${wide},
    ${b}.total_iterations as "totalIterations",
    ${count(sql.fragment`${b}.completed_iterations + coalesce(d.completed, 0)`)} as "completedIterations",
    ${count(sql.fragment`${b}.failed_iterations + coalesce(d.failed, 0)`)} as "failedIterations",
    ${b}.metrics, ${b}.error, ${b}.started_at as "startedAt", ${b}.completed_at as "completedAt",
    ${b}.created_at as "createdAt", ${b}.updated_at as "updatedAt", ${b}.created_by as "createdBy", ${b}.labels, ${b}.version`;
}

const count = (sum: Fragment) => sql.fragment`greatest(least(${sum}, 2147483647), 0)::integer`;

// What commits have counted since the last fold; one short index range a benchmark.
const deltasOf = (b: Fragment) => sql.fragment`
  left join lateral (
    select sum(completed) as completed, sum(failed) as failed
    from benchmark_count_deltas where benchmark_id = ${b}.id
  ) d on true`;
const deltas = deltasOf(sql.fragment`b`);

const told = benchmarkEvents.record(sql.fragment`b`);

export const insertBenchmark = statement("benchmark_insert", {
  row: benchmarkRow,
  build: (b: z.output<typeof newBenchmark> & { id: string }) => sql.fragment`
    with b as (
      insert into benchmarks
        (id, name, description, provider, model, dataset, total_iterations, created_by, labels, metadata)
      values (
        ${b.id}, ${b.name}, ${b.description ?? null}, ${b.provider}, ${b.model}, ${b.dataset}, ${b.totalIterations},
        ${b.createdBy ?? null}, ${JSON.stringify(b.labels)}, ${b.metadata ? JSON.stringify(b.metadata) : null}
      )
      on conflict (id) do nothing
      returning *
    ), ${auditEntries(
      [
        {
          action: "create",
          entityType: "benchmark",
          entityId: b.id,
          changes: { after: { ...b, id: undefined } },
        },
      ],
      sql.fragment`exists (select from b)`,
    )}, ${told}
    select ${columns(true)} from b ${deltas}`,
  examples: [
    [{ id: sampleId, name: "n", provider: "p", model: "m", dataset: "d", totalIterations: 1, labels: {} }],
  ],
});

export const getBenchmark = statement("benchmark_get", {
  row: benchmarkRow,
  build: (id: string) => sql.fragment`select ${columns(true)} from benchmarks b ${deltas} where b.id = ${id}`,
  examples: [[sampleId]],
});

export const lockBenchmark = statement("benchmark_lock", {
  row: benchmarkRow.pick({ status: true, version: true }),
  build: (id: string) =>
    sql.fragment`select status, version from benchmarks where id = ${id} for no key update`,
  examples: [[sampleId]],
});

// The state machine stands here, once: pending → running → a final status, or straight from pending to a final one.
export const updateBenchmark = statement("benchmark_update", {
  row: idRow,
  prepared: false,
  build: (id: string, changes: z.output<typeof benchmarkChanges>) => sql.fragment`
    with b as (
      update benchmarks b set ${sql.join(assignments(changes), sql.fragment`, `)}
      where id = ${id} ${
        changes.status === undefined
          ? sql.fragment``
          : sql.fragment`and (
            b.status = ${changes.status}
            or (b.status = 'pending' and ${changes.status} <> 'pending')
            or (b.status = 'running' and ${changes.status} in ('completed', 'failed', 'cancelled'))
          )`
      }
      returning b.id
    ), ${told}
    select id from b`,
  examples: [
    [sampleId, {}],
    [
      sampleId,
      {
        name: "n",
        description: null,
        labels: { a: "b" },
        metadata: {},
        results: [1],
        metrics: {},
        error: "e",
      },
    ],
    [sampleId, { status: "running" as const, totalIterations: 1 }],
    [sampleId, { status: "completed" as const, startedAt: sampleTime, completedAt: null }],
  ],
});

function assignments(changes: z.output<typeof benchmarkChanges>): Fragment[] {
  const set = [sql.fragment`version = version + 1`, sql.fragment`updated_at = now()`];
  const json = (value: unknown) => (value === null ? null : JSON.stringify(value));
  if (changes.name !== undefined) set.push(sql.fragment`name = ${changes.name}`);
  if (changes.description !== undefined) set.push(sql.fragment`description = ${changes.description}`);
  if (changes.error !== undefined) set.push(sql.fragment`error = ${changes.error}`);
  if (changes.results !== undefined) set.push(sql.fragment`results = ${json(changes.results)}`);
  if (changes.metrics !== undefined) set.push(sql.fragment`metrics = ${json(changes.metrics)}`);
  if (changes.labels !== undefined) set.push(sql.fragment`labels = ${json(changes.labels)}`);
  if (changes.metadata !== undefined) set.push(sql.fragment`metadata = ${json(changes.metadata)}`);
  if (changes.totalIterations !== undefined)
    set.push(sql.fragment`total_iterations = ${changes.totalIterations}`);
  if (changes.status !== undefined) set.push(sql.fragment`status = ${changes.status}`);
  const { status, startedAt, completedAt } = changes;
  if (startedAt !== undefined) set.push(sql.fragment`started_at = ${startedAt}`);
  else if (status === "running") set.push(sql.fragment`started_at = coalesce(started_at, now())`);
  if (completedAt !== undefined) set.push(sql.fragment`completed_at = ${completedAt}`);
  else if (status && status !== "pending" && status !== "running") {
    set.push(sql.fragment`completed_at = coalesce(completed_at, now())`);
  }
  return set;
}

// The deltas so far are part of what the new count replaces; the other count keeps its own.
export const replaceCounts = statement("benchmark_replace_counts", {
  row: idRow,
  build: (id: string, completed: number | null, failed: number | null) => sql.fragment`
    with folded as (
      delete from benchmark_count_deltas where benchmark_id = ${id} returning completed, failed
    ), total as (
      select coalesce(sum(completed), 0) as completed, coalesce(sum(failed), 0) as failed from folded
    )
    update benchmarks b
    set completed_iterations = coalesce(${completed}::integer, least(b.completed_iterations + total.completed, 2147483647)),
      failed_iterations = coalesce(${failed}::integer, least(b.failed_iterations + total.failed, 2147483647))
    from total where b.id = ${id}
    returning b.id`,
  examples: [[sampleId, 1, null]],
});

export const deleteBenchmark = statement("benchmark_delete", {
  row: benchmarkRow,
  build: (id: string) => sql.fragment`
    with b as (delete from benchmarks where id = ${id} returning *), ${told} select ${columns(true)} from b ${deltas}`,
  examples: [[sampleId]],
});

// One index for each single filter (20240320000002_add_indexes.sql); further filters are applied while reading it.
export const listBenchmarks = statement("benchmark_list", {
  row: benchmarkRow.extend(fetched),
  prepared: false,
  build: (
    filter: z.output<typeof benchmarkFilter>,
    limit: number,
    after: BenchmarkPosition | undefined,
    full: boolean,
  ) => {
    const oldest = filter.orderBy === "oldest";
    const direction = oldest ? sql.fragment`asc` : sql.fragment`desc`;
    const where = conditions(filter);
    if (after) {
      const comparison = oldest ? sql.fragment`>` : sql.fragment`<`;
      where.push(
        sql.fragment`(b.created_at, b.id) ${comparison} (${after.createdAt}::timestamptz, ${after.id}::uuid)`,
      );
    }
    const r = sql.fragment`r`;
    return page({
      rows: sql.fragment`
        select * from benchmarks b where ${sql.and(where)}
        order by b.created_at ${direction}, b.id ${direction} limit ${limit}`,
      columns: columns(full, r),
      joins: deltasOf(r),
      size: sizeOf(full),
      order: sql.fragment`r.created_at ${direction}, r.id ${direction}`,
    });
  },
  examples: [
    [{ orderBy: "newest" as const }, 2, undefined, false],
    [
      {
        orderBy: "oldest" as const,
        status: "running" as const,
        provider: "p",
        model: "m",
        dataset: "d",
        name: "n",
        createdBy: sampleId,
        labels: { a: "b" },
        createdAfter: sampleTime,
        createdBefore: sampleTime,
      },
      2,
      { createdAt: sampleTime, id: sampleId },
      true,
    ],
  ],
});

// How the benchmarks with these ids stand, in their order; those that are gone are left out. A mean whose base is missing is not
// computed from the evaluations: there may be millions, and this runs five times a second.
export const pageProgress = statement("benchmark_page_progress", {
  row: benchmarkRow.extend({ ...fetched, meanScore: z.number().nullable() }),
  build: (ids: readonly string[]) => {
    const [r, wanted] = [sql.fragment`r`, arrayOf("uuid", ids)];
    return page({
      rows: sql.fragment`
        select b.*, w.place as wanted from unnest(${wanted}) with ordinality as w (id, place)
        join benchmarks b on b.id = w.id`,
      columns: sql.fragment`${columns(false, r)}, s.mean as "meanScore"`,
      joins: sql.fragment`
        ${deltasOf(r)}
        left join lateral (
          -- PostgreSQL refuses results that are too small for a double, rather than to round them to zero.
          select case when abs(sum(m.sum)) < 1e-290 then 0 else sum(m.sum) end / nullif(sum(m.count), 0)::double precision as mean
          from (
            select sum, count from metric_rollups where benchmark_id = r.id and metric = 'score'
            union all
            select sum, count from metric_deltas where benchmark_id = r.id and metric = 'score'
          ) m
          where not exists (select from stale_rollups where benchmark_id = r.id and is_missing)
        ) s on true`,
      size: sizeOf(false),
      order: sql.fragment`r.wanted`,
    });
  },
  examples: [[[sampleId]]],
});

// pg_column_size of a column is that of its compressed form; `#> '{}'` is the same document, uncompressed.
const jsonSize = (document: Fragment) => sql.fragment`coalesce(pg_column_size(${document} #> '{}'), 0)`;

function sizeOf(full: boolean): Fragment {
  const basic = sql.fragment`
    700 + octet_length(r.name || r.provider || r.model || r.dataset) + coalesce(octet_length(r.error), 0)
      + ${jsonSize(sql.fragment`r.labels`)} + ${jsonSize(sql.fragment`r.metrics`)}`;
  if (!full) return basic;
  const documents = sql.fragment`${jsonSize(sql.fragment`r.results`)} + ${jsonSize(sql.fragment`r.metadata`)}`;
  return sql.fragment`${basic} + ${documents} + coalesce(octet_length(r.description), 0)`;
}

export function conditions(filter: z.output<typeof benchmarkFilter>): Fragment[] {
  const where: Fragment[] = [];
  if (filter.status !== undefined) where.push(sql.fragment`b.status = ${filter.status}`);
  if (filter.provider !== undefined) where.push(sql.fragment`b.provider = ${filter.provider}`);
  if (filter.model !== undefined) where.push(sql.fragment`b.model = ${filter.model}`);
  if (filter.dataset !== undefined) where.push(sql.fragment`b.dataset = ${filter.dataset}`);
  if (filter.name !== undefined) where.push(sql.fragment`b.name = ${filter.name}`);
  if (filter.createdBy !== undefined) where.push(sql.fragment`b.created_by = ${filter.createdBy}`);
  if (filter.labels !== undefined) where.push(sql.fragment`b.labels @> ${JSON.stringify(filter.labels)}`);
  if (filter.createdAfter !== undefined) where.push(sql.fragment`b.created_at >= ${filter.createdAfter}`);
  if (filter.createdBefore !== undefined) where.push(sql.fragment`b.created_at < ${filter.createdBefore}`);
  return where;
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
