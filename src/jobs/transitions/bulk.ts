import { z } from "zod";
import type { Executor } from "../../database/statement/executor.ts";
import { invalidField } from "../../errors.ts";
import { limits } from "../../limits.ts";
import { oneOf, parseInput, whole } from "../../validation.ts";
import { type BulkFilter, bulkFilter } from "../input.ts";
import { jobStats } from "../lists/stats.ts";
import type { JobStatus } from "../rows.ts";
import { bulkCandidates, matchBulk } from "./bulk-scan.ts";
import { cleanJobs, failJobsOf, hasLiveJobs, type retryJobs } from "./transitions.ts";

/** The result of a bulk operation. `more`: it stopped before all matching jobs were done. */
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
  // The creator only narrows: who may change its own jobs alone still has to say which.
  const { statuses = [], createdBy, ...rest } = parseInput(bulkFilter, filter);
  for (const status of statuses) {
    if (!allowed.includes(status)) throw invalidField("status", `must be one of ${allowed.join(", ")}`);
  }
  if (statuses.length === 0 && Object.values(rest).every((value) => value === undefined)) {
    throw invalidField("filter", "must have at least one field: this call changes everything that matches");
  }
  const wanted = { ...rest, createdBy, statuses: statuses.length > 0 ? statuses : allowed };
  const result = { affected: 0, skipped: 0, more: false };
  const skipped = new Set<string>();
  for await (const candidates of bulkCandidates(db, wanted)) {
    const matching = candidates.length > 0 ? idsOf(await db.any(matchBulk(candidates, wanted))) : [];
    for (let start = 0; start < matching.length; start += limits.bulkBatchRows) {
      if (result.affected >= limits.bulkCallRows) return { ...result, skipped: skipped.size, more: true };
      let left: readonly string[] = matching.slice(start, start + limits.bulkBatchRows);
      for (let tries = 0; left.length > 0 && tries < limits.bulkTries; tries++) {
        const done = new Set(idsOf(await db.any(run(left))));
        result.affected += done.size;
        for (const id of done) skipped.delete(id);
        left = left.filter((id) => !done.has(id));
        // Jobs that were just being claimed, ended or put back are looked at again.
        if (left.length > 0) left = idsOf(await db.any(matchBulk(left, wanted)));
      }
      for (const id of left) skipped.add(id);
    }
  }
  return { ...result, skipped: skipped.size };
}

const idsOf = (rows: readonly { id: string }[]): string[] => rows.map(({ id }) => id);

/**
 * Fails some of the pending and running jobs of a benchmark that is being deleted.
 * @returns whether there were any; there may be more
 */
export async function endJobsOf(db: Executor, benchmarkId: string): Promise<boolean> {
  const { pending, scheduled, running } = await jobStats(db, { benchmarkId });
  if (pending + scheduled + running === 0) return false;
  const reason = `benchmark ${benchmarkId} was deleted`;
  const { length } = await db.any(failJobsOf(benchmarkId, reason, limits.bulkBatchRows));
  // Those that are just being claimed, or ended, are found by the next call.
  return length > 0 || (await db.one(hasLiveJobs(benchmarkId))).has;
}

const ageInDays = whole(0, limits.ageDays);

/** Deletes old jobs that ended; see `JobRepository.cleanup`. */
export async function cleanUpJobs(
  db: Executor,
  days: number,
  statuses: readonly JobStatus[],
): Promise<BulkResult> {
  const age = parseInput(ageInDays, days, "older_than_days");
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

const finalStatuses = z.array(oneOf(["completed", "failed", "cancelled"]));
