import { z } from "zod";
import { gather } from "../database/gather.ts";
import type { Executor } from "../database/statement/executor.ts";
import { example, fragmentOf, sql, statement } from "../database/statement/sql.ts";
import { arrayOf } from "../database/statement/table.ts";
import { limits } from "../limits.ts";

const ownerRow = z.object({ id: z.string(), owner: z.string().nullable() });

const ownersOf = (table: "benchmarks" | "jobs") =>
  statement(`owners_of_${table}`, {
    row: ownerRow,
    build: (ids: readonly string[]) => sql.fragment`
      select id, created_by as owner from ${fragmentOf(table)} where id = any (${arrayOf("uuid", ids)})`,
    examples: [[[example.id]]],
  });
const ownersOfBenchmarks = ownersOf("benchmarks");
const ownersOfJobs = ownersOf("jobs");

const ownersOfWorkers = statement("owners_of_workers", {
  row: ownerRow,
  build: (names: readonly string[]) => sql.fragment`
    select worker_id as id, created_by as owner from workers
    where worker_id = any (${arrayOf("text", names)})`,
  examples: [[["w"]]],
});

/** The dataset of a baseline, or else any benchmark on it. */
export interface BaselineOf {
  dataset?: string;
  benchmarkId?: string;
}

const ownerOfBaseline = statement("owner_of_baseline", {
  row: ownerRow,
  build: ({ dataset, benchmarkId }: BaselineOf) => sql.fragment`
    select b.id, b.created_by as owner from baselines n join benchmarks b on b.id = n.benchmark_id
    where n.dataset
      = coalesce(${dataset ?? null}, (select dataset from benchmarks where id = ${benchmarkId ?? null}))`,
  examples: [[{ dataset: "d" }]],
});

// Evaluations of several benchmarks may have the same id, and a call without benchmark_id may reach them all.
const ownersOfEvaluation = statement("owners_of_evaluation", {
  row: z.object({ owner: z.string().nullable() }),
  build: (id: string) => sql.fragment`
    select b.created_by as owner from evaluations e left join benchmarks b on b.id = e.benchmark_id
    where e.id = ${id}`,
  examples: [[example.id]],
});

const ownerOfKey = statement("owner_of_api_key", {
  row: z.object({ owner: z.string() }),
  build: (id: string) => sql.fragment`select user_id as owner from api_keys where id = ${id}`,
  examples: [[example.id]],
});

const ownerOfAuditEntry = statement("owner_of_audit_log", {
  row: z.object({ owner: z.string().nullable() }),
  build: (id: string) => sql.fragment`select user_id as owner from audit_logs where id = ${id}`,
  examples: [[example.id]],
});

const userBy = (field: "email" | "username", given: string) =>
  statement(`owner_of_${field}`, {
    row: z.object({ owner: z.string() }),
    build: (value: string) => sql.fragment`
      select id as owner from users where lower(${fragmentOf(field)}) = lower(${value}) and deleted_at is null`,
    examples: [[given]],
  });
const usersBy = { email: userBy("email", "a@example.org"), username: userBy("username", "a") };

/** The user who made an entity; null if nobody was authenticated then, undefined if it does not exist. */
export type Owner = string | null | undefined;

type Read = (ids: readonly string[]) => Promise<readonly z.output<typeof ownerRow>[]>;

/** Reads who made stored entities: one statement for each kind, shared by calls that ask together. */
export class Owners {
  readonly benchmarks: KnownOwners;
  readonly workers: KnownOwners;
  /** By `jobs.id`. */
  readonly job: (id: string) => Promise<Owner>;
  readonly #db: Executor;

  constructor(db: Executor) {
    this.#db = db;
    this.benchmarks = new KnownOwners((ids) => db.any(ownersOfBenchmarks(ids)));
    this.workers = new KnownOwners((names) => db.any(ownersOfWorkers(names)));
    this.job = shared((ids) => db.any(ownersOfJobs(ids)));
  }

  /** Reads the owners of every benchmark that has an evaluation with this id. */
  async evaluation(id: string): Promise<readonly Owner[]> {
    return (await this.#db.any(ownersOfEvaluation(id))).map(({ owner }) => owner);
  }

  /** Reads which benchmark is the baseline, and who made it; null without one. */
  async baseline(of: BaselineOf): Promise<z.output<typeof ownerRow> | null> {
    return this.#db.maybeOne(ownerOfBaseline(of));
  }

  async apiKey(id: string): Promise<Owner> {
    return (await this.#db.maybeOne(ownerOfKey(id)))?.owner;
  }

  async auditEntry(id: string): Promise<Owner> {
    return (await this.#db.maybeOne(ownerOfAuditEntry(id)))?.owner;
  }

  /** Reads the id of the user with this email or username, in any case, as the database compares them. */
  async user(by: "email" | "username", value: string): Promise<Owner> {
    return (await this.#db.maybeOne(usersBy[by](value)))?.owner;
  }
}

function shared(read: Read): (id: string) => Promise<Owner> {
  return gather<string, Owner>(
    async (ids) => {
      const owners = new Map((await read([...new Set(ids)])).map(({ id, owner }) => [id, owner]));
      return ids.map((id) => owners.get(id));
    },
    { maxItems: limits.batchItems, maxWrites: limits.gatherWrites },
  );
}

/**
 * Remembers owners for seconds, since a deleted entity may be made again under its id by another user. An
 * owner that speaks against the caller is always read again.
 */
export class KnownOwners {
  readonly #read: (id: string) => Promise<Owner>;
  readonly #known = new Map<string, { owner: string; until: number }>();

  constructor(read: Read) {
    this.#read = shared(read);
  }

  /** True if the entity is known to be the user's. */
  isKnownOf(id: string, userId: string): boolean {
    const known = this.#known.get(id);
    return known !== undefined && known.owner === userId && known.until > performance.now();
  }

  async read(id: string): Promise<Owner> {
    const owner = await this.#read(id);
    this.#known.delete(id);
    if (typeof owner !== "string") return owner;
    if (this.#known.size >= limits.ownersKnown) {
      const [oldest] = this.#known.keys();
      if (oldest !== undefined) this.#known.delete(oldest);
    }
    this.#known.set(id, { owner, until: performance.now() + limits.ownersKnownMs });
    return owner;
  }
}
