import { z } from "zod";
import type { Executor } from "../../database/statement/executor.ts";
import { example, sql, statement } from "../../database/statement/sql.ts";
import { lowestId } from "../../ids.ts";
import { limits } from "../../limits.ts";
import { parseInput, uuid, whole } from "../../validation.ts";
import { requireBenchmark } from "../statements.ts";
import {
  type DeletedPosition,
  type DeletedResult,
  deleteEvaluations,
  findBefore,
  nextBatchRows,
} from "./delete-batch.ts";

export interface EvaluationCleanup {
  deleted: number;
  /** True if the call ended before all were deleted. */
  more: boolean;
}

const timeBefore = statement("evaluation_time_before", {
  row: z.object({ before: z.string() }),
  build: (days: number) => sql.fragment`select now() - make_interval(days => ${days}) as before`,
  examples: [[30]],
});

// Each benchmark costs one look into each of two indexes; an index on stored_at alone would burden every row
// that is stored. `limit 1` keeps PostgreSQL from joining in another way.
const nextWithOld = statement("evaluation_next_with_old", {
  row: z.object({ id: z.string() }),
  build: (after: string, before: string) => sql.fragment`
    select b.id from benchmarks b
    cross join lateral (
      ${findBefore("dated", before)} union all ${findBefore("undated", before)} limit 1
    ) old
    where b.id > ${after} and not exists (select from benchmark_deletions d where d.benchmark_id = b.id)
    order by b.id limit 1`,
  examples: [[lowestId, example.time]],
});

const ageInDays = whole(0, limits.ageDays);

/** Deletes old evaluations; see `EvaluationRepository.cleanup`. */
export async function cleanUpEvaluations(
  db: Executor,
  days: number,
  benchmarkId: string | undefined,
): Promise<EvaluationCleanup> {
  const olderThanDays = parseInput(ageInDays, days, "older_than_days");
  const only = benchmarkId === undefined ? undefined : parseInput(uuid, benchmarkId, "benchmark_id");
  if (only !== undefined) await requireBenchmark(db, only);
  const { before } = await db.one(timeBefore(olderThanDays));
  let deleted = 0;
  let rows: number = limits.deleteFirstRows;
  const reason = { action: "cleanup", olderThanDays } as const;
  for await (const benchmarkId of only !== undefined ? [only] : benchmarksWithOld(db, before)) {
    for (const which of ["dated", "undated"] as const) {
      let after: DeletedPosition | null = null;
      do {
        const startedAt = performance.now();
        const wanted = { benchmarkId, which, after, before, rows, reason };
        const batch: DeletedResult = await db.transaction((part) => deleteEvaluations(part, wanted));
        deleted += batch.deleted;
        if (deleted >= limits.cleanupCallRows) return { deleted, more: true };
        after = batch.found < rows ? null : batch.last;
        if (after) rows = nextBatchRows(rows, performance.now() - startedAt);
      } while (after);
    }
  }
  return { deleted, more: false };
}

/** One at a time: reading on is cheap, and nothing is held while one is being cleaned. */
async function* benchmarksWithOld(db: Executor, before: string): AsyncGenerator<string> {
  for (let id: string | undefined = lowestId; id !== undefined; ) {
    id = (await db.maybeOne(nextWithOld(id, before)))?.id;
    if (id !== undefined) yield id;
  }
}
