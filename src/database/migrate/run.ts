import { setTimeout as sleep } from "node:timers/promises";
import { type Client, DatabaseError } from "pg";
import { cutText } from "../../text.ts";
import { messageOf } from "../../thrown.ts";
import { formatPlace, MigrationError } from "./error.ts";
import type { Direction, MigrationFile } from "./files.ts";
import { runRepeatable } from "./repeatable.ts";
import type { Statement } from "./statements.ts";

export interface RunOptions {
  info: (message: string) => void;
  /** How long to try for the locks on tables, in all. */
  lockTimeoutMs: number;
}

/**
 * The longest wait for one lock: others queue behind the migration, so it steps back and tries again. It is
 * above deadlock_timeout (1 s), after which PostgreSQL cancels an autovacuum in the way.
 */
const LOCK_WAIT_MS = 2_000;
const PAUSE_MS = { first: 250, longest: 4_000 };

/**
 * Applies or undoes one migration.
 * @param record writes it into the ledger, in the same transaction
 */
export async function runMigration(
  client: Client,
  direction: Direction,
  name: string,
  file: MigrationFile,
  record: () => Promise<void>,
  options: RunOptions,
): Promise<void> {
  const startedAt = performance.now();
  if (file.inTransaction) {
    await withRetries(client, name, options, async (lockMs) => {
      await client.query(`begin; set local lock_timeout to ${lockMs}`);
      for (const statement of file.statements)
        await locateFailure(file, statement, () => client.query(statement.text));
      await record();
      await client.query("commit");
    });
  } else {
    // None of these makes anybody wait, however long it waits itself.
    for (const statement of file.statements)
      await locateFailure(file, statement, () => runRepeatable(client, statement, options.info));
    await record();
  }
  const milliseconds = Math.round(performance.now() - startedAt);
  options.info(`migration ${name} ${direction === "up" ? "applied" : "undone"} in ${milliseconds} ms`);
}

/** Runs a transaction's work again where it did not get a lock in time, until that takes too long. */
export async function withRetries<T>(
  client: Client,
  name: string,
  { info, lockTimeoutMs }: RunOptions,
  work: (lockMs: number) => Promise<T>,
): Promise<T> {
  const giveUpAt = performance.now() + lockTimeoutMs;
  for (let pauseMs = PAUSE_MS.first; ; pauseMs = Math.min(pauseMs * 2, PAUSE_MS.longest)) {
    try {
      return await work(Math.ceil(Math.min(LOCK_WAIT_MS, lockTimeoutMs)));
    } catch (error) {
      // The connection may be what failed; the first error is the one to report.
      await client.query("rollback").catch(() => undefined);
      if (!isLockFailure(error)) throw error;
      const who = await describeOldestTransaction(client);
      if (performance.now() + pauseMs > giveUpAt)
        throw new MigrationError(`${(error as Error).message}; tried for ${lockTimeoutMs / 1000} s. ${who}`, {
          cause: error,
        });
      if (pauseMs === PAUSE_MS.first)
        info(`migration ${name} waits for a lock on a table, and lets others pass meanwhile. ${who}`);
    }
    await sleep(pauseMs * (0.75 + Math.random() / 2));
  }
}

/** Whether the cause is lock_not_available or deadlock_detected. */
function isLockFailure(error: unknown): boolean {
  const cause = error instanceof MigrationError ? error.cause : error;
  return cause instanceof DatabaseError && (cause.code === "55P03" || cause.code === "40P01");
}

/** Names the transaction that may hold the lock; which one it was is no longer known after the wait. */
async function describeOldestTransaction(client: Client): Promise<string> {
  const { rows } = await client.query<{ who: string }>(
    `select format('The oldest transaction is that of pid %s (%s, %s), begun %s s ago',
      pid, coalesce(nullif(application_name, ''), usename), state,
      extract(epoch from now() - xact_start)::bigint) as who
    from pg_stat_activity
    where datname = current_database() and pid <> pg_backend_pid() and xact_start is not null
    order by xact_start limit 1`,
  );
  return rows[0]?.who ?? "";
}

/** Adds to a failure in which line of which file it happened. */
async function locateFailure(file: MigrationFile, statement: Statement, work: () => Promise<unknown>) {
  await work().catch((error: unknown) => {
    const { position, detail, hint } = error instanceof DatabaseError ? error : {};
    // Counted from 1 within the statement, and missing where the statement as such is well-formed.
    const place = formatPlace(file, statement.start + (position ? Number(position) - 1 : 0));
    const reason = messageOf(error);
    const [excerpt = ""] = statement.text.split("\n", 1);
    const message = [reason, detail, hint].filter(Boolean).join("; ");
    throw new MigrationError(`${place}: ${message} (in: ${cutText(excerpt, 120)})`, { cause: error });
  });
}
