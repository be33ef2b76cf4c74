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
import { Digests, readBackup } from "./verify.ts";

/**
 * Puts a backup into a database of any supported major version of PostgreSQL: all of it in one transaction,
 * or nothing. It makes the schema that the backup was made from, and brings it up to date afterwards.
 * @throws BackupError if the backup is damaged, of another layout or too new, or the database holds rows
 * @param options.force whether to replace the rows of the database. Default: false; one with rows is refused
 */
export async function restore(
  connection: Connection,
  path: string,
  { force = false }: { force?: boolean } = {},
): Promise<BackupResult> {
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
    const restored = await load(client, path, force);
    await migrateUp(connection);
    await client.query("analyze");
    return restored;
  });
}

async function load(client: Client, path: string, force: boolean): Promise<BackupResult> {
  await client.query(
    `begin; set local statement_timeout = 0; set local idle_in_transaction_session_timeout = 0;
    set local client_encoding = 'UTF8'`,
  );
  try {
    const result = await copyAll(client, path, force);
    await client.query("commit");
    return result;
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
  // The audit trail's guards refuse to empty it. Only the owner can disable them, for this transaction.
  for (const name of names) await client.query(`alter table ${name} disable trigger user`);
  await client.query(`truncate ${names.join(", ")}`);
  for (const name of names) await client.query(`alter table ${name} enable trigger user`);
}
