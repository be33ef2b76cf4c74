import { once } from "node:events";
import { finished } from "node:stream/promises";
import type { Client } from "pg";
import { type CopyStreamQuery, from as copyFrom } from "pg-copy-streams";
import { type Connection, withClient } from "../database/connection/connect.ts";
import { readLedger } from "../database/migrate/ledger.ts";
import { migrateUp } from "../database/migrate/migrate.ts";
import { readArchive } from "./archive.ts";
import { computeFingerprint, formatCopyTarget, readTables } from "./catalog.ts";
import { BackupError, type BackupHeader, type BackupResult } from "./format.ts";
import { otherLayout, refuseLater, refuseOtherLayout } from "./layouts.ts";
import { type CameBack, readHead, rememberAccess, settle, truncate } from "./settle.ts";
import { Digests, readBackup } from "./verify.ts";

export interface RestoreOptions {
  /** Whether nothing was served since the backup, so that all is as it was. Default: false. */
  isMove?: boolean;
  /** Whether to replace the rows of the database. Default: false; one with rows is refused. */
  force?: boolean;
  /** Whether the sessions of the backup go on. Default: false, since some may have been ended after it. */
  keepSessions?: boolean;
  /** Whether to drop the seals of the audit trail, so that a server seals all of it anew. Default: false. */
  sealAnew?: boolean;
}

export interface RestoreResult extends BackupResult {
  /** The number of sessions that ended. */
  sessionsEnded: number;
  /** The number of sessions that are good again. */
  sessionsKept: number;
  /** What the replaced rows said otherwise. Without any, nobody can know. */
  cameBack: CameBack[];
}

/**
 * Puts a backup into a database of any supported major version of PostgreSQL: all of it in one transaction,
 * or nothing. It makes the schema that the backup was made from, and brings it up to date afterwards. The
 * audit trail tells of it, unless that is a move.
 * @throws BackupError if the backup is damaged, of another layout or too new, or the database holds rows
 */
export async function restore(
  connection: Connection,
  path: string,
  options: RestoreOptions = {},
): Promise<RestoreResult> {
  // The file is read twice, so that a damaged one does not touch the database.
  const { header } = await readBackup(path);
  refuseLater(path, header);
  return withClient(connection, async (client) => {
    const present = [...(await readLedger(client)).keys()].at(-1);
    if (present === undefined) refuseOtherLayout(path, header);
    else if (present !== header.schemaVersion)
      throw new BackupError(
        `${path} was made with migration ${header.schemaVersion}, the database is at ${present}: restore into ` +
          "a new database, which is then brought up to date",
      );
    await migrateUp(connection, { upTo: header.schemaVersion });
    const restored = await load(client, path, header, options);
    await migrateUp(connection);
    await client.query("analyze");
    return restored;
  });
}

async function load(
  client: Client,
  path: string,
  header: BackupHeader,
  options: RestoreOptions,
): Promise<RestoreResult> {
  await client.query(
    `begin; set local statement_timeout = 0; set local idle_in_transaction_session_timeout = 0;
    set local client_encoding = 'UTF8'`,
  );
  try {
    await rememberAccess(client);
    const formerHead = await readHead(client, header);
    const result = await copyAll(client, path, options.force ?? false);
    const settled = options.isMove
      ? { sessionsEnded: 0, sessionsKept: 0, cameBack: [] }
      : await settle(client, header, formerHead, options);
    await client.query("commit");
    return { ...result, ...settled };
  } catch (error) {
    await client.query("rollback").catch(() => undefined);
    throw error;
  }
}

async function copyAll(client: Client, path: string, force: boolean): Promise<BackupResult> {
  const digests = new Digests(path);
  let current: { name: string; copy: CopyStreamQuery; done: Promise<void> } | undefined;
  const endTable = async () => {
    current?.copy.end();
    await current?.done;
  };
  const result = await readArchive(path, {
    header: (header) => emptyTables(client, path, header, force),
    async table(table, bytes) {
      digests.update(table.name, bytes);
      if (current?.name !== table.name) {
        await endTable();
        const copy = client.query(copyFrom(`copy ${formatCopyTarget(client, table)} from stdin`));
        const done = finished(copy);
        // A refused row ends the stream between two of our steps; the next step gets the error.
        done.catch(() => undefined);
        current = { name: table.name, copy, done };
      }
      const { copy, done } = current;
      if (copy.errored) await done;
      if (!copy.write(bytes)) await Promise.race([once(copy, "drain"), done]);
    },
  });
  await endTable();
  // The file may have changed since it was verified.
  digests.compare(result);
  for (const [name, { lastValue, isCalled }] of Object.entries(result.manifest.sequences)) {
    const next = BigInt(lastValue) + (isCalled ? 1n : 0n);
    // Unlike setval, this is undone with the transaction.
    await client.query(`alter sequence ${client.escapeIdentifier(name)} restart with ${next}`);
  }
  return result;
}

/** Locks every table against others and leaves them empty, if they are those of the backup. */
async function emptyTables(client: Client, path: string, header: BackupHeader, force: boolean) {
  const tables = await readTables(client);
  if (computeFingerprint(tables) !== header.fingerprint) throw otherLayout(path, header);
  const names = tables.map(({ name }) => client.escapeIdentifier(name));
  await client.query(`lock table ${names.join(", ")} in access exclusive mode`);
  if (!force) {
    for (const name of names) {
      const { rowCount } = await client.query(`select from ${name} limit 1`);
      if (rowCount !== 0)
        throw new BackupError(
          `the database is not empty (${name} has rows): restore into an empty one, or replace what it holds ` +
            "with --force",
        );
    }
    return;
  }
  await truncate(client, names);
}
