import type { Executor } from "../../database/statement/executor.ts";
import { cut, type Page, type PageOptions } from "../../database/statement/page.ts";
import { invalidField } from "../../errors.ts";
import { parseInput, parseLimit } from "../../validation.ts";
import * as input from "../input.ts";
import type { Lanes } from "../limits/lanes.ts";
import type { Job } from "../rows.ts";
import * as query from "./query.ts";

/** A page of jobs. It may hold fewer than asked for, even none, and still have a next. */
export type JobPage = Page<Job, input.JobPosition>;

export interface JobListOptions extends PageOptions<input.JobPosition> {
  /** Whether payload, result and metadata are read too. Default: false. */
  full?: boolean;
}

/** The jobs with these ids that there are, in their order; fewer where they would be too large together. */
export async function readJobs(db: Executor, ids: readonly string[], full: boolean): Promise<readonly Job[]> {
  if (ids.length === 0) return [];
  return cut(await db.any(query.pageJobs(ids, full)), ids.length).items;
}

const afterPriority = input.jobPositions.priority.optional();
const afterNewest = input.jobPositions.newest.optional();

const needsEnded = "needs status COMPLETED, FAILED or CANCELLED";

/** One page of the jobs that match; see `JobRepository.list`. */
export async function listJobs(
  db: Executor,
  lanes: Lanes,
  filter: input.JobFilter,
  options: JobListOptions,
): Promise<JobPage> {
  const { orderBy, ...parsed } = parseInput(input.jobFilter, filter);
  const limit = parseLimit(options.limit);
  const { after, full = false } = options;
  if (!query.isEnded(parsed.status)) {
    const { endedAfter: ended_after, endedBefore: ended_before } = parsed;
    const given = Object.entries({ ended_after, ended_before }).find(([, time]) => time !== undefined);
    if (given) throw invalidField(given[0], needsEnded);
    if (orderBy === "ended") throw invalidField("order_by", `by end ${needsEnded}`);
  }
  if (orderBy === "priority") {
    const position = parseInput(afterPriority, after, "after");
    return listReady(db, lanes, parsed, { limit, full, after: position });
  }
  const position = parseInput(afterNewest, after, "after");
  return listNewest(db, parsed, { limit, full, after: position });
}

interface Wanted<Position> {
  limit: number;
  full: boolean;
  after: Position | undefined;
}

async function listNewest(
  db: Executor,
  filter: input.JobsQuery,
  { limit, full, after }: Wanted<input.NewestPosition>,
): Promise<JobPage> {
  const scan = await db.one(query.scanJobs(filter, limit + 1, after));
  const [ids, keys] = [scan.ids ?? [], scan.keys ?? []];
  const read = await readJobs(db, ids.slice(0, limit), full);
  const items = stillMatching(read, filter);
  const shown = read.at(-1);
  if (shown && read.length < ids.length)
    return { items, next: positionOf(keys[ids.indexOf(shown.id)], shown.id) };
  // All of the page were deleted between the two statements, but more was found.
  if (ids.length > limit) return { items, next: positionOf(keys[limit - 1], ids[limit - 1]) };
  const isPartial = scan.scanned >= query.scanRows(filter);
  return { items, next: isPartial ? positionOf(scan.lastKey, scan.lastId) : undefined };
}

/** Leaves out the jobs that have moved on between the two statements of a page. */
function stillMatching(jobs: readonly Job[], { status, workerId }: input.JobsQuery): readonly Job[] {
  return jobs.filter(
    (job) =>
      (status === undefined || job.status === status) &&
      (workerId === undefined || job.workerId === workerId),
  );
}

type Maybe = string | null | undefined;

function positionOf(key: Maybe, id: Maybe): input.NewestPosition | undefined {
  return key && id ? { order: "newest", key, id } : undefined;
}

async function listReady(
  db: Executor,
  lanes: Lanes,
  filter: input.JobsQuery,
  { limit, full, after }: Wanted<input.PriorityPosition>,
): Promise<JobPage> {
  const { status, jobType, limitKey, ...others } = filter;
  if (status !== "pending" || Object.values(others).some((value) => value !== undefined)) {
    const what = "needs status PENDING, and no filter but job_type and limit_key";
    throw invalidField("order_by", `by priority ${what}`);
  }
  await lanes.refresh();
  const rows = await db.any(query.scanReady(lanes.having({ jobType, limitKey }), limit + 1, after));
  const ids = rows.slice(0, limit).map(({ id }) => id);
  const read = await readJobs(db, ids, full);
  const last = read.length < rows.length ? rows[Math.max(read.length, 1) - 1] : undefined;
  const next =
    last &&
    ({ order: "priority", priority: last.priority, turn: last.turn, sequence: last.sequence } as const);
  return { items: stillMatching(read, filter), next };
}
