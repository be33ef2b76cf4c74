import { createHash } from "node:crypto";
import type { Client } from "pg";
import { BackupError, type BackupManifest, type BackupTable } from "./format.ts";

/** A table with the types of its columns, as PostgreSQL writes them. */
export interface TableLayout extends BackupTable {
  types: string[];
}

/**
 * Reads the tables of the service with their writable columns. Tables that others refer to come first. The
 * ledgers of migrations are left out, because a restore migrates by itself.
 */
export async function readTables(client: Client): Promise<TableLayout[]> {
  const { rows } = await client.query<TableLayout & { refersTo: string[] }>(
    `select c.relname as name, a.columns, a.types,
      array(
        select distinct f.confrelid::regclass::text from pg_constraint f
        where f.conrelid = c.oid and f.contype = 'f' and f.confrelid <> c.oid
      ) as "refersTo"
    from pg_class c cross join lateral (
      select coalesce(array_agg(attname::text order by attnum), '{}') as columns,
        coalesce(array_agg(format_type(atttypid, atttypmod) order by attnum), '{}') as types
      from pg_attribute where attrelid = c.oid and attnum > 0 and not attisdropped and attgenerated = ''
    ) a
    where c.relkind = 'r' and c.relnamespace = current_schema()::regnamespace
      and c.relname not in ('schema_migrations', '_sqlx_migrations')
    order by c.relname`,
  );
  const sorted: TableLayout[] = [];
  let left = rows;
  while (left.length > 0) {
    const names = left.map(({ name }) => name);
    const free = left.filter(({ refersTo }) => !refersTo.some((name) => names.includes(name)));
    if (free.length === 0)
      throw new BackupError(`tables refer to each other in a circle: ${names.join(", ")}`);
    sorted.push(...free.map(({ name, columns, types }) => ({ name, columns, types })));
    left = left.filter((one) => !free.includes(one));
  }
  return sorted;
}

/** Computes the fingerprint of the tables: SHA-256 of their names, columns and types, in hexadecimal. */
export function computeFingerprint(tables: readonly TableLayout[]): string {
  const layout = tables
    .map(({ name, columns, types }) => `${name} (${columns.map((column, i) => `${column} ${types[i]}`)})`)
    .sort();
  return createHash("sha256").update(layout.join("\n")).digest("hex");
}

export async function readSequences(client: Client): Promise<BackupManifest["sequences"]> {
  const { rows } = await client.query<{ name: string }>(
    `select relname as name from pg_class
    where relkind = 'S' and relnamespace = current_schema()::regnamespace order by relname`,
  );
  const sequences: BackupManifest["sequences"] = {};
  for (const { name } of rows) {
    const found = await client.query<{ lastValue: string; isCalled: boolean }>(
      `select last_value::text as "lastValue", is_called as "isCalled" from ${client.escapeIdentifier(name)}`,
    );
    if (found.rows[0]) sequences[name] = found.rows[0];
  }
  return sequences;
}

/** Spells a table and its columns for COPY. */
export function formatCopyTarget(client: Client, { name, columns }: BackupTable): string {
  const list = columns.map((column) => client.escapeIdentifier(column)).join(", ");
  return `${client.escapeIdentifier(name)} (${list})`;
}
