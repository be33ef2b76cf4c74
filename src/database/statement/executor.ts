import { setTimeout as sleep } from "node:timers/promises";
import type { StandardSchemaV1 } from "@standard-schema/spec";
import type { DatabasePoolConnection, DatabaseTransactionConnection, QuerySqlToken } from "slonik";
import { limits } from "../../limits.ts";
import type { Pool } from "../connection/pool.ts";
import type { Replica } from "../connection/replica.ts";
import { isRetryable, toServiceError } from "./errors.ts";
import { nameOf } from "./sql.ts";
import { StatementWatch } from "./statement-watch.ts";

type Schema = StandardSchemaV1;
type Output<Row extends Schema> = StandardSchemaV1.InferOutput<Row>;

/** Runs the statements of repositories, on the pool or within one transaction. */
export interface Executor {
  any<Row extends Schema>(query: QuerySqlToken<Row>): Promise<readonly Output<Row>[]>;
  one<Row extends Schema>(query: QuerySqlToken<Row>): Promise<Output<Row>>;
  maybeOne<Row extends Schema>(query: QuerySqlToken<Row>): Promise<Output<Row> | null>;
  /** Runs `work` in a transaction; inside of one already, as a part of it. */
  transaction<T>(work: (transaction: Executor) => Promise<T>): Promise<T>;
  /** Runs `work` so that its failure leaves the transaction usable; outside of one, just runs it. */
  savepoint<T>(work: (part: Executor) => Promise<T>): Promise<T>;
}

/**
 * Each statement on a connection of its own choosing, committed by itself.
 * @param replica answers what may be read from it (see `readFromReplica`); never transactions
 */
export function poolExecutor(pool: Pool, watch = new StatementWatch(), replica?: Replica): Executor {
  const use = <T>(
    work: (connection: DatabasePoolConnection, waitedMs: number) => Promise<T>,
    from: Pool = pool,
  ) => {
    const startedAt = performance.now();
    return from.use((connection) => {
      const waitedMs = performance.now() - startedAt;
      watch.noteWait(waitedMs);
      return work(connection, waitedMs);
    });
  };
  const statement = <T>(query: QuerySqlToken, run: (connection: DatabasePoolConnection) => Promise<T>) => {
    const on = (from?: Pool) =>
      use((connection, waitedMs) => watch.run(nameOf(query), waitedMs, () => run(connection)), from);
    const onPrimary = () => retry(() => on());
    return replica ? replica.read(on, onPrimary) : onPrimary();
  };
  const executor: Executor = {
    any: (query) => statement(query, (connection) => connection.any(query)),
    one: (query) => statement(query, (connection) => connection.one(query)),
    maybeOne: (query) => statement(query, (connection) => connection.maybeOne(query)),
    transaction: (work) =>
      retry(() => use((connection, waitedMs) => runInTransaction(connection, work, watch, waitedMs))),
    savepoint: (work) => work(executor),
  };
  return executor;
}

async function runInTransaction<T>(
  connection: DatabasePoolConnection,
  work: (transaction: Executor) => Promise<T>,
  watch: StatementWatch,
  waitedMs: number,
): Promise<T> {
  const { promise: done, resolve: isDone } = Promise.withResolvers<void>();
  const committed = connection.transaction(async (transaction) => {
    const result = await work(transactionExecutor(transaction, watch, waitedMs));
    isDone();
    return result;
  });
  // A transaction that fails ends without a commit.
  await Promise.race([done, committed]);
  return watch.run("commit", 0, () => committed);
}

function transactionExecutor(
  transaction: DatabaseTransactionConnection,
  watch: StatementWatch,
  waitedMs: number,
): Executor {
  const statement = <T>(query: QuerySqlToken, run: () => Promise<T>) =>
    watch.run(nameOf(query), waitedMs, run);
  const executor: Executor = {
    any: (query) => statement(query, () => transaction.any(query)),
    one: (query) => statement(query, () => transaction.one(query)),
    maybeOne: (query) => statement(query, () => transaction.maybeOne(query)),
    transaction: (work) => work(executor),
    savepoint: async (work) => {
      try {
        return await transaction.transaction((nested) => work(transactionExecutor(nested, watch, waitedMs)));
      } catch (error) {
        // An error that makes the whole transaction run again stays as it is.
        throw isRetryable(error) ? error : toServiceError(error);
      }
    },
  };
  return executor;
}

/** PostgreSQL undoes everything at a deadlock or serialization failure, so the whole work is run again. */
async function retry<T>(work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      if (!isRetryable(error) || attempt === limits.transactionAttempts) throw toServiceError(error);
      await sleep(Math.random() * limits.transactionBackoffMs * 2 ** attempt);
    }
  }
}
