import { limits } from "../limits.ts";
import { evaluationBytes, type NewEvaluation } from "./input.ts";
import type { EvaluationResult } from "./write.ts";

/** One evaluation of a stream that was not stored, and why. */
export interface StreamIssue {
  /** Position in the whole stream, from 0. */
  index: number;
  sampleId: string;
  result: Exclude<EvaluationResult, { outcome: "created" | "duplicate" }>;
}

/** received = inserted + duplicates + conflicts + rejected. */
export interface StreamTotals {
  received: number;
  inserted: number;
  duplicates: number;
  conflicts: number;
  rejected: number;
  /** The first 100. */
  issues: StreamIssue[];
}

type Write = (evaluations: readonly NewEvaluation[]) => Promise<EvaluationResult[]>;

/**
 * Writes a stream of evaluations in batches, each committed by itself. While the database writes one, the
 * next is read. Nothing more is read ahead, which slows a fast sender to the speed of the database.
 */
export async function writeStream(
  source: AsyncIterable<readonly NewEvaluation[]>,
  write: Write,
): Promise<StreamTotals> {
  const counts = { received: 0, inserted: 0, duplicates: 0, conflicts: 0, rejected: 0 };
  const totals: StreamTotals = { ...counts, issues: [] };
  const writeBatch = async (batch: readonly NewEvaluation[], first: number) => {
    for (const [position, result] of (await write(batch)).entries()) {
      totals[totalOf[result.outcome]]++;
      if (result.outcome === "created" || result.outcome === "duplicate") continue;
      // Batches may end out of order, so more issues than are reported are kept until all have ended.
      if (totals.issues.length < limits.streamIssues + limits.streamWrites * limits.streamBatchRows)
        totals.issues.push({ index: first + position, sampleId: batch[position]?.sampleId ?? "", result });
    }
  };
  const writing: Promise<void>[] = [];
  try {
    for await (const batch of inBatches(source)) {
      if (writing.length === limits.streamWrites) await writing.shift();
      const written = writeBatch(batch, totals.received);
      totals.received += batch.length;
      // Awaited in its turn; until then a failure must not count as unhandled.
      written.catch(() => {});
      writing.push(written);
    }
    while (writing.length > 0) await writing.shift();
  } finally {
    await Promise.allSettled(writing);
  }
  totals.issues.sort((a, b) => a.index - b.index).splice(limits.streamIssues);
  return totals;
}

async function* inBatches(source: AsyncIterable<readonly NewEvaluation[]>): AsyncIterable<NewEvaluation[]> {
  let batch: NewEvaluation[] = [];
  let bytes = 0;
  for await (const evaluations of source) {
    for (const evaluation of evaluations) {
      batch.push(evaluation);
      bytes += evaluationBytes(evaluation);
      if (batch.length >= limits.streamBatchRows || bytes >= limits.streamBatchBytes) {
        yield batch;
        batch = [];
        bytes = 0;
      }
    }
  }
  if (batch.length > 0) yield batch;
}

/** The total that counts an outcome. */
const totalOf = {
  created: "inserted",
  duplicate: "duplicates",
  conflict: "conflicts",
  rejected: "rejected",
} as const;
