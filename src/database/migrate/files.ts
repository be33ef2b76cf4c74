import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join, resolve, sep } from "node:path";
import { packageRoot } from "../../version.ts";
import { formatPlace, MigrationError } from "./error.ts";
import { checkRepeatable } from "./repeatable.ts";
import { normalizeStatements, type Statement, splitStatements } from "./statements.ts";

/** The folder of the migrations that come with this program. */
export const migrationsDirectory = join(packageRoot, "migrations");

export type Direction = "up" | "down";

export interface MigrationFile {
  path: string;
  /** The whole file, in which statements say where they begin. */
  text: string;
  /** Without the `begin` and `commit` around them, since the runner has a transaction of its own. */
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
  const inTransaction = !/^-- No Transaction\s*$/m.test(text);
  const all = splitStatements(text);
  const statements = inTransaction ? removeTransaction(path, text, all) : all;
  if (!inTransaction) checkRepeatable({ path, text, statements });
  const checksum = createHash("sha256").update(normalizeStatements(statements)).digest("hex");
  return { path, text, statements, inTransaction, checksum };
}

const CONTROL =
  /^(begin|start\s+transaction|commit|end|rollback|abort|savepoint|release|prepare\s+transaction)\b/i;

/** Takes off the `begin` and `commit` that make a file one transaction for psql too. */
function removeTransaction(path: string, text: string, statements: Statement[]): Statement[] {
  const words = [statements.at(0), statements.at(-1)].map((one) => one?.text.trim().toLowerCase());
  const inner = words.join() === "begin,commit" ? statements.slice(1, -1) : statements;
  const other = inner.find((one) => CONTROL.test(one.text));
  if (!other) return inner;
  throw new MigrationError(
    `${formatPlace({ path, text }, other.start)}: a migration may begin and end its transaction only by ` +
      "begin as its first and commit as its last statement",
  );
}

/**
 * Writes an empty migration and the file that undoes it, `YYYYMMDDHHMMSS_name.sql` (UTC, later than others).
 * @param directory is made if there is none. It may not belong to an installed package, which npm replaces
 * @returns the paths of both
 * @throws MigrationError if `name` is not made of lower-case words joined by `_`.
 */
export async function addMigration(name: string, directory: string): Promise<{ up: string; down: string }> {
  if (!/^[a-z][a-z0-9]*(_[a-z0-9]+)*$/.test(name) || name.length > 200)
    throw new MigrationError(
      `migration name "${name}": expected lower-case words joined by _, at most 200 characters, ` +
        "like add_prompt_versions",
    );
  if (resolve(directory).split(sep).includes("node_modules"))
    throw new MigrationError(
      `${directory} belongs to an installed package, which npm replaces as a whole: ` +
        "call the command in a folder of your own",
    );
  await mkdir(join(directory, "down"), { recursive: true });
  const others = [await listMigrations(directory), await listMigrations(migrationsDirectory)];
  const latest = Math.max(...others.map((names) => timeOf(names.at(-1) ?? "19700101000000") + 1_000));
  const time = Math.max(Date.now(), latest);
  const stamp = new Date(time).toISOString().replace(/\D/g, "").slice(0, 14);
  const up = pathOf(directory, `${stamp}_${name}`, "up");
  const down = pathOf(directory, `${stamp}_${name}`, "down");
  for (const path of [up, down]) await writeFile(path, "begin;\n\ncommit;\n", { flag: "wx" });
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
