import type { Client } from "pg";
import { BackupError, type BackupTable } from "./format.ts";

/** How far this database was migrated is not its data: a restore makes it so by itself. */
const notData = ["schema_migrations"];

/** The tables of the service with the columns that can be written, those that others refer to first. */
export async function readTables(client: Client): Promise<BackupTable[]> {
  const { rows } = await client.query<BackupTable & { refersTo: string[] }>(
    `select c.relname as name,
      array(
        select a.attname::text from pg_attribute a
        where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = '' order by a.attnum
      ) as columns,
      array(
        select distinct f.confrelid::regclass::text from pg_constraint f
        where f.conrelid = c.oid and f.contype = 'f' and f.confrelid <> c.oid
      ) as "refersTo"
    from pg_class c
    where c.relkind = 'r' and c.relnamespace = current_schema()::regnamespace and c.relname <> all ($1)
    order by c.relname`,
    [notData],
  );
  const sorted: BackupTable[] = [];
  let left = rows;
  while (left.length > 0) {
    const names = left.map(({ name }) => name);
    const free = left.filter(({ refersTo }) => !refersTo.some((name) => names.includes(name)));
    if (free.length === 0)
      throw new BackupError(`tables refer to each other in a circle: ${names.join(", ")}`);
    sorted.push(...free.map(({ name, columns }) => ({ name, columns })));
    left = left.filter((one) => !free.includes(one));
  }
  return sorted;
}

export async function readSequences(
  client: Client,
): Promise<Record<string, { lastValue: string; isCalled: boolean }>> {
  const { rows } = await client.query<{ name: string }>(
    `select relname as name from pg_class where relkind = 'S' and relnamespace = current_schema()::regnamespace order by relname`,
  );
  const sequences: Record<string, { lastValue: string; isCalled: boolean }> = {};
  for (const { name } of rows) {
    const found = await client.query<{ lastValue: string; isCalled: boolean }>(
      `select last_value::text as "lastValue", is_called as "isCalled" from ${client.escapeIdentifier(name)}`,
    );
    if (found.rows[0]) sequences[name] = found.rows[0];
  }
  return sequences;
}

/** Name of the latest applied migration; null where there is none. */
export async function readSchemaVersion(client: Client): Promise<string | null> {
  const found = await client.query<{ there: boolean }>(
    "select to_regclass('schema_migrations') is not null as there",
  );
  if (!found.rows[0]?.there) return null;
  const { rows } = await client.query<{ name: string }>(
    `select name from schema_migrations order by name collate "C" desc limit 1`,
  );
  return rows[0]?.name ?? null;
}

/** A table and its columns, as COPY takes them. */
export function copyTarget(client: Client, { name, columns }: BackupTable): string {
  return `${client.escapeIdentifier(name)} (${columns.map((column) => client.escapeIdentifier(column)).join(", ")})`;
}
