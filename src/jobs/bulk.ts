import { z } from "zod";
import type { Executor } from "../database/executor.ts";
import { invalidField } from "../errors.ts";
import { limits } from "../limits.ts";
import { parseInput, whole } from "../validation.ts";
import { cleanJobs, type retryJobs } from "./change.ts";
import { type BulkFilter, bulkFilter } from "./input.ts";
import { type JobPosition, scanBulk } from "./query.ts";
import type { JobStatus } from "./rows.ts";

/** What a bulk operation did; `more` where it stopped before all matching jobs were done. */
export interface BulkResult {
  affected: number;
  skipped: number;
  more: boolean;
}

/** Runs `run` over all jobs that match and are in one of the `allowed` states, in batches. */
export async function changeMany(
  db: Executor,
  filter: BulkFilter,
  allowed: readonly JobStatus[],
  run: (ids: readonly string[]) => ReturnType<typeof retryJobs>,
): Promise<BulkResult> {
  const { statuses = [], ...rest } = parseInput(bulkFilter, filter);
  for (const status of statuses) {
    if (!allowed.includes(status)) throw invalidField("status", `must be one of ${allowed.join(", ")}`);
  }
  if (statuses.length === 0 && Object.values(rest).every((value) => value === undefined)) {
    throw invalidField("filter", "must have at least one field: this call changes everything that matches");
  }
  const wanted = { ...rest, statuses: statuses.length > 0 ? statuses : allowed };
  const result = { affected: 0, skipped: 0, more: false };
  let after: JobPosition | undefined;
  let tries = limits.bulkTries;
  for (;;) {
    const found = await db.any(scanBulk(wanted, limits.bulkBatchRows, after));
    const last = found.at(-1);
    if (!last) break;
    const done = await db.any(run(found.map(({ id }) => id)));
    result.affected += done.length;
    const left = found.length - done.length;
    // Jobs that were just being claimed, ended or put back are looked at again.
    if (left > 0 && --tries > 0) continue;
    tries = limits.bulkTries;
    result.skipped += left;
    if (found.length < limits.bulkBatchRows) break;
    after = { key: last.createdAt, id: last.id };
    result.more = result.affected >= limits.bulkCallRows;
    if (result.more) break;
  }
  return result;
}

/** Deletes old jobs that ended; see `JobRepository.cleanup`. */
export async function cleanUpJobs(
  db: Executor,
  days: number,
  statuses: readonly JobStatus[],
): Promise<BulkResult> {
  const age = parseInput(whole(0, 36_500), days, "older_than_days");
  const ended = parseInput(finalStatuses, statuses, "statuses");
  let affected = 0;
  for (const status of ended) {
    for (;;) {
      const { length } = await db.any(cleanJobs(status, age, limits.bulkBatchRows));
      affected += length;
      if (length < limits.bulkBatchRows) break;
      if (affected >= limits.bulkCallRows) return { affected, skipped: 0, more: true };
    }
  }
  return { affected, skipped: 0, more: false };
}

const finalStatuses = z.array(
  z.enum(["completed", "failed", "cancelled"], { error: "must be one of completed, failed, cancelled" }),
);
