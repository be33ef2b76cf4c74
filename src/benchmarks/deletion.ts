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
 * Deletes a benchmark with its evaluations, in transactions of about `limits.deleteBatchMs` each. That it is
 * to be deleted is committed first: a caller who stops waiting, or a server that ends, leaves the rest to
 * maintenance. Until its end the benchmark can be read, with counts that shrink, and takes no evaluations.
 * Called again meanwhile, it joins.
 * @throws NOT_FOUND
 */
export async function deleteBenchmark(db: Executor, id: string): Promise<void> {
  const asked = await db.maybeOne(askDeletion(id, currentOrigin() ?? serviceOrigin)).catch((error) => {
    // Its last row went between our look at it and the check of the reference.
    if (error instanceof ServiceError && error.reason === "REFERENCE_MISSING") return null;
    throw error;
  });
  if (!asked) throw notFound("benchmark", id);
  for (let rows: number = limits.deleteFirstRows; ; ) {
    const step = await deleteSome(db, id, rows);
    if (step.rows > 0) rows = step.rows;
    else if (!(await db.maybeOne(isBeingDeleted(id)))) return;
    // Another server is at it.
    else await sleep(limits.deletePollMs);
  }
}

/** Goes on with the deletions that nobody else is at, for about `limits.deleteRoundMs`. */
export async function continueDeletions(db: Executor): Promise<void> {
  const until = performance.now() + limits.deleteRoundMs;
  let rows: number = limits.deleteFirstRows;
  do {
    ({ rows } = await deleteSome(db, null, rows));
  } while (rows > 0 && performance.now() < until);
}

/**
 * One transaction of a deletion, of any where `id` is null.
 * @returns how many rows the next one may have; 0: there was none to be taken
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
      // Once more from the beginning, for what was re-scored or stored meanwhile.
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
  // What a transaction stored that had begun before the deletion is left to the next batch. Looked for twice:
  // the first look passes over millions of dead rows, and leaves marks by which the second, and what the
  // benchmark's own end looks for, pass quickly.
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
