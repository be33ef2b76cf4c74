import type { Client } from "pg";
import { type Catalog, readCatalog } from "./catalog.ts";
import { type MigrationFile, readMigration } from "./files.ts";
import { removeConcurrently } from "./repeatable.ts";
import { settleDefinitions } from "./settle.ts";

const SCHEMA = "ltb_scratch";

/** How a schema compares with the one that migrations make. */
export interface Comparison {
  /** What the schema has after each of the migrations. */
  expected: Catalog[];
  /** Objects whose definitions differ from those after the last migration. */
  different: string[];
}

/**
 * Compares a schema with what it should look like after these migrations: they run in a schema of their own,
 * within a transaction that is rolled back, so that neither others nor a crash ever see anything of it.
 * @returns undefined where the role may not create a schema
 */
export async function compareWithMigrations(
  client: Client,
  present: Catalog,
  directory: string,
  names: readonly string[],
): Promise<Comparison | undefined> {
  const { rows } = await client.query<{ allowed: boolean; schema: string }>(
    `select has_database_privilege(current_database(), 'create') as allowed,
      quote_ident(current_schema()) as schema`,
  );
  const { allowed = false, schema = "" } = rows[0] ?? {};
  if (!allowed) return undefined;
  // A function may bear the schema that it was made in.
  const read = async () =>
    new Map(
      (await readCatalog(client)).entries().map(([name, text]) => [name, text.replaceAll(SCHEMA, schema)]),
    );
  await client.query("begin");
  try {
    await client.query(`create schema ${SCHEMA}; set local search_path to ${SCHEMA}`);
    const expected: Catalog[] = [];
    for (const name of names) {
      await runInTransaction(client, await readMigration(directory, name, "up"));
      expected.push(await read());
    }
    const wanted = new Map(expected.at(-1));
    for (const [name, text] of wanted) if ((present.get(name) ?? text) === text) wanted.delete(name);
    const found = new Map(wanted.keys().map((name) => [name, present.get(name) ?? ""]));
    const [settledWanted, settledFound] = [
      await settleDefinitions(client, wanted),
      await settleDefinitions(client, found),
    ];
    const isDifferent = (name: string) => settledWanted.get(name) !== settledFound.get(name);
    return { expected, different: [...wanted.keys()].filter(isDifferent) };
  } finally {
    await client.query("rollback");
  }
}

/** Runs all statements within the transaction under way, whatever the file says of transactions. */
export async function runInTransaction(client: Client, { statements }: MigrationFile): Promise<void> {
  for (const { text } of statements) await client.query(removeConcurrently(text));
}
