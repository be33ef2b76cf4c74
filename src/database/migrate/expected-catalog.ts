import type { Client } from "pg";
import { type Catalog, readCatalog } from "./catalog.ts";
import { type MigrationFile, readMigration } from "./files.ts";
import { removeConcurrently } from "./repeatable.ts";

const SCHEMA = "ltb_scratch";

/**
 * Builds what a database should look like after these migrations: they run in a schema of their own, within a
 * transaction that is rolled back, so that neither others nor a crash ever see anything of it.
 * @returns undefined where the role may not create a schema
 */
export async function buildExpectedCatalog(
  client: Client,
  directory: string,
  names: readonly string[],
): Promise<Catalog | undefined> {
  const { rows } = await client.query<{ allowed: boolean; schema: string }>(
    `select has_database_privilege(current_database(), 'create') as allowed,
      quote_ident(current_schema()) as schema`,
  );
  const { allowed = false, schema = "" } = rows[0] ?? {};
  if (!allowed) return undefined;
  await client.query("begin");
  try {
    await client.query(`create schema ${SCHEMA}; set local search_path to ${SCHEMA}`);
    for (const name of names) await runInTransaction(client, await readMigration(directory, name, "up"));
    const catalog = await readCatalog(client);
    // A function may bear the schema that it was made in.
    for (const [object, definition] of catalog) catalog.set(object, definition.replaceAll(SCHEMA, schema));
    return catalog;
  } finally {
    await client.query("rollback");
  }
}

/** Runs all statements within the transaction under way, whatever the file says of transactions. */
export async function runInTransaction(client: Client, { statements }: MigrationFile): Promise<void> {
  for (const { text } of statements) await client.query(removeConcurrently(text));
}
