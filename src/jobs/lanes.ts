import { createHash } from "node:crypto";
import { z } from "zod";
import type { Executor } from "../database/executor.ts";
import { sql, statement } from "../database/sql.ts";

/** What jobs must have in common to wait in one line. */
export interface LaneKey {
  jobType: string;
  /** Sorted, without repeats. */
  requiredTags: readonly string[];
  limitKey: string | null;
}

export interface Lane extends LaneKey {
  id: number;
}

/** What a claim can take: any of the types (empty: all), and jobs whose tags are all among these. */
export interface LaneFilter {
  jobTypes: readonly string[];
  tags: readonly string[];
}

/**
 * The lanes of the queue. They are few, never change and are never deleted, so every server keeps them all in memory; those
 * that other servers add are read as soon as a claim sees a higher id.
 */
export class Lanes {
  readonly #db: Executor;
  readonly #byDigest = new Map<string, Lane>();
  #highest = 0;

  constructor(db: Executor) {
    this.#db = db;
  }

  /** The id of the lane, which is made if there is none yet. Made on its own, before the job: an empty lane hurts nobody. */
  async idOf(key: LaneKey): Promise<number> {
    const digest = digestOf(key);
    const known = this.#byDigest.get(digest);
    if (known) return known.id;
    await this.#db.any(insertLane(key.jobType, key.requiredTags, key.limitKey, digest));
    await this.refresh();
    const made = this.#byDigest.get(digest);
    if (!made) throw new Error("a lane that was made is not there");
    return made.id;
  }

  /** Reads the lanes that were added since the last time. */
  async refresh(): Promise<void> {
    // A lower id may be committed after a higher one: look back a little.
    for (const lane of await this.#db.any(listLanes(this.#highest - 100))) {
      const digest = digestOf(lane);
      if (this.#byDigest.has(digest)) continue;
      this.#byDigest.set(digest, lane);
      this.#highest = Math.max(this.#highest, lane.id);
    }
  }

  /** Ids of the lanes of a type, or of all. */
  ofType(jobType: string | undefined): number[] {
    return [...this.#byDigest.values()]
      .filter((lane) => jobType === undefined || lane.jobType === jobType)
      .map(({ id }) => id);
  }

  matching({ jobTypes, tags }: LaneFilter): Lane[] {
    const offered = new Set(tags);
    const wanted = new Set(jobTypes);
    return [...this.#byDigest.values()]
      .filter(({ jobType }) => wanted.size === 0 || wanted.has(jobType))
      .filter(({ requiredTags }) => requiredTags.every((tag) => offered.has(tag)));
  }
}

function digestOf({ jobType, requiredTags, limitKey }: LaneKey): string {
  return createHash("sha256")
    .update(JSON.stringify([jobType, requiredTags, limitKey]))
    .digest("hex");
}

const insertLane = statement("job_lane_insert", {
  row: z.object({ id: z.number() }),
  build: (jobType: string, tags: readonly string[], limitKey: string | null, digest: string) => sql.fragment`
    insert into job_lanes (job_type, required_tags, limit_key, digest)
    values (${jobType}, ${sql.array(tags, "text")}, ${limitKey}, decode(${digest}, 'hex'))
    on conflict (digest) do nothing
    returning id`,
  examples: [["t", ["a"], null, "00"]],
});

const listLanes = statement("job_lane_list", {
  row: z.object({
    id: z.number(),
    jobType: z.string(),
    requiredTags: z.array(z.string()),
    limitKey: z.string().nullable(),
  }),
  build: (after: number) => sql.fragment`
    select id, job_type as "jobType", required_tags as "requiredTags", limit_key as "limitKey"
    from job_lanes where id > ${after}`,
  examples: [[0]],
});
