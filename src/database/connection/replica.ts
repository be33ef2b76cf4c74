import { z } from "zod";
import { currentReadFrom, withSignal } from "../../call-scope.ts";
import type { DatabaseConfig } from "../../config/database.ts";
import { limits } from "../../limits.ts";
import type { Log } from "../../log.ts";
import { OutageLog } from "../../outage-log.ts";
import { isAway, sqlState, toServiceError } from "../statement/errors.ts";
import { sql, statement } from "../statement/sql.ts";
import { findConnection } from "./connect.ts";
import { Pool } from "./pool.ts";

export interface ReplicaOptions {
  /** How far behind the primary it may be, in milliseconds. */
  maxLagMs: number;
  prepared: boolean;
  log?: Log | undefined;
}

/** The primary's position in its log, and when it was there by this process's clock. */
interface Sample {
  at: number;
  position: number;
}

const primaryPosition = statement("replica_primary_position", {
  row: z.object({ position: z.number() }),
  build: () => sql.fragment`select pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::bigint as position`,
  examples: [[]],
});

const replicaPosition = statement("replica_position", {
  row: z.object({ position: z.number().nullable() }),
  build: () => sql.fragment`
    select case when pg_is_in_recovery()
      then pg_wal_lsn_diff(pg_last_wal_replay_lsn(), '0/0')::bigint end as position`,
  examples: [[]],
});

/**
 * A streaming replica that answers reads which may be a little behind. Where it is down, or further behind
 * than allowed, the primary answers instead.
 *
 * Its lag is measured by positions in the log: the time of its last transaction looks old whenever nothing is
 * written, and clocks differ. This process notes the primary's position twice a second: the replica is at
 * least as new as the newest of these that it has reached.
 */
export class Replica {
  readonly #config: DatabaseConfig;
  readonly #primary: Pool;
  readonly #options: ReplicaOptions;
  #pool: Pool | undefined;
  #samples: Sample[] = [];
  #asOf = Number.NEGATIVE_INFINITY;
  #floor = -1;
  readonly #outage: OutageLog;
  /** True where the last look failed, or has not ended in time: a read might wait for as long. */
  #isAway = true;
  #timer: NodeJS.Timeout | undefined;
  #round: Promise<void>;
  #isClosed = false;

  /** Begins to look at the replica, which may be away: nothing waits for it. */
  constructor(config: DatabaseConfig, primary: Pool, options: ReplicaOptions) {
    this.#config = config;
    this.#primary = primary;
    this.#options = options;
    this.#outage = new OutageLog(options.log, "the replica is used again");
    this.#round = this.#look();
  }

  /** The most that it is behind the primary, in milliseconds; infinite where that is not known. */
  get lagMs(): number {
    return performance.now() - this.#asOf;
  }

  /** Runs `work` on the replica if the call allows it and it is fresh; else, or if it fails, `otherwise`. */
  async read<T>(work: (pool: Pool) => Promise<T>, otherwise: () => Promise<T>): Promise<T> {
    const call = currentReadFrom();
    if (!call) return otherwise();
    if (this.#pool && !this.#isAway && this.lagMs <= this.#options.maxLagMs) {
      try {
        const result = await work(this.#pool);
        call.from ??= "replica";
        return result;
      } catch (error) {
        if (!isOfReplica(error)) throw toServiceError(error);
      }
    }
    call.from = "primary";
    return otherwise();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    // A replica that has not taken the first connection is not waited for: `#look` closes what comes of it.
    if (!this.#pool) return;
    await this.#round;
    await this.#pool.end();
  }

  async #look(): Promise<void> {
    const late = setTimeout(() => {
      this.#isAway = true;
    }, limits.healthCheckMs);
    try {
      const pool = this.#pool ?? (await this.#open());
      if (!this.#pool && this.#isClosed) return void (await pool.end());
      this.#pool = pool;
      await this.#measure(pool);
      this.#isAway = false;
      const isLate = this.lagMs > this.#options.maxLagMs;
      if (isLate) this.#complain({ message: `it is more than ${this.#options.maxLagMs / 1000} s behind` });
      else this.#outage.works();
    } catch (error) {
      this.#isAway = true;
      this.#complain(error);
    } finally {
      clearTimeout(late);
    }
    if (this.#isClosed) return;
    this.#timer = setTimeout(() => {
      this.#round = this.#look();
    }, limits.replicaCheckMs);
    this.#timer.unref();
  }

  async #measure(pool: Pool): Promise<void> {
    // Noted before the question, so that everything committed by then lies before the position.
    const at = performance.now();
    const { position } = await runPromptly(() => this.#primary.use((one) => one.one(primaryPosition())));
    const last = this.#samples.at(-1);
    if (last && position < last.position) {
      // Another server is the primary now. Replicas of the former look fresh until it has passed that point.
      this.#floor = last.position;
      this.#asOf = Number.NEGATIVE_INFINITY;
      this.#samples = [];
    }
    if (position > this.#floor) this.#samples.push({ at, position });
    const replica = await runPromptly(() => pool.use((one) => one.one(replicaPosition())));
    if (replica.position === null) throw new Error("it is no streaming replica: it does not replay a log");
    const reached = Number(replica.position);
    this.#asOf = this.#samples.findLast((sample) => sample.position <= reached)?.at ?? this.#asOf;
    // Older samples could not make it fresh.
    const oldest = Math.max(this.#asOf, at - this.#options.maxLagMs);
    this.#samples = this.#samples.filter((sample) => sample.at >= oldest);
  }

  async #open(): Promise<Pool> {
    const connection = await findConnection(this.#config);
    const { prepared } = this.#options;
    // Several replicas often share an address.
    return Pool.create(connection, this.#config, { prepared, isOneServer: false });
  }

  #complain(error: unknown): void {
    const problem = String((error as Error).message ?? error);
    this.#outage.failed({ err: error }, `the replica is not used, the primary answers for it: ${problem}`);
  }
}

/** True for an error of the replica alone: it is away, or applied changes that contradict the statement. */
function isOfReplica(error: unknown): boolean {
  return isAway(error) || sqlState(error)?.startsWith("40") === true;
}

/** Runs `work` also while all connections are busy, and ends it after a while. */
function runPromptly<T>(work: () => Promise<T>): Promise<T> {
  return withSignal({ signal: AbortSignal.timeout(limits.healthCheckMs), urgent: true }, work);
}
