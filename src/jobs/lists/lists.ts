import type { z } from "zod";
import type { Executor } from "../../database/statement/executor.ts";
import { cut } from "../../database/statement/page.ts";
import { invalidField } from "../../errors.ts";
import { limits } from "../../limits.ts";
import { parseInput, parseLimit } from "../../validation.ts";
import {
  type JobFilter,
  type JobPosition,
  jobFilter,
  jobPositions,
  type NewestPosition,
  type PriorityPosition,
} from "../input.ts";
import type { Lanes } from "../limits/lanes.ts";
import type { Job } from "../rows.ts";
import * as query from "./query.ts";

export interface JobPage {
  items: readonly Job[];
  /**
   * Undefined on the last page. A page may hold fewer jobs than asked for, even none, and still have a next.
   */
  next: JobPosition | undefined;
}

export interface JobListOptions {
  /** At most 1000. Default: 50. */
  limit?: number;
  after?: JobPosition | undefined;
  /** Whether payload, result and metadata are read too. Default: false. */
  full?: boolean;
}

/** The jobs with these ids that there are, in their order; fewer where they would be too large together. */
export async function readJobs(db: Executor, ids: readonly string[], full: boolean): Promise<readonly Job[]> {
  if (ids.length === 0) return [];
  return cut(await db.any(query.pageJobs(ids, full)), ids.length).items;
}

/** One page of the jobs that match; see `JobRepository.list`. */
export async function listJobs(
  db: Executor,
  lanes: Lanes,
  filter: JobFilter,
  options: JobListOptions,
): Promise<JobPage> {
  const { orderBy, ...parsed } = parseInput(jobFilter, filter);
  const limit = parseLimit(options.limit);
  const { after, full = false } = options;
  if (orderBy === "priority") {
    const position = parseInput(jobPositions.priority.optional(), after, "after");
    return listReady(db, lanes, parsed, { limit, full, after: position });
  }
  const position = parseInput(jobPositions.newest.optional(), after, "after");
  return listNewest(db, parsed, { limit, full, after: position });
}

type Filters = Omit<z.output<typeof jobFilter>, "orderBy">;

interface Page<Position> {
  limit: number;
  full: boolean;
  after: Position | undefined;
}

async function listNewest(
  db: Executor,
  { status, jobType, workerId, benchmarkId }: Filters,
  { limit, full, after }: Page<NewestPosition>,
): Promise<JobPage> {
  const scan = await db.one(query.scanJobs({ status, jobType, workerId, benchmarkId }, limit + 1, after));
  const ids = scan.ids ?? [];
  const items = await readJobs(db, ids.slice(0, limit), full);
  const shown = items.at(-1);
  if (shown && items.length < ids.length) {
    const key = scan.keys?.[ids.indexOf(shown.id)];
    return { items, next: key === undefined ? undefined : { order: "newest", key, id: shown.id } };
  }
  const [lastShown, lastShownKey] = [ids[limit - 1], scan.keys?.[limit - 1]];
  // All of the page were deleted between the two statements, but more was found.
  if (ids.length > limit && lastShown !== undefined && lastShownKey !== undefined)
    return { items, next: { order: "newest", key: lastShownKey, id: lastShown } };
  const { scanned, lastKey, lastId } = scan;
  const more = scanned >= limits.scanRows && lastKey !== null && lastId !== null;
  return { items, next: more ? { order: "newest", key: lastKey, id: lastId } : undefined };
}

async function listReady(
  db: Executor,
  lanes: Lanes,
  { status, jobType, workerId, benchmarkId }: Filters,
  { limit, full, after }: Page<PriorityPosition>,
): Promise<JobPage> {
  if (status !== "pending" || workerId !== undefined || benchmarkId !== undefined) {
    throw invalidField("order_by", "by priority needs status PENDING, and no filter but job_type");
  }
  await lanes.refresh();
  const rows = await db.any(query.scanReady(lanes.ofType(jobType), limit + 1, after));
  const items = await readJobs(
    db,
    rows.slice(0, limit).map(({ id }) => id),
    full,
  );
  const last = items.length < rows.length ? rows[Math.max(items.length, 1) - 1] : undefined;
  return { items, next: last && { order: "priority", priority: last.priority, sequence: last.sequence } };
}
