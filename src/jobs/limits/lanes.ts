import { hash } from "node:crypto";
import { z } from "zod";
import type { Executor } from "../../database/statement/executor.ts";
import { sql, statement } from "../../database/statement/sql.ts";
import { limits } from "../../limits.ts";
import type { JobToCreate } from "../create.ts";

/** The fields that jobs of one lane have in common. */
export interface LaneKey {
  jobType: string;
  /** Sorted, without repeats. */
  requiredTags: readonly string[];
  limitKey: string | null;
}

export interface Lane extends LaneKey {
  id: string;
}

/** The jobs that a claim can take: those of any of the types (empty: all) whose tags are all among these. */
export interface LaneFilter {
  jobTypes: readonly string[];
  tags: readonly string[];
}

const listLanes = statement("job_lane_list", {
  row: z.object({
    id: z.string(),
    number: z.number(),
    jobType: z.string(),
    requiredTags: z.array(z.string()),
    limitKey: z.string().nullable(),
  }),
  build: (after: number) => sql.fragment`
    select id, number, job_type, required_tags, limit_key from job_lanes where number > ${after}`,
  examples: [[0]],
});

// A lane without jobs in line is retired first, and deleted once that was long ago. Whoever puts a job into
// line meanwhile takes it back (`madeLanes` in parts.ts); only a statement that began before could miss that,
// so no lane goes while any transaction from before is open. What its keys had goes with it.
const retireLanes = statement("job_lane_retire", {
  row: z.object({ id: z.string() }),
  build: () => sql.fragment`
    update job_lanes set retired_at = now() where id in (
      select id from job_lanes lane
      where retired_at is null and not exists (select from job_ready ready where ready.lane_id = lane.id)
      for update skip locked
    )
    returning id`,
  examples: [[]],
});

const deleteLanes = statement("job_lane_delete", {
  row: z.object({ id: z.string() }),
  build: () => sql.fragment`
    with gone as (
      delete from job_lanes where id in (
        select id from job_lanes lane
        where retired_at < least(
            now() - ${limits.laneIdleMs} * interval '1 ms',
            (select min(xact_start) from pg_stat_activity where datname = current_database())
              - interval '1 minute'
          )
          and not exists (select from job_ready ready where ready.lane_id = lane.id)
        for update skip locked
      )
      returning id
    ), forgotten as (
      delete from job_fair_turns where lane_id in (select id from gone)
    )
    select id from gone`,
  examples: [[]],
});

/** Deletes the lanes that nobody has used for long, and retires those that nobody uses now. */
export async function tidyLanes(db: Executor): Promise<void> {
  await db.any(deleteLanes());
  await db.any(retireLanes());
}

/**
 * The lanes of the queue. There are only so many (`limits.lanes`), so every server keeps them all in memory;
 * those that other servers add are read as soon as a claim sees a higher number. What is remembered wrongly
 * does no harm: a lane that is gone has no jobs.
 */
export class Lanes {
  readonly #db: Executor;
  #byId = new Map<string, Lane>();
  /** Those that were made here since the last reading of all began. */
  #recent = new Map<string, Lane>();
  #highest = 0;
  #readAllAt = Number.NEGATIVE_INFINITY;

  constructor(db: Executor) {
    this.#db = db;
  }

  /** Adds the lanes of jobs that were put into line here. */
  add(jobs: readonly Pick<JobToCreate, "laneId" | "jobType" | "requiredTags" | "limitKey">[]): void {
    for (const { laneId: id, jobType, requiredTags, limitKey } of jobs) {
      if (this.#byId.has(id)) continue;
      const lane = { id, jobType, requiredTags, limitKey: limitKey ?? null };
      this.#byId.set(id, lane);
      this.#recent.set(id, lane);
    }
  }

  /** The highest number of a lane that is known here. */
  get highest(): number {
    return this.#highest;
  }

  /** Reads the lanes that were added since the last time. */
  async refresh(): Promise<void> {
    // A lower number may be committed after a higher one: look back a little, and now and then at all of
    // them, because a transaction may make a lane and end much later, and lanes also go.
    const isAllDue = performance.now() - this.#readAllAt > limits.lanesReadAllMs;
    if (isAllDue) {
      this.#readAllAt = performance.now();
      this.#recent = new Map();
    }
    const rows = await this.#db.any(listLanes(isAllDue ? 0 : this.#highest - 100));
    if (isAllDue) {
      this.#byId = new Map(this.#recent);
      this.#highest = 0;
    }
    for (const { number, ...lane } of rows) {
      this.#byId.set(lane.id, lane);
      this.#highest = Math.max(this.#highest, number);
    }
  }

  /** Ids of the lanes that have this type and limit key; undefined: any. */
  having({ jobType, limitKey }: { jobType?: string | undefined; limitKey?: string | undefined }): string[] {
    return [...this.#byId.values()]
      .filter((lane) => jobType === undefined || lane.jobType === jobType)
      .filter((lane) => limitKey === undefined || lane.limitKey === limitKey)
      .map(({ id }) => id);
  }

  matching(filter: LaneFilter): Lane[] {
    return [...this.#byId.values()].filter(matches(filter));
  }
}

/** Tells the lanes and jobs that a claim can take. */
export function matches({ jobTypes, tags }: LaneFilter) {
  const offered = new Set(tags);
  const wanted = new Set(jobTypes);
  return ({ jobType, requiredTags }: Omit<LaneKey, "limitKey">): boolean =>
    (wanted.size === 0 || wanted.has(jobType)) && requiredTags.every((tag) => offered.has(tag));
}

/** The id of the lane of such jobs, of the texts as they were given. */
export function laneIdOf({ jobType, requiredTags, limitKey }: LaneKey): string {
  const text = JSON.stringify([jobType, requiredTags, limitKey]);
  // Jobs that are created together are often of one lane.
  if (text !== last.text) {
    const digest = hash("sha256", text, "hex").slice(0, 32);
    last = { text, id: digest.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-") };
  }
  return last.id;
}

let last = { text: "", id: "" };
