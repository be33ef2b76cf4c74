import { z } from "zod";
import type { Executor } from "../../database/statement/executor.ts";
import { example, sql, statement } from "../../database/statement/sql.ts";
import { lowestId } from "../../ids.ts";
import { limits } from "../../limits.ts";
import type { bulkFilter } from "../input.ts";
import { matchConditions, within } from "../lists/conditions.ts";
import { jobStats } from "../lists/stats.ts";
import type { JobStatus } from "../rows.ts";
import { lineOrder } from "../turns.ts";

/** A bulk change is for the jobs in one of the statuses that match all other given filters. */
export type BulkQuery = Omit<z.output<typeof bulkFilter>, "statuses"> & { statuses: readonly JobStatus[] };

/** The end of a portion in the order of time, latest first. */
type Position = z.output<typeof positionRow>;

const positionRow = z.object({ id: z.string(), at: z.string() });

const newest: Position = { id: "ffffffff-ffff-ffff-ffff-ffffffffffff", at: "infinity" };

/** The end of a portion of live jobs, in each table. */
interface LivePosition {
  running: string;
  scheduled: string;
  runAt: string;
  lane: string;
  priority: number;
  turn: number;
  sequence: number;
  dependency: string;
  waiting: string;
}

const beforeLive: LivePosition = {
  running: lowestId,
  scheduled: lowestId,
  runAt: "-infinity",
  lane: lowestId,
  priority: 2 ** 31 - 1,
  turn: 0,
  sequence: 0,
  dependency: lowestId,
  waiting: lowestId,
};

type Live = Pick<BulkQuery, "jobType" | "limitKey"> & { running: boolean; pending: boolean };

// Each table is read in the order of its key, from where the last portion ended. A lane's index has three
// ranges for "after this row": the rest of the priority, the lower ones, and all of the lanes that follow.
const scanLive = statement("job_bulk_live", {
  row: z.object({
    id: z.string(),
    place: z.enum(["running", "scheduled", "ready", "waiting"]),
    runAt: z.string().nullable(),
    lane: z.string().nullable(),
    priority: z.number().nullable(),
    turn: z.number().nullable(),
    sequence: z.number().nullable(),
    dependency: z.string().nullable(),
  }),
  build: ({ running, pending, jobType, limitKey }: Live, after: LivePosition, limit: number) => sql.fragment`
    (
      select job_id as id, 'running' as place, null::timestamptz as run_at, null::uuid as lane,
        null::integer as priority, null::bigint as turn, null::bigint as sequence,
        null::uuid as dependency
      from job_leases
      where ${running}::boolean and job_id > ${after.running}::uuid
      order by job_id limit ${limit}
    ) union all (
      select job_id, 'scheduled', run_at, null, null, null, null, null
      from job_scheduled
      where ${pending}::boolean and (run_at, job_id) > (${after.runAt}::timestamptz, ${after.scheduled}::uuid)
      order by run_at, job_id limit ${limit}
    ) union all (
      select ready.job_id, 'ready', null, lane.id, ready.priority, ready.turn, ready.sequence, null
      from job_lanes lane cross join lateral (
        (
          select * from job_ready
          where lane_id = lane.id and lane.id = ${after.lane}::uuid and priority = ${after.priority}
            and (turn, sequence) > (${after.turn}::bigint, ${after.sequence}::bigint)
          order by turn, sequence limit ${limit}
        ) union all (
          select * from job_ready
          where lane_id = lane.id and lane.id = ${after.lane}::uuid and priority < ${after.priority}
          order by ${lineOrder} limit ${limit}
        ) union all (
          select * from job_ready where lane_id = lane.id and lane.id > ${after.lane}::uuid
          order by ${lineOrder} limit ${limit}
        )
      ) ready
      where ${pending}::boolean and lane.id >= ${after.lane}::uuid
        and (${jobType ?? null}::text is null or lane.job_type = ${jobType ?? null}::text)
        and (${limitKey ?? null}::text is null or lane.limit_key = ${limitKey ?? null}::text)
      order by lane.id, ready.priority desc, ready.turn, ready.sequence limit ${limit}
    ) union all (
      select job_id, 'waiting', null, null, null, null, null, dependency_id
      from job_dependencies
      where ${pending}::boolean
        and (dependency_id, job_id) > (${after.dependency}::uuid, ${after.waiting}::uuid)
      order by dependency_id, job_id limit ${limit}
    )`,
  examples: [[{ running: true, pending: true, jobType: "t" }, beforeLive, 10]],
});

const scanEnded = statement("job_bulk_ended", {
  row: positionRow,
  build: (status: JobStatus, jobType: string | undefined, after: Position, limit: number) => sql.fragment`
    select job_id as id, finished_at as at from job_finished
    where status = ${status} and (${jobType ?? null}::text is null or job_type = ${jobType ?? null}::text)
      and (finished_at, job_id) < (${after.at}::timestamptz, ${after.id}::uuid)
    order by finished_at desc, job_id desc limit ${limit}`,
  examples: [["failed", "t", newest, 10]],
});

const scanBenchmark = statement("job_bulk_benchmark", {
  row: positionRow,
  build: (benchmarkId: string, after: Position, limit: number) => sql.fragment`
    select id, created_at as at from jobs
    where benchmark_id = ${benchmarkId} and (created_at, id) < (${after.at}::timestamptz, ${after.id}::uuid)
    order by created_at desc, id desc limit ${limit}`,
  examples: [[example.id, newest, 10]],
});

/** The statement finds those of the jobs that still match, and whether the caller may change them. */
export const matchBulk = statement("job_bulk_match", {
  row: z.object({ id: z.string(), permitted: z.boolean() }),
  prepared: false,
  build: (
    ids: readonly string[],
    { statuses, permittedTo, endedAfter, endedBefore, ...match }: BulkQuery,
  ) => sql.fragment`
    select
      j.id,
      ${permittedTo === undefined ? sql.fragment`true` : sql.fragment`j.created_by is not distinct from ${permittedTo}`}
        as permitted
    from jobs j
    where ${sql.and([
      sql.fragment`j.id = any (${sql.array(ids, "uuid")})`,
      sql.fragment`j.status = any (${sql.array(statuses, "text")})`,
      ...matchConditions(match),
      ...within(sql.fragment`j.completed_at`, endedAfter, endedBefore),
    ])}`,
  examples: [
    [[newest.id], { statuses: ["pending"] }],
    [
      [newest.id],
      {
        statuses: ["failed"],
        jobType: "t",
        benchmarkId: newest.id,
        limitKey: "k",
        fairKey: "k",
        createdAfter: example.time,
        createdBefore: example.time,
        createdBy: newest.id,
        requiredTags: ["gpu"],
        errorContains: "429",
        metadata: { a: 1 },
        endedAfter: example.time,
        endedBefore: example.time,
        permittedTo: newest.id,
      },
    ],
  ],
});

/**
 * Reads ids of jobs that may match, in portions: from the narrow tables of the statuses asked for, so that
 * the number of jobs in others does not matter, or from the index of the benchmark where that has fewer. Ids
 * that are given are all that may match.
 * @param passes how often live jobs are read, which move while they are being changed
 */
export async function* bulkCandidates(
  db: Executor,
  query: BulkQuery,
  passes: number,
): AsyncGenerator<readonly string[]> {
  const { statuses, benchmarkId, ids } = query;
  if (ids) {
    yield ids;
    return;
  }
  if (benchmarkId !== undefined && (await isSmall(db, benchmarkId, statuses))) {
    yield* readPortions((after) => db.any(scanBenchmark(benchmarkId, after, limits.scanRows)));
    return;
  }
  const isLive = (status: JobStatus) => status === "pending" || status === "running";
  if (statuses.some(isLive)) yield* readLive(db, query, passes);
  for (const status of statuses.filter((one) => !isLive(one)))
    yield* readPortions((after) => db.any(scanEnded(status, query.jobType, after, limits.scanRows)));
}

async function isSmall(db: Executor, benchmarkId: string, statuses: readonly JobStatus[]): Promise<boolean> {
  const [all, { total }] = await Promise.all([jobStats(db, {}), jobStats(db, { benchmarkId })]);
  const inStatuses = statuses.reduce((sum, status) => sum + all[status], 0);
  return total <= inStatuses + (statuses.includes("pending") ? all.scheduled : 0);
}

async function* readPortions(
  read: (after: Position) => Promise<readonly Position[]>,
): AsyncGenerator<readonly string[]> {
  for (let after: Position | undefined = newest; after; ) {
    const found: readonly Position[] = await read(after);
    yield found.map(({ id }) => id);
    after = found.length < limits.scanRows ? undefined : found.at(-1);
  }
}

/**
 * Each portion reads one snapshot of all the tables, and the whole scan is repeated while it took more than
 * one portion, because a job that is claimed, released or retried in between moves from one table to another.
 */
async function* readLive(db: Executor, { statuses, jobType, limitKey }: BulkQuery, passes: number) {
  const [running, pending] = [statuses.includes("running"), statuses.includes("pending")];
  const what = { running, pending, jobType, limitKey };
  for (let pass = 1; pass <= passes; pass++) {
    let after = beforeLive;
    let count = 0;
    for (let more = true; more; count++) {
      const found = await db.any(scanLive(what, after, limits.scanRows));
      yield found.map(({ id }) => id);
      const places = ["running", "scheduled", "ready", "waiting"] as const;
      const [running, scheduled, ready, waiting] = places.map((place) =>
        found.filter((row) => row.place === place),
      );
      more = [running, scheduled, ready, waiting].some((rows) => rows?.length === limits.scanRows);
      const last = ready?.at(-1);
      after = {
        running: running?.at(-1)?.id ?? after.running,
        scheduled: scheduled?.at(-1)?.id ?? after.scheduled,
        runAt: scheduled?.at(-1)?.runAt ?? after.runAt,
        lane: last?.lane ?? after.lane,
        priority: last?.priority ?? after.priority,
        turn: last?.turn ?? after.turn,
        sequence: last?.sequence ?? after.sequence,
        dependency: waiting?.at(-1)?.dependency ?? after.dependency,
        waiting: waiting?.at(-1)?.id ?? after.waiting,
      };
    }
    if (count === 1) return;
  }
}
