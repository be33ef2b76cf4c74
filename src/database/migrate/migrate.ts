import type { Client, ClientConfig } from "pg";
import type { Log } from "../../log.ts";
import { MigrationError } from "./error.ts";
import { migrationNames, migrationsDirectory, readMigration } from "./files.ts";
import { prepareLedger, readLedger } from "./ledger.ts";
import { lockMigrations } from "./lock.ts";
import { lossOf } from "./loss.ts";
import { type RunOptions, runMigration } from "./run.ts";
import {
  changedMigrations,
  completeLedger,
  recordObjects,
  refuseBroken,
  refuseChanged,
  refuseNewer,
} from "./schema-state.ts";
import { type Verification, verify } from "./verify.ts";
import { withClient } from "./with-client.ts";

export { MigrationError } from "./error.ts";
export { addMigration, migrationsDirectory } from "./files.ts";
export type { MigrationFault, Verification } from "./verify.ts";

/** Discrete fields, never a URL: a password may hold any character. What else `pg` takes (`ssl`, timeouts) may be added. */
export type MigrationConnection = Omit<ClientConfig, "connectionString"> & {
  host: string;
  port: number;
  user: string;
  password: string;
  database: string;
};

export interface MigrationOptions {
  logger?: Log;
  /** Folder of the SQL files. Default: the one that comes with this program. */
  directory?: string;
  /**
   * How long to wait for another server's migration to end, and how long each migration tries to get its locks on tables, in
   * milliseconds. Default 60,000. Nobody waits behind it for more than two seconds at a time.
   */
  lockTimeoutMs?: number;
}

export interface MigrationState {
  /** File name without `.sql`. */
  name: string;
  /** RFC 3339 in UTC, to the microsecond; null: still to be applied. */
  appliedAt: string | null;
  /** False: applied by a later release, this program has no such file. */
  isKnown: boolean;
  /** True: the file is not the one that was applied. */
  isChanged: boolean;
}

/**
 * Applies every migration that the database has not seen, oldest first, each in a transaction of its own unless its file says
 * otherwise. Servers that start together take turns: the first applies, the others wait and find nothing to do.
 *
 * @param options.upTo name of the last migration to apply. Default: the newest.
 * @throws MigrationError naming file and line, or that another migration did not end in time, that the database is newer than this
 * program, that an applied migration was changed since, or that something is missing of what migrations have made
 */
export async function migrateUp(
  connection: MigrationConnection,
  options: MigrationOptions & { upTo?: string | undefined } = {},
): Promise<{ applied: string[] }> {
  const { directory = migrationsDirectory(), logger, upTo } = options;
  return withLockedClient(connection, options, async (client, run) => {
    const known = await migrationNames(directory);
    const done = await readLedger(client);
    refuseNewer(done, known);
    await refuseChanged(done, directory, known);

    const applied = known.filter((name) => !done.has(name) && (upTo === undefined || name <= upTo));
    const warn = (message: string) => logger?.warn({}, message);
    await completeLedger(client, directory, done, warn);
    // Costs a look into the catalog, which a start with nothing to do is spared.
    const record = applied.length > 0 ? await recordObjects(client) : async () => undefined;
    for (const name of applied) {
      await runMigration(client, "up", name, await readMigration(directory, name), run);
      await record(name);
    }
    await refuseBroken(client, await readLedger(client), warn);
    return { applied };
  });
}

/**
 * Undoes the latest migrations, newest first. What their tables held is lost.
 *
 * @param options.to name of the migration to go back to, or its leading digits; `"0"`: undo all of them
 * @param options.count how many to undo, where `to` does not say. Default 1.
 * @param options.dropData whether rows may be lost. Default: false, nothing is undone where any would be.
 * @throws MigrationError naming the tables and columns that would be lost, or that `to` was never applied
 */
export async function migrateDown(
  connection: MigrationConnection,
  {
    count = 1,
    to,
    dropData = false,
    ...options
  }: MigrationOptions & { count?: number; to?: string | undefined; dropData?: boolean } = {},
): Promise<{ reverted: string[] }> {
  const { directory = migrationsDirectory() } = options;
  return withLockedClient(connection, options, async (client, run) => {
    const known = await migrationNames(directory);
    const applied = await readLedger(client);
    const names = [...applied.keys()].reverse();
    const reverted = names.slice(0, to === undefined ? count : positionOf(names, to));
    const foreign = reverted.filter((name) => !known.includes(name));
    if (foreign.length > 0)
      throw new MigrationError(
        `this program has no ${foreign.join(", ")}: the release that applied it can undo it`,
      );
    if (!dropData) {
      const loss = await lossOf(client, directory, reverted, run);
      if (loss.length > 0)
        throw new MigrationError(
          `undoing ${reverted.join(", ")} would drop what is in ${loss.join(", ")}: make a backup (ltb backup), then say that it may (--yes)`,
        );
    }
    for (const name of reverted)
      await runMigration(client, "down", name, await readMigration(directory, name), run);
    return { reverted };
  });
}

/** How many of `names`, the newest first, are later than `to`. */
function positionOf(names: readonly string[], to: string): number {
  if (/^0+$/.test(to)) return names.length;
  const meant = names.filter((name) => name === to || (/^\d+$/.test(to) && name.startsWith(to)));
  if (meant[0] !== undefined && meant.length === 1) return names.indexOf(meant[0]);
  throw new MigrationError(
    `${JSON.stringify(to)}: expected one of the applied migrations (${names.at(-1)} … ${names[0]}), by its name or its leading digits, or 0 for none`,
  );
}

/** Every migration that this program or the database knows, oldest first. Changes nothing and takes no lock. */
export async function migrationStatus(
  connection: MigrationConnection,
  { directory = migrationsDirectory() }: MigrationOptions = {},
): Promise<MigrationState[]> {
  const known = await migrationNames(directory);
  const applied = await withClient(connection, readLedger);
  const changed = await changedMigrations(applied, directory, known);
  const names = [...new Set([...known, ...applied.keys()])].sort();
  return names.map((name) => ({
    name,
    appliedAt: applied.get(name)?.appliedAt ?? null,
    isKnown: known.includes(name),
    isChanged: changed.includes(name),
  }));
}

/**
 * Compares the database with the migrations: what was applied with the files, and its tables, columns, constraints, indexes, triggers
 * and functions with what those make in an empty schema, which is rolled back. Changes nothing.
 */
export function verifyMigrations(
  connection: MigrationConnection,
  { directory = migrationsDirectory() }: MigrationOptions = {},
): Promise<Verification> {
  return withClient(connection, async (client) => {
    await client.query(SETTINGS);
    return verify(client, directory);
  });
}

/** Names of the migrations that this program brings, oldest first. */
export function migrationsKnown(): Promise<string[]> {
  return migrationNames(migrationsDirectory());
}

/** Name of the latest applied migration; null where there is none. */
export async function schemaVersion(connection: MigrationConnection): Promise<string | null> {
  return [...(await withClient(connection, readLedger)).keys()].at(-1) ?? null;
}

/** A role's own timeouts are meant for short statements. */
const SETTINGS = `set statement_timeout to 0; set idle_in_transaction_session_timeout to 0; set lock_timeout to 0;
  set client_min_messages to warning`;

async function withLockedClient<T>(
  connection: MigrationConnection,
  { lockTimeoutMs = 60_000, logger }: MigrationOptions,
  work: (client: Client, run: RunOptions) => Promise<T>,
): Promise<T> {
  return withClient(connection, async (client) => {
    const { isPooled } = await lockMigrations(client, lockTimeoutMs, logger);
    try {
      await client.query(SETTINGS);
      await prepareLedger(client);
      return await work(client, { info: (message) => logger?.info({}, message), lockTimeoutMs });
    } finally {
      if (isPooled) await client.query("discard all").catch(() => undefined);
    }
  });
}
