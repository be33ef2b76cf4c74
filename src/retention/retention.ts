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

/** After how many days each kind goes; undefined: it is kept. */
export interface RetentionDays {
  /** Jobs that have ended, by when they did. Their attempts are a part of the audit trail. */
  readonly jobs: number | undefined;
  /** Evaluations, by when they were stored. */
  readonly evaluations: number | undefined;
  /** Entries of the audit trail, and attempts at jobs that are gone. */
  readonly audit: number | undefined;
}

export type Kind = keyof RetentionDays;

/** A store of what ages; turns are noted by its executor. */
export interface AgingStore {
  readonly jobs: JobRepository;
  readonly evaluations: EvaluationRepository;
  readonly auditTrail: AuditTrail;
  readonly executor: Executor;
}

type Remove = (store: AgingStore, days: number) => Promise<number>;

// Each call ends after a bounded number of rows, in batches of their own transactions, and records in the
// audit trail what it removed.
const removals: Readonly<Record<Kind, Remove>> = {
  jobs: async ({ jobs }, days) => (await jobs.cleanup(days)).affected,
  evaluations: async ({ evaluations }, days) => (await evaluations.cleanup(days)).deleted,
  audit: async ({ auditTrail }, days) => (await auditTrail.cleanUp(days)).deleted,
};

const kinds = Object.keys(removals) as Kind[];

/**
 * Removes what is old by itself, once a minute a bounded part of it, each kind on one server at a time. Off
 * for what has no age.
 */
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

  /** One a kind that has an age, so that one which fails does not hold up the others. */
  get tasks(): MaintenanceTask[] {
    return kinds.flatMap((kind) => {
      const days = this.#days[kind];
      if (days === undefined) return [];
      return [{ name: `retention of ${kind}`, everyMs: limits.retentionMs, run: () => this.run(kind, days) }];
    });
  }

  get families(): Family[] {
    return [
      counters(
        "ltb_retention_removed_total",
        "Rows that this server has removed for their age.",
        "kind",
        this.#removed,
      ),
    ];
  }

  /**
   * Removes a part of what is older, unless another server has done so in this minute. @returns how many
   * rows, by kind
   */
  async run(kind: Kind, days: number): Promise<Partial<Record<Kind, number>>> {
    if (!(await isFirst(this.#store.executor, kind))) return {};
    const removed = await withOrigin({ actor: "retention" }, () => removals[kind](this.#store, days));
    this.#removed.add(kind, removed);
    if (removed > 0) this.#log.info({ kind, days, removed }, "retention: removed what was old");
    return { [kind]: removed };
  }
}

/**
 * Takes the turn of this minute, by the database's clock. Nothing is held meanwhile: a server that dies
 * leaves the next turn to others.
 */
async function isFirst(db: Executor, kind: Kind): Promise<boolean> {
  return (await db.maybeOne(takeTurn(kind, limits.retentionMs / 1000))) !== null;
}

// Among the request ids, which are forgotten after a day; no caller has this actor.
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
