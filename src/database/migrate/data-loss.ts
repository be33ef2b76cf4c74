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

/** Finds filled tables and columns that undoing these migrations drops, by undoing them for a while. */
export async function findDataLoss(
  client: Client,
  directory: string,
  names: readonly string[],
  options: RunOptions,
): Promise<string[]> {
  return withRetries(client, names.join(", "), options, async (lockMs) => {
    await client.query(`begin; set local lock_timeout to ${lockMs}`);
    const filled = await selectFilled(client, await readColumns(client));
    for (const name of names) await runInTransaction(client, await readMigration(directory, name, "down"));
    const after = await readColumns(client);
    await client.query("rollback");
    const left = new Set(after.flatMap(({ tableId, place }) => [tableId, `${tableId}.${place}`]));
    const dropped = ({ tableId, place }: Column) => left.has(tableId) && !left.has(`${tableId}.${place}`);
    const tables = filled.filter(({ tableId }) => !left.has(tableId)).map(({ table }) => `table ${table}`);
    const columns = filled.filter(dropped).map(({ table, column }) => `column ${table}.${column}`);
    return [...new Set(tables), ...columns];
  });
}

/** Reads columns with the ids of their tables: a table that is made again has lost its rows. */
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

/** Selects the columns of the tables that have rows. */
async function selectFilled(client: Client, columns: readonly Column[]): Promise<Column[]> {
  const filled = new Set<string>();
  for (const table of new Set(columns.map(({ table }) => table))) {
    const { rowCount } = await client.query(`select from ${client.escapeIdentifier(table)} limit 1`);
    if (rowCount === 1) filled.add(table);
  }
  return columns.filter(({ table }) => filled.has(table));
}
