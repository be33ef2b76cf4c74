import { z } from "zod";

/**
 * A backup is a tar file that streams from beginning to end:
 *
 * - `backup.json`: the time and source of the backup, and the columns of every table, in an order in which
 *   references hold;
 * - `tables/NAME/000001.copy.gz` …: the answer of `COPY … TO STDOUT` (PostgreSQL's text format, UTF-8), cut
 *   at any byte and each part compressed by itself: `tar -xOf FILE --wildcards 'tables/jobs/*' | zcat` is the
 *   table;
 * - `manifest.json`, last: rows, bytes and SHA-256 of each table's text. A file without it is incomplete.
 */
export const backupFormat = 1;

const table = z.object({ name: z.string(), columns: z.array(z.string()).min(1) });

export const backupHeader = z.object({
  format: z.literal("llm-test-bench-backup"),
  version: z.int(),
  createdAt: z.string(),
  serviceVersion: z.string(),
  postgresVersion: z.string(),
  /** Name of the latest migration. */
  schemaVersion: z.string(),
  /** Fingerprint of the tables (`computeFingerprint`). Empty in files from before 0.1.0, which had none. */
  fingerprint: z.string().default(""),
  tables: z.array(table),
});
export type BackupHeader = z.output<typeof backupHeader>;
export type BackupTable = z.output<typeof table>;

const tableDigest = z.object({ rows: z.int(), bytes: z.int(), sha256: z.string() });

export const backupManifest = z.object({
  tables: z.record(z.string(), tableDigest),
  /** State of the sequences after the tables were read, so never behind them. */
  sequences: z.record(z.string(), z.object({ lastValue: z.string(), isCalled: z.boolean() })),
});
export type BackupManifest = z.output<typeof backupManifest>;

/** The beginning of a backup, and its end. */
export interface BackupResult {
  header: BackupHeader;
  manifest: BackupManifest;
}

/** A backup is damaged, incomplete, of another layout, too new, or does not fit the database. */
export class BackupError extends Error {
  override readonly name = "BackupError";
}
