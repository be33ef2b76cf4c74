import { damaged, readArchive } from "./archive.ts";
import { TableDigest } from "./digest.ts";
import type { BackupResult } from "./format.ts";
import { refuseOtherLayout } from "./layouts.ts";

/**
 * Reads a backup to its end and compares each table with its SHA-256, and its layout with this program's.
 * @throws BackupError that names what is wrong
 */
export async function verifyBackup(path: string): Promise<BackupResult> {
  const result = await readBackup(path);
  refuseOtherLayout(path, result.header);
  return result;
}

/**
 * Reads a backup to its end and compares each table with its SHA-256.
 * @throws BackupError if it is damaged
 */
export async function readBackup(path: string): Promise<BackupResult> {
  const digests = new Digests(path);
  const result = await readArchive(path, { table: ({ name }, bytes) => digests.update(name, bytes) });
  digests.compare(result);
  return result;
}

/** Hashes the tables of an archive while it is read. */
export class Digests {
  readonly #path: string;
  readonly #tables = new Map<string, TableDigest>();

  constructor(path: string) {
    this.#path = path;
  }

  update(name: string, bytes: Buffer): void {
    const table = this.#tables.get(name) ?? new TableDigest();
    this.#tables.set(name, table);
    table.update(bytes);
  }

  /** @throws BackupError for the first table that differs from the manifest */
  compare({ header, manifest }: BackupResult): void {
    for (const { name } of header.tables) {
      const expected = manifest.tables[name];
      if (!expected) throw damaged(this.#path, `the manifest lacks table ${name}`);
      const { rows, bytes, sha256 } = (this.#tables.get(name) ?? new TableDigest()).sum();
      if (sha256 !== expected.sha256 || bytes !== expected.bytes || rows !== expected.rows)
        throw damaged(this.#path, `table ${name} is not what was written (${expected.rows} rows expected)`);
    }
  }
}
