import { recordAudit } from "../../audit/record.ts";
import type { Executor } from "../../database/statement/executor.ts";
import type { Page, PageOptions } from "../../database/statement/page.ts";
import { invalidField, type ServiceError } from "../../errors.ts";
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

/**
 * Those of the jobs that are estimated to use more tokens than their limit allows in a minute, by position,
 * each with its refusal.
 */
export async function aboveTokenLimits(
  db: Executor,
  jobs: readonly { limitKey?: string | null | undefined; tokens: number }[],
): Promise<[number, ServiceError][]> {
  const keys = jobs.flatMap(({ limitKey, tokens }) => (limitKey && tokens > 0 ? limitKey : []));
  if (keys.length === 0) return [];
  const rows = await db.any(statements.tokenLimits([...new Set(keys)]));
  const most = new Map(rows.map((row) => [row.limitKey, row.tokensPerMinute]));
  return jobs.flatMap(({ limitKey, tokens }, index) => {
    const limit = most.get(limitKey ?? "");
    if (typeof limit !== "number" || tokens <= limit) return [];
    const fault = `${tokens} are more than the ${limit} a minute of limit key "${limitKey}"`;
    return [[index, invalidField("tokens", fault)]];
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
