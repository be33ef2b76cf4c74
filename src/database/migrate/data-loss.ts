import type { Client } from "pg";
import { runInTransaction } from "./expected-catalog.ts";
import { readMigration } from "./files.ts";
import { type RunOptions, withRetries } from "./run.ts";

interface Column {
  table: string;
  tableId: string;
  column: string;
  place: number;
}

/**
 * Finds tables and columns with something in them that undoing these migrations would drop: it undoes them
 * and takes that back.
 */
export async function findDataLoss(
  client: Client,
  directory: string,
  names: readonly string[],
  options: RunOptions,
): Promise<string[]> {
  let lost: string[] = [];
  await withRetries(client, names.join(", "), options, async (lockMs) => {
    await client.query(`begin; set local lock_timeout to ${lockMs}`);
    const before = await readColumns(client);
    const filled = await findFilledTables(client, before);
    for (const name of names) await runInTransaction(client, await readMigration(directory, name, "down"));
    const after = await readColumns(client);
    await client.query("rollback");
    const tablesLeft = new Set(after.map(({ tableId }) => tableId));
    const columnsLeft = new Set(after.map(({ tableId, place }) => `${tableId}.${place}`));
    lost = [
      ...filled.filter(({ tableId }) => !tablesLeft.has(tableId)).map(({ table }) => `table ${table}`),
      ...before
        .filter(
          ({ tableId, place }) =>
            filled.some((one) => one.tableId === tableId) &&
            tablesLeft.has(tableId) &&
            !columnsLeft.has(`${tableId}.${place}`),
        )
        .map(({ table, column }) => `column ${table}.${column}`),
    ];
  });
  return lost;
}

/**
 * Reads the columns with the ids of their tables: a table that is dropped and made again under its name has
 * lost its rows all the same.
 */
async function readColumns(client: Client): Promise<Column[]> {
  const { rows } = await client.query<Column>(
    `select relname as "table", c.oid::text as "tableId", attname as "column", attnum as place
    from pg_class c join pg_attribute on attrelid = c.oid and attnum > 0 and not attisdropped
    where relnamespace = quote_ident(current_schema())::regnamespace and relkind in ('r', 'p')
      and relname <> 'schema_migrations'
    order by relname, attnum`,
  );
  return rows;
}

async function findFilledTables(
  client: Client,
  columns: Column[],
): Promise<{ table: string; tableId: string }[]> {
  const tables = new Map(columns.map(({ tableId, table }) => [tableId, table]));
  const filled: { table: string; tableId: string }[] = [];
  for (const [tableId, table] of tables) {
    const { rowCount } = await client.query(`select from ${client.escapeIdentifier(table)} limit 1`);
    if (rowCount === 1) filled.push({ table, tableId });
  }
  return filled;
}
