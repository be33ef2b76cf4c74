import { setTimeout as sleep } from "node:timers/promises";
import { Client, type ClientConfig, DatabaseError } from "pg";
import { MigrationError } from "./migrate/error.ts";
import { type MigrationFile, migrationNames, migrationsDirectory, readMigration } from "./migrate/files.ts";
import type { Statement } from "./migrate/statements.ts";

export { MigrationError } from "./migrate/error.ts";
export { addMigration, migrationsDirectory } from "./migrate/files.ts";

/** Discrete fields, never a URL: a password may hold any character. What else `pg` takes (`ssl`, timeouts) may be added. */
export type MigrationConnection = Omit<ClientConfig, "connectionString"> & {
  host: string;
  port: number;
  user: string;
  password: string;
  database: string;
};

export interface MigrationOptions {
  logger?: { info(message: string): void; warn(message: string): void };
  /** Folder of the SQL files. Default: the one that comes with this program. */
  directory?: string;
  /** How long to wait for another server's migration to end, and for each lock on a table, in milliseconds. Default 60,000. */
  lockTimeoutMs?: number;
}

export interface MigrationState {
  /** File name without `.sql`. */
  name: string;
  /** RFC 3339 in UTC, to the microsecond; null: still to be applied. */
  appliedAt: string | null;
}

type Direction = "up" | "down";

const TABLE = "schema_migrations";
/** Any number will do as long as every version takes the same. Advisory locks are per database. */
const LOCK = 7_036_420_324;
const LOCK_POLL_MS = 200;

/**
 * Applies every migration that the database has not seen, oldest first, each in a transaction of its own. Servers that
 * start together take turns: the first applies, the others wait and find nothing to do. A database that has more
 * migrations than this program knows is left as it is, with a warning: the previous release still runs on it.
 *
 * @param options.upTo name of the last migration to apply. Default: the newest.
 * @throws MigrationError naming file and line, or that another migration did not end in time.
 */
export async function migrateUp(
  connection: MigrationConnection,
  options: MigrationOptions & { upTo?: string | undefined } = {},
): Promise<{ applied: string[] }> {
  const { directory = migrationsDirectory(), logger, upTo } = options;
  return withLockedClient(connection, options, async (client) => {
    const known = await migrationNames(directory);
    const done = await appliedMigrations(client);
    const foreign = [...done.keys()].filter((name) => !known.includes(name));
    if (foreign.length > 0)
      logger?.warn(`the database has migrations that this program does not know: ${foreign.join(", ")}`);

    const applied = known.filter((name) => !done.has(name) && (upTo === undefined || name <= upTo));
    for (const name of applied) await run(client, "up", name, { directory, logger });
    return { applied };
  });
}

/** Undoes the latest `count` migrations, newest first. What their tables held is lost. */
export async function migrateDown(
  connection: MigrationConnection,
  { count = 1, ...options }: MigrationOptions & { count?: number } = {},
): Promise<{ reverted: string[] }> {
  const { directory = migrationsDirectory(), logger } = options;
  return withLockedClient(connection, options, async (client) => {
    const reverted = [...(await appliedMigrations(client)).keys()].reverse().slice(0, count);
    for (const name of reverted) await run(client, "down", name, { directory, logger });
    return { reverted };
  });
}

/** Every migration that this program or the database knows, oldest first. Changes nothing and takes no lock. */
export async function migrationStatus(
  connection: MigrationConnection,
  { directory = migrationsDirectory() }: MigrationOptions = {},
): Promise<MigrationState[]> {
  const known = await migrationNames(directory);
  const applied = await withClient(connection, appliedMigrations);
  const names = [...new Set([...known, ...applied.keys()])].sort();
  return names.map((name) => ({ name, appliedAt: applied.get(name) ?? null }));
}

/** Names of the migrations that this program brings, oldest first. */
export function migrationsKnown(): Promise<string[]> {
  return migrationNames(migrationsDirectory());
}

/** Name of the latest applied migration; null where there is none. */
export async function schemaVersion(connection: MigrationConnection): Promise<string | null> {
  return [...(await withClient(connection, appliedMigrations)).keys()].at(-1) ?? null;
}

async function run(
  client: Client,
  direction: Direction,
  name: string,
  { directory, logger }: { directory: string; logger: MigrationOptions["logger"] },
): Promise<void> {
  const startedAt = performance.now();
  const file = await readMigration(directory, name);
  try {
    await client.query("begin");
    for (const statement of file[direction])
      await client.query(statement.text).catch((error: unknown) => {
        throw statementError(file, statement, error);
      });
    const record =
      direction === "up" ? `insert into ${TABLE} (name) values ($1)` : `delete from ${TABLE} where name = $1`;
    await client.query(record, [name]);
    await client.query("commit");
  } catch (error) {
    // The connection may be what failed; the first error is the one to report.
    await client.query("rollback").catch(() => undefined);
    throw error;
  }
  const milliseconds = Math.round(performance.now() - startedAt);
  logger?.info(`migration ${name} ${direction === "up" ? "applied" : "undone"} in ${milliseconds} ms`);
}

function statementError({ path, text }: MigrationFile, statement: Statement, error: unknown): MigrationError {
  const { position, detail, hint } = error instanceof DatabaseError ? error : {};
  // Counted from 1 within the statement, and missing where the statement as such is well-formed.
  const offset = statement.start + (position ? Number(position) - 1 : 0);
  const line = text.slice(0, offset).split("\n").length;
  const reason = error instanceof Error ? error.message : String(error);
  const [excerpt = ""] = statement.text.split("\n", 1);
  const message = [reason, detail, hint].filter(Boolean).join("; ");
  return new MigrationError(`${path}:${line}: ${message} (in: ${excerpt.slice(0, 120)})`, { cause: error });
}

/** Names and times, oldest first; empty where nothing was ever migrated. */
async function appliedMigrations(client: Client): Promise<Map<string, string>> {
  if (!(await tableExists(client))) return new Map();
  const { rows } = await client.query<{ name: string; applied_at: string }>(
    `select name, to_char(applied_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as applied_at
    from ${TABLE} order by name collate "C"`,
  );
  return new Map(rows.map(({ name, applied_at }) => [name, applied_at]));
}

async function tableExists(client: Client): Promise<boolean> {
  const { rowCount } = await client.query(`select where to_regclass('${TABLE}') is not null`);
  return rowCount === 1;
}

async function withLockedClient<T>(
  connection: MigrationConnection,
  { lockTimeoutMs = 60_000, logger }: MigrationOptions,
  work: (client: Client) => Promise<T>,
): Promise<T> {
  return withClient(connection, async (client) => {
    await lock(client, lockTimeoutMs, logger);
    // A role's own timeouts are meant for short statements. A table that stays locked must not hold up a start for ever,
    // nor everyone who queues behind the migration.
    await client.query(
      `set statement_timeout to 0; set idle_in_transaction_session_timeout to 0; set client_min_messages to warning;
      set lock_timeout to ${Math.ceil(lockTimeoutMs)}`,
    );
    // Asked first: a role that may not create tables can still find that there is nothing to do.
    if (!(await tableExists(client)))
      await client.query(
        `create table ${TABLE} (name varchar(255) primary key, applied_at timestamptz not null default now())`,
      );
    return work(client);
  });
}

/**
 * Held until the connection ends. Tried again and again instead of waited for inside PostgreSQL: a waiting statement holds
 * a snapshot, and a migration that creates an index concurrently would wait for that snapshot for ever.
 */
async function lock(client: Client, timeoutMs: number, logger: MigrationOptions["logger"]): Promise<void> {
  const giveUpAt = performance.now() + timeoutMs;
  for (let attempt = 1; ; attempt++) {
    const { rowCount } = await client.query("select from pg_try_advisory_lock($1) as got where got", [LOCK]);
    if (rowCount === 1) return;
    if (performance.now() >= giveUpAt)
      throw new MigrationError(
        `another server is still migrating this database after ${timeoutMs / 1000} s: wait for it to end, or end its connection (pg_locks shows it, locktype advisory)`,
      );
    if (attempt === 1) logger?.info("waiting for another server to finish migrating the database");
    await sleep(LOCK_POLL_MS);
  }
}

async function withClient<T>(
  connection: MigrationConnection,
  work: (client: Client) => Promise<T>,
): Promise<T> {
  const client = new Client(connection);
  // A lost connection also fails the query that waits on it; without a listener it would end the process.
  client.on("error", () => undefined);
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
