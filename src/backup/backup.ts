import { open, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import type { Client } from "pg";
import { to as copyTo } from "pg-copy-streams";
import { type Connection, withClient } from "../database/connection/connect.ts";
import { migrationsDirectory } from "../database/migrate/files.ts";
import { compareHistory, refuseMismatch } from "../database/migrate/history.ts";
import { readLedger } from "../database/migrate/ledger.ts";
import { version } from "../version.ts";
import { ArchiveWriter } from "./archive.ts";
import { computeFingerprint, formatCopyTarget, readSequences, readTables } from "./catalog.ts";
import { TableDigest } from "./digest.ts";
import { BackupError, type BackupHeader, type BackupResult, backupFormat } from "./format.ts";

type BackupManifest = BackupResult["manifest"];

/**
 * Writes the database, in its state of one moment, into a new file, which gets its name when it is complete.
 * @throws BackupError for a database without our schema, MigrationError for one from before 0.1.0
 */
export async function backUp(connection: Connection, path: string): Promise<BackupResult> {
  const partial = `${path}.partial`;
  try {
    return await withClient(connection, async (client) => {
      // All tables are read in one snapshot, which has everything committed by now and nothing later.
      await client.query(`begin isolation level repeatable read read only;
        set local statement_timeout = 0; set local idle_in_transaction_session_timeout = 0;
        set local client_encoding = 'UTF8'`);
      const header = await describe(client);
      const file = await open(partial, "w", 0o600);
      const writer = new ArchiveWriter(file.createWriteStream());
      const manifest = await write(client, writer, header).catch(async (error) => {
        await writer.abort();
        throw error;
      });
      await client.query("commit");
      await settle(partial, path);
      return { header, manifest };
    });
  } catch (error) {
    await rm(partial, { force: true });
    throw error;
  }
}

async function describe(client: Client): Promise<BackupHeader> {
  const applied = await readLedger(client);
  const schemaVersion = [...applied.keys()].at(-1);
  if (schemaVersion === undefined) {
    throw new BackupError("the database has no tables of this service: nothing to back up");
  }
  refuseMismatch(await compareHistory(applied, migrationsDirectory), ["pre-release"]);
  const tables = await readTables(client);
  const { rows } = await client.query<{ at: string; version: string }>(
    `select to_char(now() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as at,
      current_setting('server_version') as version`,
  );
  return {
    format: "llm-test-bench-backup",
    version: backupFormat,
    createdAt: rows[0]?.at ?? "",
    serviceVersion: version,
    postgresVersion: rows[0]?.version ?? "",
    schemaVersion,
    fingerprint: computeFingerprint(tables),
    tables: tables.map(({ name, columns }) => ({ name, columns })),
  };
}

async function write(client: Client, writer: ArchiveWriter, header: BackupHeader): Promise<BackupManifest> {
  await writer.header(header);
  const tables: BackupManifest["tables"] = {};
  for (const table of header.tables) {
    const rows = client.query(copyTo(`copy ${formatCopyTarget(client, table)} to stdout`));
    // The stream's own count of rows comes after its end, with a message of its own.
    const digest = new TableDigest();
    const source = async function* () {
      for await (const chunk of rows) {
        digest.update(chunk);
        yield chunk as Buffer;
      }
    };
    await writer.table(table.name, source());
    tables[table.name] = digest.sum();
  }
  const manifest = { tables, sequences: await readSequences(client) };
  await writer.manifest(manifest);
  return manifest;
}

/** Moves the file to its name. After a power cut there is either the whole file or none. */
async function settle(partial: string, path: string): Promise<void> {
  await flush(partial);
  await rename(partial, path);
  if (process.platform !== "win32") await flush(dirname(path));
}

async function flush(path: string): Promise<void> {
  await using file = await open(path, "r");
  await file.sync();
}
