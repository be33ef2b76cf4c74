import type { Client } from "pg";
import { z } from "zod";
import type { DatabaseConfig } from "../../src/config.ts";
import type { Executor } from "../../src/database/statement/executor.ts";
import { sql } from "../../src/database/statement/sql.ts";
import { Database } from "../../src/storage.ts";

/** A pool of few connections, so that a connection that does not come back is noticed. */
export function smallPool(config: DatabaseConfig, options: Partial<DatabaseConfig> = {}): Promise<Database> {
  return Database.connect({ ...config, poolSize: 1, ...options });
}

/** The process that serves the connection that runs this. */
export async function backend(db: Executor): Promise<number> {
  return (await db.one(sql.type(z.object({ pid: z.number() }))`select pg_backend_pid() as pid`)).pid;
}

/** Runs a text that has no parameters and answers its rows. */
export function run(db: Executor, text: string): Promise<readonly Record<string, unknown>[]> {
  const template = Object.assign([text], { raw: Object.freeze([text]) });
  return db.any(sql.type(z.record(z.string(), z.unknown()))(template));
}

/** Statements that run in this database by now, other than the onlooker's own. */
export async function running(client: Client, pattern = "%"): Promise<string[]> {
  const { rows } = await client.query<{ query: string }>(
    `select query from pg_stat_activity
    where datname = current_database() and pid <> pg_backend_pid() and state <> 'idle' and query like $1`,
    [pattern],
  );
  return rows.map(({ query }) => query);
}
