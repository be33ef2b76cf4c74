import { recordAudit } from "../../audit/record.ts";
import type { Executor } from "../../database/statement/executor.ts";
import { notFound } from "../../errors.ts";
import { parseInput } from "../../validation.ts";
import * as input from "../input.ts";
import type { JobLane, JobLimit } from "./statements.ts";
import * as statements from "./statements.ts";

// Limits and pauses hold jobs back although they are ready. See the methods of `JobRepository`.

export interface JobLimitPage {
  items: readonly JobLimit[];
  /** The key to go on after; undefined on the last page. */
  next: string | undefined;
}

export async function setLimit(db: Executor, limit: input.NewJobLimit): Promise<JobLimit> {
  const { limitKey, maxRunning, perMinute } = parseInput(input.jobLimit, limit);
  return db.transaction(async (transaction) => {
    const before = await transaction.maybeOne(statements.lockLimit(limitKey));
    const after = await transaction.one(statements.setLimit(limitKey, maxRunning ?? null, perMinute ?? null));
    await recordAudit(transaction, [statements.limitEntry(before, after)]);
    return after;
  });
}

export async function listLimits(db: Executor, pageSize: number, after: string): Promise<JobLimitPage> {
  const rows = await db.any(statements.listLimits(after, pageSize + 1));
  const items = rows.slice(0, pageSize);
  return { items, next: rows.length > pageSize ? items.at(-1)?.limitKey : undefined };
}

export async function deleteLimit(db: Executor, limitKey: string): Promise<void> {
  if (!(await db.maybeOne(statements.deleteLimit(limitKey)))) throw notFound("job limit", limitKey);
}

export async function pause(db: Executor, what: input.Pause): Promise<readonly JobLane[]> {
  const { jobType, limitKey } = parseInput(input.pause, what);
  await db.maybeOne(statements.insertPause(jobType, limitKey));
  return db.any(statements.listPausable(jobType, limitKey));
}

export async function resume(db: Executor, what: input.Pause): Promise<readonly JobLane[]> {
  const { jobType, limitKey } = parseInput(input.pause, what);
  await db.maybeOne(statements.deletePause(jobType, limitKey));
  return db.any(statements.listPausable(jobType, limitKey));
}
