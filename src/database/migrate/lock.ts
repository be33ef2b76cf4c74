import { setTimeout as sleep } from "node:timers/promises";
import type { Client } from "pg";
import type { Log } from "../../log.ts";
import { sessionOf } from "../connection/client.ts";
import { MigrationError } from "./error.ts";

/** Any number will do as long as every version takes the same. Advisory locks are per database. */
const LOCK = 7_036_420_324;
const LOCK_POLL_MS = 200;

/**
 * Makes this connection the only one that migrates the database, until it ends. It polls: a statement waiting
 * in PostgreSQL holds a snapshot, which an index that is created concurrently would wait for for ever.
 * @returns whether the connection leads through a pooler, which keeps the session, and its lock, after us
 */
export async function lockMigrations(
  client: Client,
  timeoutMs: number,
  logger: Log | undefined,
): Promise<{ isPooled: boolean }> {
  const giveUpAt = performance.now() + timeoutMs;
  for (let attempt = 1; ; attempt++) {
    const { rows } = await client.query<{ got: boolean; pid: number }>(
      "select pg_try_advisory_lock($1) as got, pg_backend_pid() as pid",
      [LOCK],
    );
    const { got = false, pid } = rows[0] ?? {};
    // The server announced its backend, a pooler a number of its own.
    const isPooled = pid !== sessionOf(client).processId;
    if (attempt === 1 && isPooled)
      logger?.warn(
        {},
        "migrations run through a pooler, where their lock may be lost: DATABASE_MIGRATION_URL names the way " +
          "to PostgreSQL itself",
      );
    if (got) return { isPooled };
    if (performance.now() >= giveUpAt)
      throw new MigrationError(
        `another server is still migrating this database after ${timeoutMs / 1000} s: wait for it to end, ` +
          "or end its connection (pg_locks shows it, locktype advisory)",
      );
    if (attempt === 1) logger?.info({}, "waiting for another server to finish migrating the database");
    await sleep(LOCK_POLL_MS);
  }
}
