import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { MigrationError } from "./error.ts";
import { checkRepeatable } from "./repeatable.ts";
import { essence, type Statement, splitStatements } from "./statements.ts";

const FIRST = "20240320000001_initial_schema";

export interface MigrationFile {
  path: string;
  /** The whole file, in which statements say where they begin. */
  text: string;
  up: Statement[];
  down: Statement[];
  /** False where the file has a line `-- No Transaction`: its statements then run one by one, and may run again after a failure. */
  inTransaction: boolean;
  /** SHA-256 of what the up part says, in hexadecimal; comments and white space do not matter. */
  checksum: string;
}

/** The folder that comes with this program: beside `src` in a checkout, in the package's root where it is installed. */
export function migrationsDirectory(): string {
  for (let folder = import.meta.dirname; ; folder = dirname(folder)) {
    const candidate = join(folder, "migrations");
    if (existsSync(join(candidate, `${FIRST}.sql`))) return candidate;
    if (dirname(folder) === folder)
      throw new MigrationError(`no migrations above ${import.meta.dirname}: install the package again`);
  }
}

/** Names (without `.sql`) of a folder's migrations, oldest first. */
export async function migrationNames(directory: string): Promise<string[]> {
  const files = (await readdir(directory)).filter((file) => file.endsWith(".sql")).sort();
  const odd = files.find((file) => !/^\d{14}_[a-z0-9_]+\.sql$/.test(file));
  if (odd) throw new MigrationError(`${join(directory, odd)}: expected a name like ${FIRST}.sql`);
  return files.map((file) => file.slice(0, -".sql".length));
}

export async function readMigration(directory: string, name: string): Promise<MigrationFile> {
  const path = join(directory, `${name}.sql`);
  // Git may have checked it out with the line ends of Windows.
  const text = (await readFile(path, "utf8")).replaceAll("\r\n", "\n");
  const up = text.search(/^-- Up Migration\s*$/m);
  const down = text.search(/^-- Down Migration\s*$/m);
  if (up < 0 || down < up)
    throw new MigrationError(
      `${path}: expected a line "-- Up Migration" and below it a line "-- Down Migration"`,
    );
  const statements = splitStatements(text);
  const inTransaction = !/^-- No Transaction\s*$/m.test(text);
  const file = {
    path,
    text,
    up: statements.filter(({ start }) => start < down),
    down: statements.filter(({ start }) => start > down),
    inTransaction,
  };
  if (!inTransaction) checkRepeatable(file);
  const checksum = createHash("sha256").update(essence(file.up)).digest("hex");
  return { ...file, checksum };
}

/**
 * Writes an empty migration, `YYYYMMDDHHMMSS_name.sql` (UTC, later than all others), and returns its path.
 *
 * @throws MigrationError if `name` is not made of lower-case words joined by `_`.
 */
export async function addMigration(name: string, directory = migrationsDirectory()): Promise<string> {
  if (!/^[a-z][a-z0-9]*(_[a-z0-9]+)*$/.test(name) || name.length > 200)
    throw new MigrationError(
      `migration name "${name}": expected lower-case words joined by _, at most 200 characters, like add_prompt_versions`,
    );
  const latest = (await migrationNames(directory)).at(-1);
  const time = Math.max(Date.now(), latest ? timeOf(latest) + 1_000 : 0);
  const stamp = new Date(time).toISOString().replace(/\D/g, "").slice(0, 14);
  const path = join(directory, `${stamp}_${name}.sql`);
  await writeFile(path, "-- Up Migration\n\n-- Down Migration\n", { flag: "wx" });
  return path;
}

function timeOf(name: string): number {
  const parts = /^(....)(..)(..)(..)(..)(..)/.exec(name)?.slice(1).map(Number) ?? [];
  const [year = 0, month = 1, day, hour, minute, second] = parts;
  return Date.UTC(year, month - 1, day, hour, minute, second);
}
