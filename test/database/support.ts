import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Client } from "pg";
import { inject, onTestFinished } from "vitest";
import { z } from "zod";
import type { DatabaseConfig } from "../../src/config.ts";
import type { Connection } from "../../src/database/connection/connect.ts";
import { listMigrations, migrationsDirectory } from "../../src/database/migrate/files.ts";
import { migrationStatus } from "../../src/database/migrate/migrate.ts";
import type { Executor } from "../../src/database/statement/executor.ts";
import { sql } from "../../src/database/statement/sql.ts";
import { Database } from "../../src/storage.ts";
import { temporaryFolder } from "../harness/folder.ts";
import { silentLog } from "../harness/log.ts";
import { createTestDatabase } from "../harness/postgres.ts";

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

export async function emptyDatabase(): Promise<Connection> {
  const { database } = await createTestDatabase({ template: false });
  return { ...inject("postgres"), database };
}

/** Names of the service's own migrations, oldest first. */
export const migrationsKnown = () => listMigrations(migrationsDirectory);

/** Name of the latest applied migration; undefined where there is none. */
export async function latestApplied(connection: Connection): Promise<string | undefined> {
  return (await migrationStatus(connection)).findLast(({ appliedAt }) => appliedAt !== null)?.name;
}

export async function query<T extends object>(connection: Connection, text: string): Promise<T[]> {
  const client = new Client(connection);
  await client.connect();
  try {
    return (await client.query<T>(text)).rows;
  } finally {
    await client.end();
  }
}

/** A connection of the test's own, closed when it ends. */
export async function connected(connection: Connection): Promise<Client> {
  const client = new Client(connection);
  client.on("error", () => undefined);
  await client.connect();
  onTestFinished(() => client.end());
  return client;
}

export function recorder() {
  const lines: string[] = [];
  const write = (_: object, message: string) => void lines.push(message);
  return { lines, logger: { ...silentLog, info: write, warn: write } };
}

/** Writes a migration of the test's own: the file that builds and the one that undoes it. */
export function writerInto(directory: string) {
  return async (name: string, up: string, down = "") => {
    await mkdir(join(directory, "down"), { recursive: true });
    await writeFile(join(directory, `${name}.sql`), `${up}\n`);
    await writeFile(join(directory, "down", `${name}.sql`), `${down}\n`);
  };
}

/** A folder for migrations of the test's own, which `write` puts there. */
export async function ownMigrations() {
  const directory = temporaryFolder();
  return { directory, write: writerInto(directory) };
}
