import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { packageRoot } from "../../version.ts";
import { MigrationError } from "./error.ts";
import { checkRepeatable } from "./repeatable.ts";
import { normalizeStatements, type Statement, splitStatements } from "./statements.ts";

/** The folder of the migrations that come with this program. */
export const migrationsDirectory = join(packageRoot, "migrations");

export type Direction = "up" | "down";

export interface MigrationFile {
  path: string;
  /** The whole file, in which statements say where they begin. */
  text: string;
  statements: Statement[];
  /** A line `-- No Transaction` makes it false: statements run singly, and may run again after a failure. */
  inTransaction: boolean;
  /** SHA-256 of the statements, in hexadecimal; comments and white space do not matter. */
  checksum: string;
}

/** Names (without `.sql`) of a folder's migrations, oldest first. */
export async function listMigrations(directory: string): Promise<string[]> {
  const files = (await readdir(directory)).filter((file) => file.endsWith(".sql")).sort();
  const odd = files.find((file) => !/^\d{14}_[a-z0-9_]+\.sql$/.test(file));
  if (odd)
    throw new MigrationError(
      `${join(directory, odd)}: expected a name like 20240320000001_initial_schema.sql`,
    );
  return files.map((file) => file.slice(0, -".sql".length));
}

/** Reads the file that builds (`NAME.sql`) or the one that undoes it (`down/NAME.sql`). */
export async function readMigration(
  directory: string,
  name: string,
  direction: Direction,
): Promise<MigrationFile> {
  const path = pathOf(directory, name, direction);
  const content = await readFile(path, "utf8").catch((error: Error) => {
    throw new MigrationError(`the ${direction} part of migration ${name} cannot be read: ${error.message}`);
  });
  // Git may have checked it out with the line ends of Windows.
  const text = content.replaceAll("\r\n", "\n");
  const statements = splitStatements(text);
  const inTransaction = !/^-- No Transaction\s*$/m.test(text);
  if (!inTransaction) checkRepeatable({ path, text, statements });
  const checksum = createHash("sha256").update(normalizeStatements(statements)).digest("hex");
  return { path, text, statements, inTransaction, checksum };
}

/**
 * Writes an empty migration and the file that undoes it, `YYYYMMDDHHMMSS_name.sql` (UTC, later than others).
 * @returns the paths of both
 * @throws MigrationError if `name` is not made of lower-case words joined by `_`.
 */
export async function addMigration(
  name: string,
  directory = migrationsDirectory,
): Promise<{ up: string; down: string }> {
  if (!/^[a-z][a-z0-9]*(_[a-z0-9]+)*$/.test(name) || name.length > 200)
    throw new MigrationError(
      `migration name "${name}": expected lower-case words joined by _, at most 200 characters, ` +
        "like add_prompt_versions",
    );
  const latest = (await listMigrations(directory)).at(-1);
  const time = Math.max(Date.now(), latest ? timeOf(latest) + 1_000 : 0);
  const stamp = new Date(time).toISOString().replace(/\D/g, "").slice(0, 14);
  const up = pathOf(directory, `${stamp}_${name}`, "up");
  const down = pathOf(directory, `${stamp}_${name}`, "down");
  await mkdir(join(directory, "down"), { recursive: true });
  await writeFile(up, "", { flag: "wx" });
  await writeFile(down, "", { flag: "wx" });
  return { up, down };
}

function pathOf(directory: string, name: string, direction: Direction): string {
  return direction === "up" ? join(directory, `${name}.sql`) : join(directory, "down", `${name}.sql`);
}

function timeOf(name: string): number {
  const parts = /^(....)(..)(..)(..)(..)(..)/.exec(name)?.slice(1).map(Number) ?? [];
  const [year = 0, month = 1, day, hour, minute, second] = parts;
  return Date.UTC(year, month - 1, day, hour, minute, second);
}
