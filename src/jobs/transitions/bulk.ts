import { z } from "zod";
import type { Executor } from "../../database/statement/executor.ts";
import { invalidField } from "../../errors.ts";
import { limits } from "../../limits.ts";
import { oneOf, parseInput, whole } from "../../validation.ts";
import { type BulkFilter, bulkFilter } from "../input.ts";
import { readsDocuments } from "../lists/conditions.ts";
import { jobStats } from "../lists/stats.ts";
import type { JobStatus } from "../rows.ts";
import { type BulkQuery, bulkCandidates, matchBulk } from "./bulk-scan.ts";
import { cleanJobs, failJobsOf, hasLiveJobs, retryableJobs, type retryJobs } from "./transitions.ts";

/** The result of a bulk operation. `more`: it stopped before all matching jobs were done, or counted. */
export interface BulkResult {
  affected: number;
  skipped: number;
  more: boolean;
}

/** The result of a bulk change. `notPermitted`: so many match, but for their creator. */
export type ChangeResult = BulkResult & { notPermitted: number };

/** How jobs are changed. */
export interface Change {
  /** The statuses that a job may have before. */
  allowed: readonly JobStatus[];
  run: (ids: readonly string[]) => ReturnType<typeof retryJobs>;
  /** Tells which of the jobs `run` would change. Default: all. */
  foresee?: (ids: readonly string[]) => Promise<readonly string[]>;
}

/** Changes all jobs that match and are in one of the allowed states, in batches; or only counts them. */
export async function changeMany(
  db: Executor,
  filter: BulkFilter,
  change: Change,
  { dryRun = false } = {},
): Promise<ChangeResult> {
  const wanted = parseBulk(filter, change.allowed);
  const result = { affected: 0, more: false };
  const [skipped, notPermitted] = [new Set<string>(), new Set<string>()];
  const most = dryRun ? limits.bulkDryRows : limits.bulkCallRows;
  for await (const candidates of bulkCandidates(db, wanted, dryRun ? 1 : limits.bulkTries)) {
    const found = await findMatching(db, candidates, wanted);
    for (const { id, permitted } of found)
      if (!permitted && notPermitted.size < limits.bulkCallRows) notPermitted.add(id);
    const matching = idsOf(found.filter(({ permitted }) => permitted));
    for (let start = 0; start < matching.length; start += limits.bulkBatchRows) {
      result.more = result.affected >= most;
      if (result.more) break;
      const batch = matching.slice(start, start + limits.bulkBatchRows);
      const { done, left } = dryRun
        ? await foresee(change, batch)
        : await changeBatch(db, wanted, change, batch);
      result.affected += done.length;
      for (const id of done) skipped.delete(id);
      for (const id of left) skipped.add(id);
    }
    if (result.more) break;
  }
  const { ids } = wanted;
  const unchanged = ids ? ids.length - result.affected - notPermitted.size : skipped.size;
  return { ...result, skipped: unchanged, notPermitted: notPermitted.size };
}

async function findMatching(db: Executor, candidates: readonly string[], wanted: BulkQuery) {
  const found: z.output<typeof matchBulk.row>[] = [];
  const portion = readsDocuments(wanted) ? limits.scanDocuments : candidates.length;
  for (let start = 0; start < candidates.length; start += portion)
    found.push(...(await db.any(matchBulk(candidates.slice(start, start + portion), wanted))));
  return found;
}

function parseBulk(filter: BulkFilter, allowed: readonly JobStatus[]): BulkQuery {
  // A permission is no choice: who may change its own jobs alone still has to say which.
  const { statuses = [], permittedTo, ids, ...rest } = parseInput(bulkFilter, filter);
  for (const status of statuses) {
    if (!allowed.includes(status)) throw invalidField("status", `must be one of ${allowed.join(", ")}`);
  }
  if (statuses.length === 0 && [ids, ...Object.values(rest)].every((value) => value === undefined)) {
    throw invalidField("filter", "must have at least one field: this call changes everything that matches");
  }
  const once = ids && [...new Set(ids)];
  return { ...rest, permittedTo, ids: once, statuses: statuses.length > 0 ? statuses : allowed };
}

async function foresee(change: Change, ids: readonly string[]) {
  const done = (await change.foresee?.(ids)) ?? ids;
  const found = new Set(done);
  return { done, left: ids.filter((id) => !found.has(id)) };
}

/** @returns the jobs that were changed, and those that still match and could not be */
async function changeBatch(db: Executor, wanted: BulkQuery, { run }: Change, ids: readonly string[]) {
  const done = new Set<string>();
  let left = ids;
  for (let tries = 0; left.length > 0 && tries < limits.bulkTries; tries++) {
    for (const { id } of await db.any(run(left))) done.add(id);
    left = left.filter((id) => !done.has(id));
    // Jobs that were just being claimed, ended or put back are looked at again.
    if (left.length > 0) left = idsOf(await db.any(matchBulk(left, wanted)));
  }
  return { done: [...done], left };
}

/**
 * Tells which of these jobs a retry would put back into line, as of now.
 * @param taken the unique keys that jobs before them would take, by type; those of these are added
 */
export async function foreseeRetries(
  db: Executor,
  ids: readonly string[],
  taken: Set<string>,
): Promise<string[]> {
  const rows = await db.any(retryableJobs(ids));
  return idsOf(
    rows.filter(({ jobType, uniqueKey }) => {
      const key = JSON.stringify([jobType, uniqueKey]);
      return uniqueKey === null || (!taken.has(key) && taken.add(key));
    }),
  );
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
