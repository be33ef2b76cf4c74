import { z } from "zod";
import { auditRows } from "../../audit/record.ts";
import type { Origin } from "../../call-scope.ts";
import type { Executor } from "../../database/statement/executor.ts";
import { type Fragment, sql, statement } from "../../database/statement/sql.ts";
import { lowestId } from "../../ids.ts";
import { limits } from "../../limits.ts";
import { benchmarkEvents } from "../../watch/events.ts";
import { fingerprintColumns, fingerprintSums, returnedHashes } from "../inputs/parts.ts";
import { takenRollups } from "../rollups/deltas.ts";
import { markedSamples, sampleOf } from "../samples/parts.ts";

/** The evaluations of one benchmark after `after` that one statement deletes. */
interface DeletedBatch {
  benchmarkId: string;
  which: DeletedKind;
  /** The end of the batch before; null for the first. */
  after: DeletedPosition | null;
  /** Only those stored before this time; all in any case where `which` is "all". */
  before: string;
  rows: number;
  /** The cause in the audit trail: the whole benchmark is deleted, or its old evaluations are. */
  reason: { action: "delete_evaluations" } | { action: "cleanup"; olderThanDays: number };
  /** On whose behalf. Default: `currentOrigin()`. */
  origin?: Origin | undefined;
}

export interface DeletedPosition {
  /** The time by which this kind is read. */
  at: string;
  id: string;
}

/**
 * The evaluations of a benchmark as an index has them:
 * - "all": by created_at, from idx_evaluations_benchmark;
 * - "dated": those whose sender gave a time, by stored_at, from idx_evaluations_dated;
 * - "undated": the others, whose created_at is the time of their storage.
 */
export type DeletedKind = "all" | "dated" | "undated";

/**
 * The condition of a kind. Undated rows are no older than their benchmark, before which millions may stand
 * that are dated back; the day is for a clock that was set back.
 * @param since when the benchmark was created
 */
function isOfKind(which: DeletedKind, since: Fragment): Fragment {
  if (which === "all") return sql.fragment`true`;
  if (which === "dated") return sql.fragment`e.stored_at <> e.created_at`;
  return sql.fragment`e.stored_at = e.created_at and e.created_at >= ${since} - interval '1 day'`;
}

/** The time of a kind by which it is read. */
const timeOf = (which: DeletedKind) =>
  which === "dated" ? sql.fragment`e.stored_at` : sql.fragment`e.created_at`;

/** Selects a row if benchmark `b` has an evaluation of the kind from before a time: one look at an index. */
export function findBefore(which: DeletedKind, before: string): Fragment {
  const time = timeOf(which);
  return sql.fragment`(
    select 1 from evaluations e
    where e.benchmark_id = b.id and ${isOfKind(which, sql.fragment`b.created_at`)}
      and ${time} < ${before}::timestamptz
    order by ${time} limit 1
  )`;
}

// Where a benchmark goes as a whole, nobody needs its rollups, and a mark costs less than taking every row
// out of them. Where it ages, they stay true, or a summary would read all rows for most of every minute. The
// figures of its samples go with them: a million would go at once with the benchmark's row.
const lostFigures = (benchmarkId: string): Fragment => sql.fragment`
  stale as (
    insert into stale_rollups (benchmark_id, is_missing) select ${benchmarkId}::uuid, true from gone limit 1
    on conflict (benchmark_id) do update set is_missing = true
  ), lost as (
    delete from sample_figures where benchmark_id = ${benchmarkId}
      and sample in (select ${sampleOf("gone")} from gone)
  )`;

// With statistics older than the rows, PostgreSQL would sort all of a benchmark. Lasts for the transaction.
export const inIndexOrder = statement("evaluation_in_index_order", {
  row: z.object({ value: z.string() }),
  build: () => sql.fragment`select set_config('enable_sort', 'off', true) as value`,
  examples: [[]],
});

const exampleBatch = {
  ...{ benchmarkId: lowestId, after: null, before: "infinity", rows: 10 },
  reason: { action: "delete_evaluations" },
} as const;

// The rows are found by an index, from where the batch before ended: its dead rows are not passed over again.
// They are deleted in the order of their place, which keeps two batches from a deadlock. A row re-scored in
// between has another place and stays, but `found` counts it. The condition names no benchmark: PostgreSQL
// might search by it, and read 5 million rows to delete a thousand.
export const deleteEvaluationBatch = statement("evaluation_delete_batch", {
  row: z.object({
    found: z.number(),
    deleted: z.number(),
    at: z.string().nullable(),
    id: z.string().nullable(),
  }),
  prepared: false,
  build: ({ benchmarkId, which, after, before, rows, reason, origin }: DeletedBatch) => {
    const time = timeOf(which);
    // Where a benchmark goes as a whole, nobody asks what was asked, and texts need not be read.
    const hashes =
      which === "all" ? sql.fragment`null::bigint as id_hash, null::bigint as input_hash` : returnedHashes;
    const since = sql.fragment`(select created_at from benchmarks where id = ${benchmarkId})`;
    return sql.fragment`
    with batch as materialized (
      select e.ctid as place, ${time} as at, e.id from evaluations e
      where e.benchmark_id = ${benchmarkId} and ${isOfKind(which, since)}
        and (${time}, e.id) > (${after?.at ?? "-infinity"}::timestamptz, ${after?.id ?? lowestId}::uuid)
        and ${time} < ${before}::timestamptz
      order by ${time}, e.id limit ${rows}
    ), gone as (
      delete from evaluations where ctid = any (array(select place from batch))
      returning
        id, benchmark_id, sample_id, error is not null as failed, score, latency_ms, input_tokens,
        output_tokens, cost_usd, metrics, ${hashes}
    ), counted as (
      insert into benchmark_count_deltas (benchmark_id, completed, failed, ${fingerprintColumns})
      select
        ${benchmarkId}::uuid, -count(*) filter (where not failed), -count(*) filter (where failed),
        ${fingerprintSums(-1)}
      from gone having count(*) > 0
    ), ${which === "all" ? lostFigures(benchmarkId) : sql.fragment`${takenRollups("gone")}, ${markedSamples("gone")}`}, ${benchmarkEvents.record(sql.fragment`(select ${benchmarkId}::uuid as id from gone limit 1) ben`)},
    ${auditRows({
      action: sql.fragment`${reason.action}::text`,
      entityType: "benchmark",
      entityId: sql.fragment`${benchmarkId}::text`,
      changes: sql.fragment`
        jsonb_strip_nulls(jsonb_build_object(
          'older_than_days', ${"olderThanDays" in reason ? reason.olderThanDays : null}::integer,
          'before', jsonb_build_object('count', c.count, 'first_id', c.ids[1], 'last_id', c.ids[c.count])
        ))`,
      from: sql.fragment`(
        select count(*)::integer as count, array_agg(id order by id) as ids from gone having count(*) > 0
      ) c`,
      atMost: 1,
      origin,
    })}
    select
      (select count(*) from batch) as found, (select count(*) from gone) as deleted, last.at, last.id
    from (select 1) one
    left join lateral (
      select at, id from batch order by at desc, id desc limit 1
    ) last on true`;
  },
  examples: [
    [{ ...exampleBatch, which: "all" }],
    [{ ...exampleBatch, which: "dated" }],
    [{ ...exampleBatch, which: "undated" }],
  ],
});

export interface DeletedResult {
  found: number;
  deleted: number;
  /** Null if the batch found nothing. */
  last: DeletedPosition | null;
}

/** Deletes a batch within a transaction. */
export async function deleteEvaluations(transaction: Executor, batch: DeletedBatch): Promise<DeletedResult> {
  await transaction.any(inIndexOrder());
  const { found, deleted, at, id } = await transaction.one(deleteEvaluationBatch(batch));
  return { found, deleted, last: at !== null && id !== null ? { at, id } : null };
}

/**
 * Answers how many rows the next batch has, after one of `rows` took `tookMs`. A batch holds its locks for
 * about `limits.deleteBatchMs`: rows of megabytes take a thousand times longer than those of a hundred bytes.
 */
export function nextBatchRows(rows: number, tookMs: number): number {
  const wanted = Math.round((rows * limits.deleteBatchMs) / Math.max(tookMs, 1));
  // No more than twice as many: one quick batch may have been a short one.
  return Math.max(1, Math.min(wanted, 2 * rows, limits.deleteBatchRows));
}
