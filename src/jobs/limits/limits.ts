import { recordAudit } from "../../audit/record.ts";
import type { Executor } from "../../database/statement/executor.ts";
import { notFound } from "../../errors.ts";
import { parseInput } from "../../validation.ts";
import * as input from "../input.ts";
import * as limit from "./statements.ts";

// What holds jobs back although they are ready: limits of their key, and pauses. See the methods of `JobRepository`.

export interface JobLimitPage {
  items: readonly limit.JobLimit[];
  /** The key to go on after; undefined on the last page. */
  next: string | undefined;
}

export async function setLimit(db: Executor, given: input.NewJobLimit): Promise<limit.JobLimit> {
  const { limitKey, maxRunning, perMinute } = parseInput(input.jobLimit, given);
  return db.transaction(async (transaction) => {
    const before = await transaction.maybeOne(limit.lockLimit(limitKey));
    const after = await transaction.one(limit.setLimit(limitKey, maxRunning ?? null, perMinute ?? null));
    await recordAudit(transaction, [limit.limitEntry(before, after)]);
    return after;
  });
}

export async function listLimits(db: Executor, pageSize: number, after: string): Promise<JobLimitPage> {
  const rows = await db.any(limit.listLimits(after, pageSize + 1));
  const items = rows.slice(0, pageSize);
  return { items, next: rows.length > pageSize ? items.at(-1)?.limitKey : undefined };
}

export async function deleteLimit(db: Executor, limitKey: string): Promise<void> {
  if (!(await db.maybeOne(limit.deleteLimit(limitKey)))) throw notFound("job limit", limitKey);
}

export async function pause(db: Executor, what: input.Pause): Promise<readonly limit.JobLane[]> {
  const { jobType, limitKey } = parseInput(input.pause, what);
  await db.maybeOne(limit.insertPause(jobType, limitKey));
  return db.any(limit.listPausable(jobType, limitKey));
}

export async function resume(db: Executor, what: input.Pause): Promise<readonly limit.JobLane[]> {
  const { jobType, limitKey } = parseInput(input.pause, what);
  await db.maybeOne(limit.deletePause(jobType, limitKey));
  return db.any(limit.listPausable(jobType, limitKey));
}
