import { Code } from "@connectrpc/connect";
import { AuditRepository } from "./audit/repository.ts";
import type { ChainOptions } from "./audit/seal/seal-task.ts";
import { AuditTrail } from "./audit/seal/trail.ts";
import { benchmarkTasks } from "./benchmarks/maintenance.ts";
import { BenchmarkRepository } from "./benchmarks/repository.ts";
import { BenchmarkFeed } from "./benchmarks/watch.ts";
import { readFromReplica } from "./call-scope.ts";
import { type DatabaseConfig, databaseConfig, describeDatabase } from "./config/database.ts";
import type { DatabaseOptions } from "./config/database-options.ts";
import { type Connection, findConnection } from "./database/connection/connect.ts";
import { Notifier } from "./database/connection/notifier.ts";
import { Pool } from "./database/connection/pool.ts";
import { Replica } from "./database/connection/replica.ts";
import { refuseOldPooler } from "./database/connection/session.ts";
import { HeavyReads } from "./database/heavy-reads.ts";
import { migrateUp } from "./database/migrate/migrate.ts";
import { requestTasks } from "./database/requests.ts";
import { type Executor, poolExecutor } from "./database/statement/executor.ts";
import { Patience } from "./database/statement/patience.ts";
import { StatementWatch } from "./database/statement/statement-watch.ts";
import { type DatabaseStats, readStats } from "./database/statistics.ts";
import { ServiceError } from "./errors.ts";
import { evaluationTasks } from "./evaluations/maintenance.ts";
import { EvaluationRepository } from "./evaluations/repository.ts";
import { type FairBy, JobQueue } from "./jobs/queue.ts";
import { JobRepository } from "./jobs/repository.ts";
import { endJobsOf } from "./jobs/transitions/bulk.ts";
import { jobTasks } from "./jobs/upkeep/maintenance.ts";
import { limits } from "./limits.ts";
import type { Log } from "./log.ts";
import type { MaintenanceTask } from "./maintenance.ts";
import { Counts } from "./metrics/counts.ts";
import { type Family, gauge } from "./metrics/family.ts";
import { storedFamilies } from "./stored-metrics.ts";
import { userTasks } from "./users/maintenance.ts";
import { UserRepository } from "./users/repository.ts";
import { runWithin } from "./wait.ts";
import { workerTasks } from "./workers/maintenance.ts";
import { WorkerRepository } from "./workers/repository.ts";

/** The repositories, on the pool or within one transaction. */
export interface Repositories {
  readonly benchmarks: BenchmarkRepository;
  readonly evaluations: EvaluationRepository;
  readonly jobs: JobRepository;
  readonly workers: WorkerRepository;
  readonly users: UserRepository;
  readonly audit: AuditRepository;
}

export interface ConnectOptions {
  /** How long a database that is still starting is waited for. Default: 60,000 ms. */
  startupTimeoutMs?: number;
  /** The same, shared with other steps of a start. */
  patience?: Patience;
  /** Whether hot statements are prepared by name: false behind poolers without that. Default: true. */
  preparedStatements?: boolean;
  /**
   * Whether this process tells others on the database of changes of the queue, and hears of theirs, by
   * LISTEN; without it, changes are found within a second. Not behind a pooler that shares sessions. Default:
   * false.
   */
  listen?: boolean;
  /**
   * A streaming replica, for reads that may be a little behind (`readFromReplica`). While it is away, or more
   * than `maxLagMs` behind, the primary answers. Default: 10,000.
   */
  replica?: { database: DatabaseOptions | DatabaseConfig | string; maxLagMs?: number } | undefined;
  /**
   * What jobs that are created without a `fairKey` take turns by: the id of their benchmark, or of the user
   * who creates them. Default: "none".
   */
  fairBy?: FairBy;
  /** The key that seals and verifies the audit trail. Default: none, so that nothing is sealed. */
  auditKey?: Omit<ChainOptions, "log">;
  /** Statements of this many milliseconds or more are logged, without values. Default: 0, none. */
  slowQueryMs?: number;
  /** Gets a line when hints or sealing stop to work, when they work again, and for slow statements. */
  log?: Log;
}

/**
 * The service's store: its repositories over one pool of connections.
 *
 * ```ts
 * const db = await Database.connect("postgres://postgres:secret@localhost/llm_test_bench");
 * await db.migrate();
 * const benchmark = await db.benchmarks.create({
 *   name: "GPT-4 Test", provider: "openai", model: "gpt-4", dataset: "mmlu",
 * });
 * ```
 */
export class Database implements Repositories {
  readonly benchmarks: BenchmarkRepository;
  readonly evaluations: EvaluationRepository;
  readonly jobs: JobRepository;
  readonly workers: WorkerRepository;
  readonly users: UserRepository;
  readonly audit: AuditRepository;
  /** The seals that make the audit trail tamper-evident. */
  readonly auditTrail: AuditTrail;
  /** The queue as this process serves it: claims that wait, lanes, counts. */
  readonly queue: JobQueue;
  readonly #connection: Connection;
  readonly #pool: Pool;
  /** The executor for statements of your own. */
  readonly executor: Executor;
  readonly #watch: StatementWatch;
  readonly #heavyReads: HeavyReads;
  readonly #counts = new Counts();
  readonly #benchmarkFeed: BenchmarkFeed;
  readonly #replica: Replica | undefined;
  #notifier: Notifier | undefined;

  private constructor(
    connection: Connection,
    pool: Pool,
    auditKey: ChainOptions,
    replica: Replica | undefined,
    watch: StatementWatch,
    fairBy: FairBy | undefined,
  ) {
    this.#connection = connection;
    this.#pool = pool;
    this.#replica = replica;
    this.#watch = watch;
    this.#heavyReads = new HeavyReads(pool.size);
    this.executor = poolExecutor(pool, watch);
    this.queue = new JobQueue(this.executor, { counts: this.#counts, fairBy });
    this.#benchmarkFeed = new BenchmarkFeed(this.executor);
    this.auditTrail = new AuditTrail(this.executor, auditKey);
    const executor = replica ? poolExecutor(pool, watch, replica) : this.executor;
    ({
      benchmarks: this.benchmarks,
      evaluations: this.evaluations,
      jobs: this.jobs,
      workers: this.workers,
      users: this.users,
      audit: this.audit,
    } = this.#repositories(executor, { transaction: false, counts: this.#counts }));
  }

  /**
   * Connects, waiting for a database that is still starting.
   * @param input a connection string, options, or what `databaseConfig` made of them
   * @throws ConfigError, or what PostgreSQL refused the connection with
   */
  static async connect(input: DatabaseOptions | DatabaseConfig | string, options: ConnectOptions = {}) {
    const config = databaseConfig(input as DatabaseOptions);
    const { preparedStatements = true, log } = options;
    const startupMs = options.startupTimeoutMs ?? limits.startupMs;
    const patience = options.patience ?? new Patience(startupMs, log && { log });
    const connection = await findConnection(config, patience);
    if (preparedStatements) await refuseOldPooler(connection);
    const pool = await Pool.create(connection, config, { prepared: preparedStatements, isOneServer: true });
    const replica =
      options.replica &&
      new Replica(databaseConfig(options.replica.database as DatabaseOptions), pool, {
        maxLagMs: options.replica.maxLagMs ?? limits.replicaLagMs,
        prepared: preparedStatements,
        log,
      });
    const watch = new StatementWatch({ slowMs: options.slowQueryMs ?? 0, log });
    const auditKey = { database: describeDatabase(config), ...options.auditKey, log };
    const database = new Database(connection, pool, auditKey, replica, watch, options.fairBy);
    if (options.listen) await database.#listen(log);
    return database;
  }

  /** Applies the migrations that the database does not have yet; servers that start together take turns. */
  migrate(): Promise<{ applied: string[] }> {
    return migrateUp(this.#connection);
  }

  /**
   * Whether the database answers within two seconds and takes writes, which a standby does not, and whether
   * no write of ours that others wait behind has hung for long. Never throws.
   */
  healthCheck(): Promise<boolean> {
    return runWithin(limits.healthCheckMs, () => this.#pool.ping()).then(
      () => this.#watch.longestSharedMs() < limits.sharedSilentMs,
      () => false,
    );
  }

  stats(): Promise<DatabaseStats> {
    return readStats(this.executor);
  }

  /** Counts connections in use, connections that are open but idle, and calls that wait for one. */
  poolStats(): ReturnType<Pool["stats"]> {
    return this.#pool.stats();
  }

  /** Runs `work`, which only reads, on the replica if it is near enough; transactions on the primary. */
  async readFromReplica<T>(work: (repositories: Repositories) => Promise<T>): Promise<T> {
    return readFromReplica({}, () => work(this));
  }

  /** The replica's largest lag in milliseconds; infinite while not known, undefined without one. */
  get replicaLagMs(): number | undefined {
    return this.#replica?.lagMs;
  }

  /**
   * Runs `work` in one transaction, which is undone when it throws. After a deadlock or serialization failure
   * `work` is run again, so it must have no other effects.
   */
  async transaction<T>(work: (repositories: Repositories) => Promise<T>): Promise<T> {
    let isQueueChanged = false;
    const stop = this.queue.onChange(() => {
      isQueueChanged = true;
    });
    try {
      let counts = new Counts();
      const result = await this.executor.transaction((transaction) => {
        counts = new Counts();
        return work(this.#repositories(transaction, { transaction: true, counts }));
      });
      this.#counts.add(counts);
      // Claims that were woken before the commit have seen neither its jobs nor its lanes.
      if (isQueueChanged) {
        this.queue.announce();
        this.queue.receive("claimable");
      }
      return result;
    } finally {
      stop();
    }
  }

  /**
   * Does at once what servers do by themselves: ends leases, lines up due jobs, folds counts, forgets what is
   * old. Call it every second or so where no server runs on this database.
   */
  async maintain(): Promise<void> {
    for (const { run, runNow = run } of this.maintenanceTasks) await runNow();
  }

  /** The tasks that a server runs in the background: see `startMaintenance`. */
  get maintenanceTasks(): MaintenanceTask[] {
    const db = this.executor;
    return [
      ...jobTasks(db, this.queue),
      ...workerTasks(db),
      ...benchmarkTasks(db, endJobsOf),
      ...evaluationTasks(db),
      ...requestTasks(db),
      ...userTasks(db),
      ...this.auditTrail.tasks,
    ];
  }

  /** The metrics of the database: as this process uses it, and as it is. */
  get families(): Family[] {
    return [
      ...this.#pool.families(),
      gauge(
        "ltb_db_replica_lag_seconds",
        "How far the replica is behind at most; missing without one.",
        () => (this.replicaLagMs === undefined ? undefined : this.replicaLagMs / 1000),
      ),
      ...this.#watch.families(),
      ...this.#counts.families(),
      gauge("ltb_claims_waiting", "Claims that wait for jobs.", () => this.queue.claimer.waiting),
      ...storedFamilies(this.executor),
    ];
  }

  /** Ends claims and watches that wait, waits for the statements under way, then closes every connection. */
  async close(): Promise<void> {
    const reason = new ServiceError(Code.Unavailable, "SHUTTING_DOWN", "the database is being closed", {
      retryAfterMs: limits.databaseRetryMs,
    });
    this.queue.stop(reason);
    this.#benchmarkFeed.changes.stop(reason);
    await this.#notifier?.stop();
    await this.#replica?.close();
    await this.#pool.end();
  }

  async #listen(log: Log | undefined): Promise<void> {
    const notifier = new Notifier(this.#connection, (hint) => this.queue.receive(hint), log);
    this.#notifier = notifier;
    this.queue.onChange((hint) => notifier.notify(hint));
    await notifier.start();
  }

  #repositories(executor: Executor, options: { transaction: boolean; counts: Counts }): Repositories {
    const heavy = options.transaction ? executor : this.#heavyReads.bound(executor);
    return {
      benchmarks: new BenchmarkRepository(executor, this.#benchmarkFeed, endJobsOf),
      evaluations: new EvaluationRepository(executor, options.counts, heavy),
      jobs: new JobRepository(executor, this.queue, options),
      workers: new WorkerRepository(executor, this.queue, options),
      users: new UserRepository(executor),
      audit: new AuditRepository(executor, this.auditTrail),
    };
  }
}
