import { Code } from "@connectrpc/connect";
import { createPool, type DatabasePool, type DatabasePoolConnection, type Interceptor } from "slonik";
import { z } from "zod";
import { currentSignal, isOfOneCall, isUrgent } from "../../call-scope.ts";
import type { DatabaseConfig } from "../../config/database.ts";
import { ServiceError } from "../../errors.ts";
import { limits } from "../../limits.ts";
import { type Family, gauge } from "../../metrics/family.ts";
import { parseQuickly } from "../../validation.ts";
import { isConnectionSpent, sqlState } from "../statement/errors.ts";
import { sql } from "../statement/sql.ts";
import type { Connection } from "./connect.ts";
import { Connections } from "./connections.ts";
import { createDriver } from "./driver.ts";
import { Gate, overloaded } from "./gate.ts";
import { SilenceWatch } from "./silence.ts";

const rowValidation: Interceptor = {
  name: "row-validation",
  transformRow: ({ resultParser }, _query, row) => {
    if (!resultParser) return row;
    const { data, error } = parseQuickly(resultParser as z.ZodType<typeof row>, row);
    if (error) throw error;
    return data;
  },
};

/** A Slonik pool that survives expected errors: they reach the caller, and the connection serves on. */
export class Pool {
  readonly size: number;
  readonly #slonik: DatabasePool;
  readonly #connections: Connections;
  readonly #gate: Gate;
  #inUse = 0;
  /** The time of the last answer of the database, or of the first query after a pause. */
  #heardAt = 0;

  private constructor(slonik: DatabasePool, connections: Connections, config: DatabaseConfig) {
    this.#slonik = slonik;
    this.#connections = connections;
    this.size = config.poolSize;
    this.#gate = new Gate(this.size, {
      maxWaiting: config.waitQueueLimit,
      maxWaitMs: config.waitTimeoutSeconds * 1000,
      kept: Math.floor(this.size * limits.queueShare),
      refusal: (why) => (this.#silentMs() >= limits.databaseSilentMs ? silent() : overloaded(why)),
    });
  }

  /**
   * Makes the pool; opens no connection yet.
   * @param options.prepared whether hot statements are prepared by name: not behind a pooler that cannot
   * carry them
   * @param options.isOneServer whether all connections lead to one server, so that one can ask for the others
   */
  static async create(
    connection: Connection,
    config: DatabaseConfig,
    { prepared, isOneServer }: { prepared: boolean; isOneServer: boolean },
  ): Promise<Pool> {
    const idleTimeoutMs = config.idleTimeoutSeconds * 1000 || undefined;
    const maxLifetimeMs = config.maxLifetimeSeconds * 1000 || undefined;
    // The URL is unused: the driver connects by `connection`.
    const slonik = await createPool("postgresql://", {
      driverFactory: createDriver(
        connection,
        prepared,
        isOneServer ? new SilenceWatch(connection) : undefined,
      ),
      interceptors: [rowValidation],
      // One more than the gate lets through, for urgent work while all the others are busy.
      maxPoolSize: config.poolSize + 1,
      idleTimeout: idleTimeoutMs ?? "DISABLE_TIMEOUT",
      maximumConnectionAge: maxLifetimeMs ?? "DISABLE_TIMEOUT",
      // Our statements leave no session state behind, so nothing has to be undone at release.
      resetConnection: async () => {},
      // We retry by ourselves (executor.ts), since these retries have no backoff.
      connectionRetryLimit: 0,
      queryRetryLimit: 0,
      transactionRetryLimit: 0,
    });
    return new Pool(slonik, new Connections(slonik, { idleTimeoutMs, maxLifetimeMs }), config);
  }

  /**
   * Runs `work` on a connection and throws on what it throws. Only a lost connection is not used again. Some
   * connections are kept for what calls share and for maintenance: leases end where these have to wait.
   */
  async use<T>(work: (connection: DatabasePoolConnection) => Promise<T>): Promise<T> {
    const run = () => this.#listen(() => this.#connections.use(work, isSpent));
    return isUrgent() ? run() : this.#gate.pass(run, currentSignal(), !isOfOneCall());
  }

  async #listen<T>(work: () => Promise<T>): Promise<T> {
    if (this.#inUse++ === 0) this.#heardAt = performance.now();
    try {
      const result = await work();
      this.#heardAt = performance.now();
      return result;
    } catch (error) {
      if (sqlState(error) !== undefined) this.#heardAt = performance.now();
      throw error;
    } finally {
      this.#inUse--;
    }
  }

  /** How long the database has answered nothing that it was asked, in milliseconds. */
  #silentMs(): number {
    return this.#inUse === 0 ? 0 : performance.now() - this.#heardAt;
  }

  /** Counts connections in use, connections that are open but idle, and calls that wait for one. */
  stats(): { size: number; used: number; idle: number; waiting: number } {
    const { acquiredConnections } = this.#slonik.state();
    const { idle } = this.#connections;
    return { size: this.size, used: acquiredConnections - idle, idle, waiting: this.#gate.waiting };
  }

  families(): Family[] {
    return [
      gauge("ltb_db_pool_size", "Most connections that the pool opens: DATABASE_POOL_SIZE.", () => this.size),
      gauge("ltb_db_pool_connections", "Open connections of the pool.", () => {
        const stats = this.stats();
        return (["used", "idle"] as const).map((state) => ({ labels: { state }, value: stats[state] }));
      }),
      gauge("ltb_db_pool_waiting", "Calls that wait for a connection.", () => this.stats().waiting),
    ];
  }

  /** Asks whether the database takes writes. @throws where it does not, or cannot be reached */
  async ping(): Promise<void> {
    await this.use(async (connection) => {
      if (!(await connection.one(ping)).writable) throw readOnly;
    });
  }

  end(): Promise<void> {
    this.#connections.end();
    return this.#slonik.end();
  }
}

/** The error while the database is silent: without power, or behind a bad network, it refuses nothing. */
function silent(): ServiceError {
  const message = "the database is not reachable: it does not answer";
  const retryAfterMs = limits.databaseRetryMs;
  return new ServiceError(Code.Unavailable, "DATABASE_UNAVAILABLE", message, { retryAfterMs });
}

const readOnly = new Error("the database takes no writes: it is a standby, or was made read-only");
// A kept connection may lead to the former primary. A new one leads to where the address leads by then.
const isSpent = (error: unknown) => error === readOnly || isConnectionSpent(error);

const ping = sql.type(
  z.object({ writable: z.boolean() }),
)`select current_setting('transaction_read_only') = 'off' as writable`;
