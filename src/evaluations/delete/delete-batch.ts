import { z } from "zod";
import { auditRows } from "../../audit/record.ts";
import type { Origin } from "../../call-scope.ts";
import type { Executor } from "../../database/statement/executor.ts";
import { sql, statement } from "../../database/statement/sql.ts";
import { lowestId } from "../../ids.ts";
import { limits } from "../../limits.ts";
import { benchmarkEvents } from "../../watch/events.ts";

/** The oldest evaluations of one benchmark after `after`, which one statement deletes. */
interface DeletedBatch {
  benchmarkId: string;
  /** The end of the batch before; null for the first. */
  after: DeletedPosition | null;
  /** Only those created before this time. */
  before: string;
  rows: number;
  /** The cause in the audit trail: the whole benchmark is deleted, or its old evaluations are. */
  reason: { action: "delete_evaluations" } | { action: "cleanup"; olderThanDays: number };
  /** On whose behalf. Default: `currentOrigin()`. */
  origin?: Origin | undefined;
}

export interface DeletedPosition {
  createdAt: string;
  id: string;
}

// With statistics older than the rows, PostgreSQL would sort all of a benchmark. Lasts for the transaction.
export const inIndexOrder = statement("evaluation_in_index_order", {
  row: z.object({ value: z.string() }),
  build: () => sql.fragment`select set_config('enable_sort', 'off', true) as value`,
  examples: [[]],
});

const example = { action: "delete_evaluations" } as const;

// The rows are found by idx_evaluations_benchmark, from where the batch before ended: its dead rows are not
// passed over again. They are deleted in the order of their place, which keeps two batches from a deadlock. A
// row re-scored in between has another place and stays, but `found` counts it. The condition names no
// benchmark: PostgreSQL might search by it, and read 5 million rows to delete a thousand. The rollups are
// marked to be computed again, which costs less than taking every row out of them.
export const deleteEvaluationBatch = statement("evaluation_delete_batch", {
  row: z.object({
    found: z.number(),
    deleted: z.number(),
    createdAt: z.string().nullable(),
    id: z.string().nullable(),
  }),
  build: ({ benchmarkId, after, before, rows, reason, origin }: DeletedBatch) => sql.fragment`
    with batch as materialized (
      select ctid as place, created_at, id from evaluations
      where benchmark_id = ${benchmarkId}
        and (created_at, id)
          > (${after?.createdAt ?? "-infinity"}::timestamptz, ${after?.id ?? lowestId}::uuid)
        and created_at < ${before}::timestamptz
      order by created_at, id limit ${rows}
    ), gone as (
      delete from evaluations where ctid = any (array(select place from batch))
      returning id, error is not null as failed
    ), counted as (
      insert into benchmark_count_deltas (benchmark_id, completed, failed)
      select ${benchmarkId}::uuid, -count(*) filter (where not failed), -count(*) filter (where failed)
      from gone having count(*) > 0
    ), stale as (
      insert into stale_rollups (benchmark_id, is_missing) select ${benchmarkId}::uuid, true from gone limit 1
      on conflict (benchmark_id) do update set is_missing = true
    ), ${benchmarkEvents.record(sql.fragment`(select ${benchmarkId}::uuid as id from gone limit 1) ben`)},
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
      (select count(*) from batch) as found, (select count(*) from gone) as deleted, last.created_at, last.id
    from (select 1) one
    left join lateral (
      select created_at, id from batch order by created_at desc, id desc limit 1
    ) last on true`,
  examples: [[{ benchmarkId: lowestId, after: null, before: "infinity", rows: 10, reason: example }]],
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
  const { found, deleted, createdAt, id } = await transaction.one(deleteEvaluationBatch(batch));
  return { found, deleted, last: createdAt !== null && id !== null ? { createdAt, id } : null };
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
