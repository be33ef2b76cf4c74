import { type Client, DatabaseError } from "pg";
import type { Log } from "../../log.ts";
import { messageOf } from "../../thrown.ts";
import { type Connection, withClient } from "../connection/connect.ts";
import { adoptSchema } from "./adopt.ts";
import { refuseBrokenSchema } from "./broken-schema.ts";
import { readCatalog } from "./catalog.ts";
import { findDataLoss } from "./data-loss.ts";
import { MigrationError } from "./error.ts";
import { migrationsDirectory, readMigration } from "./files.ts";
import { compareHistory, type MigrationState, namesWhere, refuseMismatch } from "./history.ts";
import { createLedger, readLedger, recordDown, recordUp } from "./ledger.ts";
import { lockMigrations } from "./lock.ts";
import { type RunOptions, runMigration } from "./run.ts";
import { type Verification, verifySchema } from "./verify.ts";

export { MigrationError } from "./error.ts";
export { findMismatch, type HistoryMismatch, type MigrationState, refuseMismatch } from "./history.ts";
export type { MigrationFault, Verification } from "./verify.ts";

export interface MigrationOptions {
  logger?: Log;
  /** Folder of the SQL files. Default: the one that comes with this program. */
  directory?: string;
  /**
   * How long to wait for another server's migration, and how long each migration tries for its locks on
   * tables, in milliseconds. Default 60,000. Nobody waits behind it for more than two seconds at a time.
   */
  lockTimeoutMs?: number;
}

/**
 * Applies every migration that the database has not seen, oldest first, each in a transaction of its own
 * unless its file says otherwise. Servers that start together take turns. What psql or sqlx made from the
 * same files is recorded as applied.
 * @param options.upTo name of the last migration to apply. Default: the newest.
 * @throws MigrationError naming file and line, or that another migration did not end in time, that the
 * database's migrations are not this program's, or that something is missing of what they have made
 */
export async function migrateUp(
  connection: Connection,
  options: MigrationOptions & { upTo?: string | undefined } = {},
): Promise<{ applied: string[] }> {
  const { directory = migrationsDirectory, logger, upTo } = options;
  return withLockedClient(connection, options, async (client, run) => {
    if ((await readLedger(client)).size === 0) await adoptSchema(client, directory, run.info);
    const states = await compareHistory(await readLedger(client), directory);
    refuseMismatch(states);
    const pending = namesWhere(states, ({ appliedAt }) => appliedAt === null);
    const applied = pending.filter((name) => upTo === undefined || name <= upTo);
    for (const name of applied) {
      const file = await readMigration(directory, name, "up");
      const before = await readCatalog(client);
      const record = async () =>
        recordUp(client, name, file.checksum, await findObjects(client, [...before.keys()]));
      await runMigration(client, "up", name, file, record, run);
    }
    await refuseBrokenSchema(client, await readLedger(client), (message) => logger?.warn({}, message));
    return { applied };
  });
}

/**
 * Finds the objects that should exist after a migration: those that should have existed before it and those
 * that it made, less those that it dropped. Objects that others have made are not among them.
 */
async function findObjects(client: Client, before: readonly string[]): Promise<string[]> {
  const expected = [...(await readLedger(client)).values()].at(-1)?.objects ?? [];
  const after = [...(await readCatalog(client)).keys()];
  return [
    // An object that was already missing before stays expected.
    ...expected.filter((object) => after.includes(object) || !before.includes(object)),
    ...after.filter((object) => !before.includes(object)),
  ];
}

/**
 * Undoes the latest migrations, newest first. What their tables held is lost.
 * @param options.to name of the migration to go back to, or its leading digits; `"0"`: undo all of them
 * @param options.count how many to undo, where `to` does not say. Default 1.
 * @param options.dropData whether rows may be lost. Default: false, nothing is undone where any would be.
 * @throws MigrationError naming the tables and columns that would be lost, that `to` was never applied, or
 * that this program did not make the database
 */
export async function migrateDown(
  connection: Connection,
  {
    count = 1,
    to,
    dropData = false,
    ...options
  }: MigrationOptions & { count?: number; to?: string | undefined; dropData?: boolean } = {},
): Promise<{ reverted: string[] }> {
  const { directory = migrationsDirectory } = options;
  return withLockedClient(connection, options, async (client, run) => {
    const states = await compareHistory(await readLedger(client), directory);
    refuseMismatch(states, ["pre-release"]);
    const applied = states.filter(({ appliedAt }) => appliedAt !== null).reverse();
    const names = applied.map(({ name }) => name);
    const reverted = names.slice(0, to === undefined ? count : countLater(names, to));
    const foreign = applied.filter(({ name, isKnown }) => !isKnown && reverted.includes(name));
    if (foreign.length > 0)
      throw new MigrationError(
        `this program has no ${foreign.map(({ name }) => name).join(", ")}: ` +
          "the release that applied it can undo it",
      );
    if (!dropData) {
      const loss = await findDataLoss(client, directory, reverted, run);
      if (loss.length > 0)
        throw new MigrationError(
          `undoing ${reverted.join(", ")} would drop what is in ${loss.join(", ")}: ` +
            "make a backup (ltb backup), then say that it may (--yes)",
        );
    }
    for (const name of reverted) {
      const file = await readMigration(directory, name, "down");
      await runMigration(client, "down", name, file, () => recordDown(client, name), run);
    }
    return { reverted };
  });
}

/** Counts those of `names`, the newest first, that are later than `to`. */
function countLater(names: readonly string[], to: string): number {
  if (/^0+$/.test(to)) return names.length;
  const meant = names.filter((name) => name === to || (/^\d+$/.test(to) && name.startsWith(to)));
  if (meant[0] !== undefined && meant.length === 1) return names.indexOf(meant[0]);
  throw new MigrationError(
    `${JSON.stringify(to)}: expected one of the applied migrations (${names.at(-1)} … ${names[0]}), ` +
      "by its name or its leading digits, or 0 for none",
  );
}

/** Reads every migration that this program or the database knows, oldest first. Takes no lock. */
export async function migrationStatus(
  connection: Connection,
  { directory = migrationsDirectory }: MigrationOptions = {},
): Promise<MigrationState[]> {
  return compareHistory(await withClient(connection, readLedger), directory);
}

/**
 * Compares the database with the migrations: what was applied with the files, and every object with what they
 * make in an empty schema, which is rolled back. Changes nothing.
 * @throws MigrationError if the database was made before 0.1.0
 */
export function verifyMigrations(
  connection: Connection,
  { directory = migrationsDirectory }: MigrationOptions = {},
): Promise<Verification> {
  return withClient(connection, async (client) => {
    await client.query(SETTINGS);
    return verifySchema(client, directory);
  });
}

/** A role's own timeouts are meant for short statements. */
const SETTINGS = `set statement_timeout to 0; set idle_in_transaction_session_timeout to 0;
  set lock_timeout to 0; set client_min_messages to warning`;

async function withLockedClient<T>(
  connection: Connection,
  { lockTimeoutMs = 60_000, logger }: MigrationOptions,
  work: (client: Client, run: RunOptions) => Promise<T>,
): Promise<T> {
  return withClient(connection, async (client) => {
    const { isPooled } = await lockMigrations(client, lockTimeoutMs, logger);
    try {
      await client.query(SETTINGS);
      await createLedger(client);
      return await work(client, { info: (message) => logger?.info({}, message), lockTimeoutMs });
    } catch (error) {
      const cause = error instanceof MigrationError ? error.cause : error;
      // insufficient_privilege, as of the service's own role beside that of an owner
      if (!(cause instanceof DatabaseError && cause.code === "42501")) throw error;
      const message = `the role ${client.user} may not change the schema (${messageOf(error)})`;
      throw new MigrationError(`${message}; run \`ltb migrate up\` first, as the schema's owner`, { cause });
    } finally {
      if (isPooled) await client.query("discard all").catch(() => undefined);
    }
  });
}
