import { setTimeout as sleep } from "node:timers/promises";
import { recordAudit } from "../audit/record.ts";
import { currentOrigin, type Origin, serviceOrigin } from "../call-scope.ts";
import type { Executor } from "../database/statement/executor.ts";
import { notFound, ServiceError } from "../errors.ts";
import { deleteEvaluations, nextBatchRows } from "../evaluations/delete/delete-batch.ts";
import { limits } from "../limits.ts";
import {
  askDeletion,
  closeBenchmark,
  hasEvaluations,
  isBeingDeleted,
  noteDeleted,
  takeDeletion,
} from "./deletion-statements.ts";
import { deleteBenchmark as deleteRow } from "./statements.ts";

/**
 * Deletes a benchmark with its evaluations, in transactions of about `limits.deleteBatchMs` each. The
 * intention is committed first, so maintenance finishes the rest if the caller stops waiting or the server
 * ends. Until the end the benchmark can be read, with counts that shrink, and accepts no evaluations. A
 * second call joins the first.
 * @throws NOT_FOUND
 */
export async function deleteBenchmark(db: Executor, id: string): Promise<void> {
  const asked = await db.maybeOne(askDeletion(id, currentOrigin() ?? serviceOrigin)).catch((error) => {
    // The benchmark's row was deleted between our read and the check of the reference.
    if (error instanceof ServiceError && error.reason === "REFERENCE_MISSING") return null;
    throw error;
  });
  if (!asked) throw notFound("benchmark", id);
  for (let rows: number = limits.deleteFirstRows; ; ) {
    const step = await deleteSome(db, id, rows);
    if (step.rows > 0) rows = step.rows;
    else if (!(await db.maybeOne(isBeingDeleted(id)))) return;
    // Another server works on it.
    else await sleep(limits.deletePollMs);
  }
}

/** Goes on with deletions that no other server works on, for about `limits.deleteRoundMs`. */
export async function continueDeletions(db: Executor): Promise<void> {
  const until = performance.now() + limits.deleteRoundMs;
  let rows: number = limits.deleteFirstRows;
  do {
    ({ rows } = await deleteSome(db, null, rows));
  } while (rows > 0 && performance.now() < until);
}

/**
 * Runs one transaction of a deletion; of any deletion if `id` is null.
 * @returns the number of rows for the next one; 0: no deletion was free
 */
async function deleteSome(db: Executor, id: string | null, rows: number): Promise<{ rows: number }> {
  const startedAt = performance.now();
  const found = await db.transaction(async (transaction) => {
    const deletion = await transaction.maybeOne(takeDeletion(id));
    if (!deletion) return undefined;
    const { id: benchmarkId, createdAt, lastId, ...by } = deletion;
    const origin = Object.fromEntries(Object.entries(by).filter(([, value]) => value !== null)) as Origin;
    const after = createdAt !== null && lastId !== null ? { createdAt, id: lastId } : null;
    const reason = { action: "delete_evaluations" } as const;
    const batch = await deleteEvaluations(transaction, {
      benchmarkId,
      after,
      before: "infinity",
      rows,
      reason,
      origin,
    });
    if (batch.createdAt !== null && batch.id !== null) {
      await transaction.one(noteDeleted(benchmarkId, { createdAt: batch.createdAt, id: batch.id }));
    } else if (after) {
      // The walk starts again, for evaluations that were re-scored or stored during the first one.
      await transaction.one(noteDeleted(benchmarkId, null));
    } else {
      await finish(transaction, benchmarkId, origin);
    }
    return batch.found;
  });
  if (found === undefined) return { rows: 0 };
  return { rows: found < rows ? rows : nextBatchRows(rows, performance.now() - startedAt) };
}

async function finish(transaction: Executor, id: string, origin: Origin): Promise<void> {
  // Evaluations from a transaction that began before the deletion are left to the next batch. The search runs
  // twice: the first passes over millions of dead rows and leaves marks, which make the second one, and the
  // checks of the benchmark's own deletion, fast.
  if ((await transaction.one(hasEvaluations(id))).has) return;
  await transaction.any(closeBenchmark(id));
  if ((await transaction.one(hasEvaluations(id))).has) return;
  const gone = await transaction.one(deleteRow(id));
  await recordAudit(transaction, [
    {
      action: "delete",
      entityType: "benchmark",
      entityId: id,
      changes: { before: { ...gone, id: undefined } },
      origin,
    },
  ]);
}
