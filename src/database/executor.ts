import { setTimeout as sleep } from "node:timers/promises";
import type { StandardSchemaV1 } from "@standard-schema/spec";
import type { DatabaseTransactionConnection, QuerySqlToken } from "slonik";
import { limits } from "../limits.ts";
import { isRetryable, toServiceError } from "./errors.ts";
import type { Pool } from "./pool.ts";

/** What repositories run their statements on: the pool, or one transaction. */
export interface Executor {
  any<Row extends StandardSchemaV1>(
    query: QuerySqlToken<Row>,
  ): Promise<readonly StandardSchemaV1.InferOutput<Row>[]>;
  one<Row extends StandardSchemaV1>(query: QuerySqlToken<Row>): Promise<StandardSchemaV1.InferOutput<Row>>;
  maybeOne<Row extends StandardSchemaV1>(
    query: QuerySqlToken<Row>,
  ): Promise<StandardSchemaV1.InferOutput<Row> | null>;
  /** Runs `work` in a transaction; inside of one already, as a part of it. */
  transaction<T>(work: (transaction: Executor) => Promise<T>): Promise<T>;
  /** Runs `work` so that its failure leaves the transaction usable; outside of one, just runs it. */
  savepoint<T>(work: (part: Executor) => Promise<T>): Promise<T>;
}

/** Each statement on a connection of its own choosing, committed by itself. */
export function poolExecutor(pool: Pool): Executor {
  const executor: Executor = {
    any: (query) => retrying(() => pool.use((connection) => connection.any(query))),
    one: (query) => retrying(() => pool.use((connection) => connection.one(query))),
    maybeOne: (query) => retrying(() => pool.use((connection) => connection.maybeOne(query))),
    transaction: (work) =>
      retrying(() =>
        pool.use((connection) =>
          connection.transaction((transaction) => work(transactionExecutor(transaction))),
        ),
      ),
    savepoint: (work) => work(executor),
  };
  return executor;
}

function transactionExecutor(transaction: DatabaseTransactionConnection): Executor {
  const executor: Executor = {
    any: (query) => transaction.any(query),
    one: (query) => transaction.one(query),
    maybeOne: (query) => transaction.maybeOne(query),
    transaction: (work) => work(executor),
    savepoint: async (work) => {
      try {
        return await transaction.transaction((nested) => work(transactionExecutor(nested)));
      } catch (error) {
        // What makes the whole transaction run again stays as it is.
        throw isRetryable(error) ? error : toServiceError(error);
      }
    },
  };
  return executor;
}

/** After a deadlock or a serialization failure PostgreSQL has undone everything, so the whole work is run again. */
async function retrying<T>(work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      if (!isRetryable(error) || attempt === limits.transactionAttempts) throw toServiceError(error);
      await sleep(Math.random() * limits.transactionBackoffMs * 2 ** attempt);
    }
  }
}
