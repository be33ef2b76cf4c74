import { limits } from "../limits.ts";
import type { NewEvaluation } from "./input.ts";
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
 * Writes a stream of evaluations in batches, each committed by itself. While one batch is being written the next is read;
 * no more is read ahead, so a fast sender is held back to the speed of the database.
 */
export async function writeStream(
  source: AsyncIterable<readonly NewEvaluation[]>,
  write: Write,
): Promise<StreamTotals> {
  const totals: StreamTotals = { received: 0, inserted: 0, duplicates: 0, conflicts: 0, rejected: 0, issues: [] };
  let writing: Promise<void> = Promise.resolve();
  const flush = async (batch: readonly NewEvaluation[]) => {
    await writing;
    writing = write(batch).then((results) => tally(totals, batch, results));
    // Awaited at the next flush; until then a failure must not count as unhandled.
    writing.catch(() => {});
  };
  for await (const batch of inBatches(source)) await flush(batch);
  await writing;
  return totals;
}

async function* inBatches(source: AsyncIterable<readonly NewEvaluation[]>): AsyncIterable<NewEvaluation[]> {
  let batch: NewEvaluation[] = [];
  let bytes = 0;
  for await (const evaluations of source) {
    for (const evaluation of evaluations) {
      batch.push(evaluation);
      bytes += textSize(evaluation);
      if (batch.length >= limits.streamBatchRows || bytes >= limits.streamBatchBytes) {
        yield batch;
        batch = [];
        bytes = 0;
      }
    }
  }
  if (batch.length > 0) yield batch;
}

function textSize({ input, output, expected }: NewEvaluation): number {
  return input.length + (output?.length ?? 0) + (expected?.length ?? 0);
}

function tally(totals: StreamTotals, batch: readonly NewEvaluation[], results: readonly EvaluationResult[]): void {
  results.forEach((result, position) => {
    const index = totals.received++;
    if (result.outcome === "created") totals.inserted++;
    else if (result.outcome === "duplicate") totals.duplicates++;
    else {
      if (result.outcome === "conflict") totals.conflicts++;
      else totals.rejected++;
      if (totals.issues.length < limits.streamIssues) {
        totals.issues.push({ index, sampleId: batch[position]?.sampleId ?? "", result });
      }
    }
  });
}
