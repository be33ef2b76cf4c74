import { Code } from "@connectrpc/connect";
import { contentHash } from "../database/content-hash.ts";
import type { Executor } from "../database/executor.ts";
import { newId } from "../database/ids.ts";
import { type Reason, ServiceError } from "../errors.ts";
import { violationsOf } from "../validation.ts";
import { type NewEvaluation, newEvaluation, type ParsedEvaluation } from "./input.ts";
import { findStored, insertEvaluations } from "./statements.ts";

/** What became of one evaluation: `duplicate` is stored already with the same content, `conflict` with other content. */
export type EvaluationResult =
  | { outcome: "created" | "duplicate" | "conflict"; id: string }
  | { outcome: "rejected"; field: string; reason: string };

interface Pending {
  index: number;
  key: string;
  row: ParsedEvaluation & { id: string; contentHash: string };
}

/**
 * Writes evaluations and counts them in their benchmarks, by one statement that either commits whole or not at all.
 * Items are independent of each other: the result at each index says what became of that item.
 */
export async function writeEvaluations(
  db: Executor,
  evaluations: readonly NewEvaluation[],
): Promise<EvaluationResult[]> {
  const results: EvaluationResult[] = new Array(evaluations.length);
  const first = new Map<string, Pending>();
  const repeated: Pending[] = [];
  evaluations.forEach((evaluation, index) => {
    const pending = prepare(evaluation, index);
    if ("outcome" in pending) results[index] = pending;
    else if (first.has(pending.key)) repeated.push(pending);
    else first.set(pending.key, pending);
  });
  const batch = [...first.values()].sort((a, b) => (a.key < b.key ? -1 : 1));
  await writeBatch(db, batch, results);
  for (const { index, key, row } of repeated) {
    const earlier = first.get(key);
    const result = earlier && results[earlier.index];
    if (!earlier || !result) throw new Error(`no earlier evaluation of ${key}`);
    if (result.outcome === "rejected") results[index] = result;
    else
      results[index] = {
        outcome: earlier.row.contentHash === row.contentHash ? "duplicate" : "conflict",
        id: result.id,
      };
  }
  return results;
}

function prepare(evaluation: NewEvaluation, index: number): Pending | EvaluationResult {
  const parsed = newEvaluation.safeParse(evaluation);
  if (!parsed.success) {
    const [violation] = violationsOf(parsed.error);
    return rejected(violation?.field ?? "", violation?.description ?? "is invalid");
  }
  // Neither id nor time tells contents apart: both may be made anew when the same evaluation is sent again.
  const { id = newId(), createdAt, createdBy, ...content } = parsed.data;
  const { benchmarkId, sampleId, repetition } = content;
  const key = sampleId ? `${benchmarkId}/${sampleId}/${repetition}` : `${benchmarkId}//${id}`;
  return { index, key, row: { ...parsed.data, id, createdAt, createdBy, contentHash: contentHash(content) } };
}

function rejected(field: string, reason: string): EvaluationResult {
  return { outcome: "rejected", field, reason };
}

async function writeBatch(
  db: Executor,
  batch: readonly Pending[],
  results: EvaluationResult[],
): Promise<void> {
  if (batch.length === 0) return;
  try {
    await insertBatch(db, batch, results);
  } catch (error) {
    if (!isFaultOfOneRow(error)) throw error;
    if (batch.length === 1 && batch[0]) {
      results[batch[0].index] = rejected("", (error as ServiceError).message);
      return;
    }
    // The database refused a value that validation let pass: halving finds the row without losing its neighbours.
    const half = Math.ceil(batch.length / 2);
    await writeBatch(db, batch.slice(0, half), results);
    await writeBatch(db, batch.slice(half), results);
  }
}

const rowFaults: readonly Reason[] = ["INVALID_ARGUMENT", "CONSTRAINT_VIOLATION"];

function isFaultOfOneRow(error: unknown): boolean {
  return (
    error instanceof ServiceError && error.code === Code.InvalidArgument && rowFaults.includes(error.reason)
  );
}

async function insertBatch(
  db: Executor,
  batch: readonly Pending[],
  results: EvaluationResult[],
): Promise<void> {
  let open = batch;
  for (let attempt = 0; open.length > 0; attempt++) {
    if (attempt === 5)
      throw new ServiceError(Code.Aborted, "CONFLICT", "evaluations are being deleted meanwhile");
    const { inserted, ids } = await db.one(insertEvaluations(open.map(({ row }) => row)));
    const created = inserted === open.length ? undefined : new Set(ids);
    const left: Pending[] = [];
    for (const pending of open) {
      if (!created || created.has(pending.row.id))
        results[pending.index] = { outcome: "created", id: pending.row.id };
      else left.push(pending);
    }
    open = left.length === 0 ? [] : await explain(db, left, results);
  }
}

/** Tells why rows were not inserted. Comes back with those that nothing stands in the way of any more. */
async function explain(
  db: Executor,
  left: readonly Pending[],
  results: EvaluationResult[],
): Promise<Pending[]> {
  const found = await db.any(findStored(left.map(({ row }) => row)));
  return left.filter((pending, position) => {
    const stored = found[position];
    if (!stored?.hasBenchmark) {
      results[pending.index] = rejected(
        "benchmark_id",
        `benchmark ${pending.row.benchmarkId} does not exist`,
      );
    } else if (stored.id !== null) {
      results[pending.index] = { outcome: stored.isSame ? "duplicate" : "conflict", id: stored.id };
    } else {
      return true;
    }
    return false;
  });
}
