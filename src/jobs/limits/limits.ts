import { recordAudit } from "../../audit/record.ts";
import type { Executor } from "../../database/statement/executor.ts";
import type { Page, PageOptions } from "../../database/statement/page.ts";
import { limits } from "../../limits.ts";
import { parseInput, parseLimit } from "../../validation.ts";
import * as input from "../input.ts";
import { type JobLane, listLanes } from "./list-lanes.ts";
import * as statements from "./statements.ts";

type JobLimitPage = Page<statements.JobLimit, input.LimitPosition>;

/** See `JobRepository.setLimit`. */
export function setLimit(db: Executor, given: input.NewJobLimit): Promise<statements.JobLimit> {
  const limit = parseInput(input.jobLimit, given);
  const { limitKey } = limit;
  return db.transaction(async (transaction) => {
    const before = await transaction.maybeOne(statements.lockLimit(limitKey));
    const after = await transaction.maybeOne(statements.setLimit(limit));
    if (!after) return transaction.one(statements.lockLimit(limitKey));
    if (!before) await transaction.one(statements.countEarlierStarts(limitKey));
    await recordAudit(transaction, [statements.limitEntry(before, after)]);
    return after;
  });
}

/** See `JobRepository.listLimits`. */
export async function listLimits(
  db: Executor,
  { limit, after }: PageOptions<input.LimitPosition>,
): Promise<JobLimitPage> {
  const size = parseLimit(limit);
  const rows = await db.any(statements.listLimits(after?.limitKey ?? "", size + 1));
  const items = rows.slice(0, size);
  const last = rows.length > size ? items.at(-1) : undefined;
  return { items, next: last && { limitKey: last.limitKey } };
}

/** See `JobRepository.listPauses`. */
export async function listPauses(
  db: Executor,
  { limit, after = { jobType: "", limitKey: "" } }: PageOptions<input.PausePosition>,
): Promise<Page<statements.JobPause, input.PausePosition>> {
  const size = parseLimit(limit);
  const rows = await db.any(statements.listPauses(after, size + 1));
  const items = rows.slice(0, size);
  const last = rows.length > size ? items.at(-1) : undefined;
  return { items, next: last && { jobType: last.jobType, limitKey: last.limitKey } };
}

/**
 * Begins or ends a pause.
 * @param change writes it
 * @returns the lanes of its target that have jobs now
 */
export async function changePause(
  db: Executor,
  change: typeof statements.insertPause | typeof statements.deletePause,
  pause: input.Pause,
): Promise<readonly JobLane[]> {
  const parsed = parseInput(input.pause, pause);
  const { jobType, limitKey } = parsed;
  await db.maybeOne(change(parsed));
  const filter = { ...(jobType && { jobType }), ...(limitKey && { limitKey }) };
  return (await listLanes(db, filter, { limit: limits.pageSizeMax })).items;
}
