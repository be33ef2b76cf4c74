import { createHash } from "node:crypto";
import { z } from "zod";
import type { Executor } from "../../database/statement/executor.ts";
import { sql, statement } from "../../database/statement/sql.ts";
import { limits } from "../../limits.ts";

/** The fields that jobs of one lane have in common. */
export interface LaneKey {
  jobType: string;
  /** Sorted, without repeats. */
  requiredTags: readonly string[];
  limitKey: string | null;
}

export interface Lane extends LaneKey {
  id: number;
}

/** The jobs that a claim can take: those of any of the types (empty: all) whose tags are all among these. */
export interface LaneFilter {
  jobTypes: readonly string[];
  tags: readonly string[];
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

const findLane = statement("job_lane_find", {
  row: z.object({ id: z.number() }),
  build: (digest: string) => sql.fragment`select id from job_lanes where digest = decode(${digest}, 'hex')`,
  examples: [["00"]],
});

const listLanes = statement("job_lane_list", {
  row: z.object({
    id: z.number(),
    jobType: z.string(),
    requiredTags: z.array(z.string()),
    limitKey: z.string().nullable(),
    digest: z.string(),
  }),
  build: (after: number) => sql.fragment`
    select id, job_type, required_tags, limit_key,
      encode(digest, 'hex') as digest
    from job_lanes where id > ${after}`,
  examples: [[0]],
});

/**
 * The lanes of the queue. They are few, never change and are never deleted, so every server keeps them all in
 * memory; those that other servers add are read as soon as a claim sees a higher id.
 *
 * Lanes are known by the digest that is stored with them: it is of the texts as they were given, some of
 * which PostgreSQL keeps differently (half a surrogate pair).
 */
export class Lanes {
  readonly #db: Executor;
  readonly #byDigest = new Map<string, Lane>();
  #highest = 0;
  #readAllAt = Number.NEGATIVE_INFINITY;

  constructor(db: Executor) {
    this.#db = db;
  }

  /**
   * The id of the lane, which is made if there is none yet: on its own, before the job, because an empty lane
   * hurts nobody. Within a transaction it is made by that, and not remembered, because it may be undone.
   */
  async idOf(key: LaneKey, transaction?: Executor): Promise<number> {
    const digest = digestOf(key);
    const known = this.#byDigest.get(digest);
    if (known) return known.id;
    const db = transaction ?? this.#db;
    await db.any(insertLane(key.jobType, key.requiredTags, key.limitKey, digest));
    if (transaction) return (await transaction.one(findLane(digest))).id;
    await this.refresh();
    const made = this.#byDigest.get(digest);
    if (!made) throw new Error("a lane that was made is not there");
    return made.id;
  }

  /** The highest id of a lane that is known here. */
  get highest(): number {
    return this.#highest;
  }

  /** Reads the lanes that were added since the last time. */
  async refresh(): Promise<void> {
    // A lower id may be committed after a higher one: look back a little, and now and then at all of them,
    // because a transaction may make a lane and end much later.
    const isAllDue = performance.now() - this.#readAllAt > limits.lanesReadAllMs;
    if (isAllDue) this.#readAllAt = performance.now();
    for (const { digest, ...lane } of await this.#db.any(listLanes(isAllDue ? 0 : this.#highest - 100))) {
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
