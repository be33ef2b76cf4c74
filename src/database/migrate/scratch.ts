import type { Client } from "pg";
import { type Catalog, readCatalog } from "./catalog.ts";
import { type MigrationFile, readMigration } from "./files.ts";
import { withoutConcurrently } from "./repeatable.ts";

const SCHEMA = "ltb_scratch";

/**
 * What a database looks like after each of these migrations: they run in a schema of their own, within a transaction that is rolled
 * back, so that neither others nor a crash ever see anything of it.
 * @returns undefined where the role may not create a schema
 */
export async function expectedCatalogs(
  client: Client,
  directory: string,
  names: readonly string[],
): Promise<Map<string, Catalog> | undefined> {
  const { rows } = await client.query<{ allowed: boolean; schema: string }>(
    "select has_database_privilege(current_database(), 'create') as allowed, quote_ident(current_schema()) as schema",
  );
  const { allowed = false, schema = "" } = rows[0] ?? {};
  if (!allowed) return undefined;
  const catalogs = new Map<string, Catalog>();
  await client.query("begin");
  try {
    await client.query(`create schema ${SCHEMA}; set local search_path to ${SCHEMA}`);
    for (const name of names) {
      const file = await readMigration(directory, name);
      await runWithin(client, file, "up");
      const found = await readCatalog(client);
      // A function may bear the schema that it was made in.
      for (const [object, definition] of found) found.set(object, definition.replaceAll(SCHEMA, schema));
      catalogs.set(name, found);
    }
  } finally {
    await client.query("rollback");
  }
  return catalogs;
}

/** Runs all statements of one direction within the transaction under way, whatever the file says of transactions. */
export async function runWithin(
  client: Client,
  file: MigrationFile,
  direction: "up" | "down",
): Promise<void> {
  for (const { text } of file[direction]) await client.query(withoutConcurrently(text));
}
