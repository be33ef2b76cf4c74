import { setTimeout as sleep } from "node:timers/promises";
import { recordAudit } from "../audit/record.ts";
import { currentOrigin, type Origin, serviceOrigin, withOrigin } from "../call-scope.ts";
import type { Executor } from "../database/statement/executor.ts";
import { isReferenceMissing, requireFound } from "../errors.ts";
import { deleteEvaluations, nextBatchRows } from "../evaluations/delete/delete-batch.ts";
import { limits } from "../limits.ts";
import * as statements from "./deletion-statements.ts";
import { deleteBenchmark as deleteRow } from "./statements.ts";

/**
 * Ends some of the jobs of a benchmark that is being deleted, and answers whether there were any left. Jobs
 * are above benchmarks, so they are handed in.
 */
export type EndJobs = (transaction: Executor, benchmarkId: string) => Promise<boolean>;

/**
 * Deletes a benchmark in transactions of about `limits.deleteBatchMs`; see `BenchmarkRepository.delete`. The
 * wish is committed first: where a caller stops waiting or a server ends, maintenance does the rest.
 */
export async function deleteBenchmark(db: Executor, endJobs: EndJobs, id: string): Promise<void> {
  const ask = statements.askDeletion(id, currentOrigin() ?? serviceOrigin);
  const asked = await db.maybeOne(ask).catch((error) => {
    // The benchmark's row was deleted between our read and the check of the reference.
    if (isReferenceMissing(error)) return null;
    throw error;
  });
  requireFound(asked, "benchmark", id);
  for (let rows: number = limits.deleteFirstRows; ; ) {
    const step = await deleteSome(db, endJobs, id, rows);
    if (step.rows > 0) rows = step.rows;
    else if (!(await db.maybeOne(statements.isBeingDeleted(id)))) return;
    // Another server is deleting it.
    else await sleep(limits.deletePollMs);
  }
}

/** Goes on with deletions that no other server works on, for about `limits.deleteRoundMs`. */
export async function continueDeletions(db: Executor, endJobs: EndJobs): Promise<void> {
  const until = performance.now() + limits.deleteRoundMs;
  let rows: number = limits.deleteFirstRows;
  do {
    ({ rows } = await deleteSome(db, endJobs, null, rows));
  } while (rows > 0 && performance.now() < until);
}

/**
 * Runs one transaction of a deletion; of any deletion if `id` is null.
 * @returns the number of rows for the next one; 0: no deletion was free
 */
async function deleteSome(
  db: Executor,
  endJobs: EndJobs,
  id: string | null,
  rows: number,
): Promise<{ rows: number }> {
  const startedAt = performance.now();
  const found = await db.transaction(async (transaction) => {
    const deletion = await transaction.maybeOne(statements.takeDeletion(id));
    if (!deletion) return undefined;
    const { id: benchmarkId, createdAt, lastId, ...by } = deletion;
    const origin = Object.fromEntries(Object.entries(by).filter(([, value]) => value !== null)) as Origin;
    if (await withOrigin(origin, () => endJobs(transaction, benchmarkId))) return 0;
    const after = createdAt !== null && lastId !== null ? { at: createdAt, id: lastId } : null;
    const reason = { action: "delete_evaluations" } as const;
    const wanted = { benchmarkId, which: "all", after, before: "infinity", rows, reason, origin } as const;
    const { found, last } = await deleteEvaluations(transaction, wanted);
    // The walk starts again, for evaluations that were re-scored or stored during the first one.
    if (last || after) await transaction.one(statements.noteDeleted(benchmarkId, last));
    else await finish(transaction, endJobs, benchmarkId, origin);
    return found;
  });
  if (found === undefined) return { rows: 0 };
  return { rows: found < rows ? rows : nextBatchRows(rows, performance.now() - startedAt) };
}

async function finish(transaction: Executor, endJobs: EndJobs, id: string, origin: Origin): Promise<void> {
  // The first look passes over millions of dead rows and marks them, so that the second and the checks of the
  // deletion are fast. Evaluations of a transaction that began before the deletion come with the next batch.
  if ((await transaction.one(statements.hasEvaluations(id))).has) return;
  await transaction.any(statements.closeBenchmark(id));
  if ((await transaction.one(statements.hasEvaluations(id))).has) return;
  // So do jobs of such a transaction.
  if (await withOrigin(origin, () => endJobs(transaction, id))) return;
  const changes = { before: { ...(await transaction.one(deleteRow(id))), id: undefined } };
  const entry = { action: "delete", entityType: "benchmark", entityId: id, changes, origin } as const;
  await recordAudit(transaction, [entry]);
}
