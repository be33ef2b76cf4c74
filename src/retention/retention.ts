import { z } from "zod";
import type { AuditTrail } from "../audit/seal/trail.ts";
import { withOrigin } from "../call-scope.ts";
import type { Executor } from "../database/statement/executor.ts";
import { sql, statement } from "../database/statement/sql.ts";
import type { EvaluationRepository } from "../evaluations/repository.ts";
import type { JobRepository } from "../jobs/repository.ts";
import { limits } from "../limits.ts";
import type { Log } from "../log.ts";
import type { MaintenanceTask } from "../maintenance.ts";
import { counters, type Family } from "../metrics/family.ts";
import { Tally } from "../metrics/tally.ts";

/** Age in days at which each kind is removed; undefined: never. */
export interface RetentionDays {
  /** Ended jobs, by the time of their end. Their attempts belong to the audit trail. */
  readonly jobs: number | undefined;
  /** Evaluations, by the time when they were stored. */
  readonly evaluations: number | undefined;
  /** Entries of the audit trail, and attempts at deleted jobs. */
  readonly audit: number | undefined;
}

export type Kind = keyof RetentionDays;

/** The repositories of the data that ages; its executor notes the turns. */
export interface AgingStore {
  readonly jobs: JobRepository;
  readonly evaluations: EvaluationRepository;
  readonly auditTrail: AuditTrail;
  readonly executor: Executor;
}

type Remove = (store: AgingStore, days: number) => Promise<number>;

// Each call removes a bounded number of rows, in batches, and records that in the audit trail.
const removals: Readonly<Record<Kind, Remove>> = {
  jobs: async ({ jobs }, days) => (await jobs.cleanupOldJobs(days)).affected,
  evaluations: async ({ evaluations }, days) => (await evaluations.cleanup(days)).deleted,
  audit: async ({ auditTrail }, days) => (await auditTrail.cleanUp(days)).deleted,
};

const kinds = Object.keys(removals) as Kind[];

// The turn is stored among the request ids, which are forgotten after a day. No caller has this actor.
const takeTurn = statement("retention_take_turn", {
  row: z.object({ turn: z.string() }),
  build: (kind: string, seconds: number) => sql.fragment`
    insert into requests (actor, method, request_id, body_hash)
    values (
      'service', 'retention',
      ${kind}::text || ' ' || floor(extract(epoch from clock_timestamp()) / ${seconds}::float8)::bigint::text,
      ''
    )
    on conflict (actor, method, request_id) do nothing
    returning request_id as turn`,
  examples: [["jobs", 60]],
});

// Where the clock is ahead, everything looks old. The service stores a time with nearly all that is done:
// jobs and their ends, heartbeats, changes, uses of keys.
const readNewest = statement("retention_newest", {
  row: z.object({ newest: z.string().nullable(), isRecent: z.boolean() }),
  build: () => sql.fragment`
    select
      newest,
      coalesce(newest > now() - make_interval(days => ${limits.retentionSilenceDays}), true) as is_recent
    from (
      select greatest(
        (select max(created_at) from jobs), (select max(ended_at) from job_attempts),
        (select max(created_at) from audit_logs), (select max(last_heartbeat) from workers),
        (select max(last_used) from api_keys), (select max(created_at) from benchmarks)
      ) as newest
    ) n`,
  examples: [[]],
});

/** Removes old data, a part a minute, each kind on one server at a time. A kind without an age is kept. */
export class Retention {
  readonly #store: AgingStore;
  readonly #days: RetentionDays;
  readonly #log: Log;
  readonly #removed: Tally;

  constructor(store: AgingStore, days: RetentionDays, log: Log) {
    this.#store = store;
    this.#days = days;
    this.#log = log;
    this.#removed = new Tally(kinds.filter((kind) => days[kind] !== undefined));
  }

  /** Each kind with an age has a task of its own, so that a failing one does not delay the others. */
  get tasks(): MaintenanceTask[] {
    return kinds.flatMap((kind) => {
      const days = this.#days[kind];
      if (days === undefined) return [];
      const times = { everyMs: limits.retentionMs, statementMs: limits.statementMs };
      return [{ name: `retention of ${kind}`, ...times, run: () => this.run(kind, days) }];
    });
  }

  get families(): Family[] {
    const help = "Rows that this server has removed for their age.";
    return [counters("ltb_retention_removed_total", help, "kind", this.#removed)];
  }

  /**
   * Removes a part of the old data, unless another server has done so in this minute.
   * @returns numbers of rows by kind
   * @throws Error while the newest time that is stored is so old that the clock may be wrong
   */
  async run(kind: Kind, days: number): Promise<Partial<Record<Kind, number>>> {
    const { newest, isRecent } = await this.#store.executor.one(readNewest());
    if (!isRecent) throw new Error(`nothing is removed: ${doubt(newest)}`);
    if (!(await isFirst(this.#store.executor, kind))) return {};
    const removed = await withOrigin({ actor: "retention" }, () => removals[kind](this.#store, days));
    this.#removed.add(kind, removed);
    if (removed > 0) this.#log.info({ kind, days, removed }, "retention: removed what was old");
    return { [kind]: removed };
  }
}

const doubt = (newest: string | null) =>
  `by the database's clock nothing has happened for ${limits.retentionSilenceDays} days, since ${newest}. ` +
  "Either the clock is ahead, or any call of a user or worker will set retention going again";

/** Takes this minute's turn, by the database's clock, without a lock: a server that dies holds up nobody. */
async function isFirst(db: Executor, kind: Kind): Promise<boolean> {
  return (await db.maybeOne(takeTurn(kind, limits.retentionMs / 1000))) !== null;
}
