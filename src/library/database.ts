import type { AuditRepository } from "../audit/repository.ts";
import type { AuditTrail } from "../audit/seal/trail.ts";
import type { BenchmarkRepository } from "../benchmarks/repository.ts";
import type { DatabaseConfig } from "../config/database.ts";
import type { DatabaseOptions } from "../config/database-options.ts";
import { isRetryable } from "../database/statement/errors.ts";
import type { Executor } from "../database/statement/executor.ts";
import type { DatabaseStats } from "../database/statistics.ts";
import { ServiceError } from "../errors.ts";
import type { EvaluationRepository } from "../evaluations/repository.ts";
import type { JobRepository } from "../jobs/repository.ts";
import { type ConnectOptions, type Repositories as OwnRepositories, Database as Store } from "../storage.ts";
import type { UserRepository } from "../users/repository.ts";
import type { WorkerRepository } from "../workers/repository.ts";
import { closed, connectFailureOf, failureOf } from "./failures.ts";
import { type FromDates, fromDates, isAsyncIterable, mapAsync, type WithDates, withDates } from "./values.ts";

type Arguments<Given extends unknown[]> = { [Place in keyof Given]: FromDates<Given[Place]> };
type Answer<Result> =
  Result extends Promise<infer Value>
    ? Promise<WithDates<Value>>
    : Result extends AsyncGenerator<infer Value, infer End>
      ? AsyncGenerator<WithDates<Value>, End>
      : Result;

/** A repository as the library shows it: times are dates, and every failure is a `ServiceError`. */
export type Shown<Repository> = {
  readonly [Name in keyof Repository]: Repository[Name] extends (...given: infer Given) => infer Result
    ? (...given: Arguments<Given>) => Answer<Result>
    : Repository[Name];
};

/** The repositories, on the pool or within one transaction. */
export interface Repositories {
  readonly benchmarks: Shown<BenchmarkRepository>;
  readonly evaluations: Shown<EvaluationRepository>;
  readonly jobs: Shown<JobRepository>;
  readonly workers: Shown<WorkerRepository>;
  readonly users: Shown<UserRepository>;
  readonly audit: Shown<AuditRepository>;
}

/**
 * The service's database without the service.
 *
 * ```ts
 * const db = await Database.connect(DatabaseConfig.fromEnv());
 * await db.migrate();
 * const benchmark = await db.benchmarks.create({
 *   name: "GPT-4 Test", provider: "openai", model: "gpt-4", dataset: "mmlu",
 * });
 * ```
 *
 * Whatever fails is thrown as a `ServiceError`; after `close`, everything with reason SHUTTING_DOWN.
 */
export class Database implements Repositories {
  readonly benchmarks: Shown<BenchmarkRepository>;
  readonly evaluations: Shown<EvaluationRepository>;
  readonly jobs: Shown<JobRepository>;
  readonly workers: Shown<WorkerRepository>;
  readonly users: Shown<UserRepository>;
  readonly audit: Shown<AuditRepository>;
  /** The seals that make the audit trail tamper-evident. */
  readonly auditTrail: Shown<AuditTrail>;
  /** Runs statements of your own; what your `work` throws in a transaction is thrown on as it is. */
  readonly executor: Executor;
  readonly #store: Store;
  #closing: Promise<void> | undefined;

  private constructor(store: Store) {
    this.#store = store;
    ({
      benchmarks: this.benchmarks,
      evaluations: this.evaluations,
      jobs: this.jobs,
      workers: this.workers,
      users: this.users,
      audit: this.audit,
    } = this.#showAll(store));
    this.auditTrail = this.#show(store.auditTrail);
    const { executor } = store;
    this.executor = {
      any: (query) => this.#run(() => executor.any(query)),
      one: (query) => this.#run(() => executor.one(query)),
      maybeOne: (query) => this.#run(() => executor.maybeOne(query)),
      transaction: (work) => this.#runOwn((run) => executor.transaction(run), work),
      savepoint: (work) => this.#runOwn((run) => executor.savepoint(run), work),
    };
  }

  /**
   * Connects, waiting for a database that is still starting.
   * @param input a connection string, options, or what `databaseConfig` or `DatabaseConfig` made of them
   * @throws UNAVAILABLE (DATABASE_UNAVAILABLE), also where the database refuses; INVALID_ARGUMENT for wrong
   * options
   */
  static async connect(
    input: DatabaseOptions | DatabaseConfig | string,
    options: ConnectOptions = {},
  ): Promise<Database> {
    const store = await Store.connect(input, options).catch((error: unknown) => {
      throw connectFailureOf(error);
    });
    return new Database(store);
  }

  /**
   * Applies the migrations that the database does not have yet; servers that start together take turns.
   * @throws FAILED_PRECONDITION (MIGRATION_FAILED)
   */
  migrate(): Promise<{ applied: string[] }> {
    return this.#run(() => this.#store.migrate());
  }

  /** Whether the database answers within two seconds and takes writes, which a standby does not. */
  async healthCheck(): Promise<boolean> {
    return this.#closing === undefined && this.#store.healthCheck();
  }

  stats(): Promise<DatabaseStats> {
    return this.#run(() => this.#store.stats());
  }

  /** Counts connections in use, connections that are open but idle, and calls that wait for one. */
  poolStats(): ReturnType<Store["poolStats"]> {
    return this.#store.poolStats();
  }

  /** Runs `work`, which only reads, on the replica if it is near enough; transactions on the primary. */
  readFromReplica<T>(work: (repositories: Repositories) => Promise<T>): Promise<T> {
    return this.#store.readFromReplica(() => work(this));
  }

  /** The replica's largest lag in milliseconds; infinite while not known, undefined without one. */
  get replicaLagMs(): number | undefined {
    return this.#store.replicaLagMs;
  }

  /**
   * Runs `work` in one transaction, which is undone when it throws. After a deadlock or serialization failure
   * `work` is run again, so it must have no other effects.
   */
  transaction<T>(work: (repositories: Repositories) => Promise<T>): Promise<T> {
    return this.#runOwn<T, OwnRepositories>(
      (run) => this.#store.transaction(run),
      (repositories) => work(this.#showAll(repositories)),
    );
  }

  /**
   * Does at once what servers do by themselves: ends leases, lines up due jobs, folds counts, forgets what is
   * old. Call it every second or so where no server runs on this database.
   */
  maintain(): Promise<void> {
    return this.#run(() => this.#store.maintain());
  }

  /** Ends claims and watches that wait, waits for the statements under way, then closes every connection. */
  close(): Promise<void> {
    this.#closing ??= this.#store.close().catch((error: unknown) => {
      throw failureOf(error);
    });
    return this.#closing;
  }

  #showAll({ benchmarks, evaluations, jobs, workers, users, audit }: OwnRepositories): Repositories {
    return {
      benchmarks: this.#show(benchmarks),
      evaluations: this.#show(evaluations),
      jobs: this.#show(jobs),
      workers: this.#show(workers),
      users: this.#show(users),
      audit: this.#show(audit),
    };
  }

  #show<Repository extends object>(repository: Repository): Shown<Repository> {
    const show =
      (method: (...given: unknown[]) => unknown) =>
      (...given: unknown[]) => {
        const call = () =>
          method.apply(
            repository,
            given.map((value) => fromDates(value)),
          );
        const result = this.#orFailure(call);
        if (isAsyncIterable(result)) return this.#showEach(result);
        if (!(result instanceof Promise)) return result;
        return result.then(withDates, (error: unknown) => {
          throw this.#failure(error);
        });
      };
    return new Proxy(repository, {
      get: (target, name) => {
        const member: unknown = Reflect.get(target, name, target);
        return typeof member === "function" ? show(member as (...given: unknown[]) => unknown) : member;
      },
    }) as Shown<Repository>;
  }

  async *#showEach(items: AsyncIterable<unknown>) {
    try {
      yield* mapAsync(items, withDates);
    } catch (error) {
      throw this.#failure(error);
    }
  }

  async #run<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await this.#orFailure(work);
    } catch (error) {
      throw this.#failure(error);
    }
  }

  /** Runs a caller's work in a transaction. What it throws by itself is thrown on as it is. */
  async #runOwn<T, Given>(
    run: (work: (given: Given) => Promise<T>) => Promise<T>,
    work: (given: Given) => Promise<T>,
  ): Promise<T> {
    let own: { error: unknown } | undefined;
    try {
      return await this.#orFailure(() =>
        run(async (given) => {
          own = undefined;
          try {
            return await work(given);
          } catch (error) {
            // By what PostgreSQL said the transaction knows that it may run again.
            if (error instanceof ServiceError && isRetryable(error.cause)) throw error.cause;
            own = { error };
            throw error;
          }
        }),
      );
    } catch (error) {
      throw own ? own.error : this.#failure(error);
    }
  }

  #orFailure<T>(call: () => T): T {
    if (this.#closing) throw closed();
    try {
      return call();
    } catch (error) {
      throw this.#failure(error);
    }
  }

  /** Connections that are closed under a statement fail in ways of their own. */
  #failure(error: unknown): ServiceError {
    const failure = failureOf(error);
    return this.#closing && failure.reason === "INTERNAL" ? closed() : failure;
  }
}
