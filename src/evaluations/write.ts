import { Code } from "@connectrpc/connect";
import { contentHash } from "../content-hash.ts";
import type { Executor } from "../database/statement/executor.ts";
import { isReferenceMissing, type Reason, ServiceError } from "../errors.ts";
import { newId } from "../ids.ts";
import { limits } from "../limits.ts";
import { parseQuickly, violationsOf } from "../validation.ts";
import { type NewEvaluation, newEvaluation, type ParsedEvaluation } from "./input.ts";
import { findStored, type InsertRow, insertEvaluations } from "./statements.ts";

/** The outcome of one evaluation: `duplicate` is stored with the same content, `conflict` with another. */
export type EvaluationResult =
  | { outcome: "created" | "duplicate" | "conflict"; id: string }
  | { outcome: "rejected"; field: string; reason: string };

interface Pending {
  index: number;
  key: string;
  row: InsertRow;
}

/** Each at the index of its evaluation. */
type Results = EvaluationResult[];

/**
 * Writes evaluations and counts them in their benchmarks, by one statement that either commits whole or not
 * at all. Items are independent of each other: the result at each index says what became of that item.
 */
export async function writeEvaluations(
  db: Executor,
  evaluations: readonly NewEvaluation[],
): Promise<Results> {
  const results: Results = new Array(evaluations.length);
  const first = new Map<string, Pending>();
  const repeated: { pending: Pending; earlier: Pending }[] = [];
  evaluations.forEach((evaluation, index) => {
    const pending = prepare(evaluation, index);
    if ("outcome" in pending) {
      results[index] = pending;
      return;
    }
    // An id that was given stands for one row too, whatever its sample: both keys lead to it.
    const idKey = evaluation.id && `${pending.row.benchmarkId}//${pending.row.id}`;
    const earlier = first.get(pending.key) ?? (idKey ? first.get(idKey) : undefined);
    if (earlier) repeated.push({ pending, earlier });
    else first.set(pending.key, pending);
    if (!earlier && idKey) first.set(idKey, pending);
  });
  const batch = [...new Set(first.values())].sort((a, b) => (a.key < b.key ? -1 : 1));
  await writeBatch(db, batch, results);
  const unlikeEarlier: Pending[] = [];
  for (const { pending, earlier } of repeated) {
    const result = results[earlier.index];
    if (!result) throw new Error(`no result of ${earlier.key}`);
    // Until it is known how it compares with what is stored, which is not the earlier one.
    if (result.outcome === "conflict") unlikeEarlier.push(pending);
    if (result.outcome === "rejected" || result.outcome === "conflict") results[pending.index] = result;
    else {
      const isSame = earlier.row.contentHash === pending.row.contentHash;
      results[pending.index] = { outcome: isSame ? "duplicate" : "conflict", id: result.id };
    }
  }
  if (unlikeEarlier.length > 0) await explain(db, unlikeEarlier, results);
  return results;
}

function prepare(evaluation: NewEvaluation, index: number): Pending | EvaluationResult {
  const parsed = parseQuickly(newEvaluation, evaluation);
  if (!parsed.success) {
    const [violation] = violationsOf(parsed.error);
    return rejected(violation?.field ?? "", violation?.description ?? "is invalid");
  }
  const { id = newId(), benchmarkId, sampleId, repetition } = parsed.data;
  const key = sampleId ? `${benchmarkId}/${sampleId}/${repetition}` : `${benchmarkId}//${id}`;
  return { index, key, row: { ...parsed.data, id, contentHash: hashOf(parsed.data) } };
}

/**
 * The hash of what distinguishes contents. Id and time do not: both may be made anew when an evaluation is
 * sent again. Absent and null are the same, for those who send what they have read.
 */
export function hashOf(evaluation: ParsedEvaluation): string {
  const { benchmarkId, repetition, metrics } = evaluation;
  const given = (name: keyof ParsedEvaluation) => evaluation[name] ?? undefined;
  // In the order of the hash, so that they need no sorting.
  return contentHash({
    benchmarkId,
    costUsd: given("costUsd"),
    error: given("error"),
    expected: given("expected"),
    input: given("input"),
    inputTokens: given("inputTokens"),
    latencyMs: given("latencyMs"),
    metadata: given("metadata"),
    metrics,
    model: given("model"),
    output: given("output"),
    outputTokens: given("outputTokens"),
    provider: given("provider"),
    repetition,
    sampleId: given("sampleId"),
    score: given("score"),
  });
}

function rejected(field: string, reason: string): EvaluationResult {
  return { outcome: "rejected", field, reason };
}

async function writeBatch(db: Executor, batch: readonly Pending[], results: Results): Promise<void> {
  if (batch.length === 0) return;
  try {
    // Without a savepoint, the first refused row would end the transaction that this is part of.
    await db.savepoint((part) => insertBatch(part, batch, results));
  } catch (error) {
    // A benchmark was deleted before the check of the reference: the next try refuses its rows.
    if (isReferenceMissing(error)) return writeBatch(db, batch, results);
    if (!isFaultOfOneRow(error)) throw error;
    if (batch.length === 1 && batch[0]) {
      results[batch[0].index] = rejected("", error.message);
      return;
    }
    // The database refused a value that validation let pass: halving finds the row and keeps its neighbours.
    const half = Math.ceil(batch.length / 2);
    await writeBatch(db, batch.slice(0, half), results);
    await writeBatch(db, batch.slice(half), results);
  }
}

const rowFaults: readonly Reason[] = ["INVALID_ARGUMENT", "CONSTRAINT_VIOLATION"];

function isFaultOfOneRow(error: unknown): error is ServiceError {
  return (
    error instanceof ServiceError && error.code === Code.InvalidArgument && rowFaults.includes(error.reason)
  );
}

async function insertBatch(db: Executor, batch: readonly Pending[], results: Results): Promise<void> {
  let open = batch;
  for (let attempt = 0; open.length > 0; attempt++) {
    if (attempt === limits.evaluationWriteAttempts)
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
async function explain(db: Executor, left: readonly Pending[], results: Results): Promise<Pending[]> {
  const found = await db.any(findStored(left.map(({ row }) => row)));
  return left.filter((pending, position) => {
    const stored = found[position];
    const benchmark = `benchmark ${pending.row.benchmarkId}`;
    if (!stored?.hasBenchmark) {
      results[pending.index] = rejected("benchmark_id", `${benchmark} does not exist`);
    } else if (stored.isBeingDeleted) {
      results[pending.index] = rejected("benchmark_id", `${benchmark} is being deleted`);
    } else if (stored.id !== null) {
      results[pending.index] = { outcome: stored.isSame ? "duplicate" : "conflict", id: stored.id };
    } else return true;
    return false;
  });
}
