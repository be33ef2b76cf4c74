import type { Client } from "pg";

/** The objects of a schema: `index idx_jobs_created_at` → its definition. */
export type Catalog = Map<string, string>;

/** Finds those of `expected` that are not there, tables first; of a table that is missing only the table. */
export function findMissing(expected: readonly string[], isPresent: (object: string) => boolean): string[] {
  const missing = expected.filter((object) => !isPresent(object));
  const tables = missing.filter((object) => object.startsWith("table "));
  const parts = missing.filter(
    (object) =>
      !tables.some((table) => object === table || object.split(" ")[1]?.startsWith(`${table.slice(6)}.`)),
  );
  return [...tables, ...parts];
}

/** Reads all that migrations make in the current schema, as PostgreSQL writes it; not their ledgers. */
export async function readCatalog(client: Client): Promise<Catalog> {
  const { rows } = await client.query<{ name: string; definition: string; schema: string }>(CATALOG);
  return new Map(
    // Some definitions bear the schema's name, others do not.
    rows.map(({ name, definition, schema }) => [name, definition.replaceAll(`${schema}.`, "")]),
  );
}

/** Reads the names of indexes that PostgreSQL keeps up but does not use: a build of them has failed. */
export async function readInvalidIndexes(client: Client): Promise<string[]> {
  const { rows } = await client.query<{ name: string }>(
    `select relname as name from pg_index join pg_class on pg_class.oid = indexrelid
    where relnamespace = quote_ident(current_schema())::regnamespace and not indisvalid order by 1`,
  );
  return rows.map(({ name }) => name);
}

const CATALOG = `
  with tables as (
    select oid, relname, reloptions from pg_class
    where relnamespace = quote_ident(current_schema())::regnamespace and relkind in ('r', 'p')
      and relname not in ('schema_migrations', '_sqlx_migrations')
  ), objects (name, definition) as (
    select 'table ' || relname, coalesce(array_to_string(reloptions, ', '), '') from tables
    union all
    select 'column ' || relname || '.' || attname,
      format_type(atttypid, atttypmod) || case when attnotnull then ' not null' else '' end
        || coalesce(' default ' || pg_get_expr(adbin, adrelid), '')
        || ' ' || attidentity::text || attgenerated::text || attstorage::text
    from tables join pg_attribute on attrelid = tables.oid and attnum > 0 and not attisdropped
      left join pg_attrdef on adrelid = attrelid and adnum = attnum
    union all
    -- Not null is the column's; from PostgreSQL 18 on it is a constraint too.
    select 'constraint ' || relname || '.' || conname, pg_get_constraintdef(c.oid)
    from tables join pg_constraint c on conrelid = tables.oid and contype <> 'n'
    union all
    select case when indisunique then 'unique index ' else 'index ' end || i.relname,
      pg_get_indexdef(indexrelid)
    from tables join pg_index on indrelid = tables.oid join pg_class i on i.oid = indexrelid
    union all
    select 'trigger ' || relname || '.' || tgname,
      pg_get_triggerdef(t.oid) || case tgenabled when 'D' then ' (disabled)' else '' end
    from tables join pg_trigger t on tgrelid = tables.oid and not tgisinternal
    union all
    select 'function ' || proname || '(' || pg_get_function_identity_arguments(oid) || ')',
      pg_get_functiondef(oid)
    from pg_proc where pronamespace = quote_ident(current_schema())::regnamespace and prokind in ('f', 'p')
  )
  select name, definition, quote_ident(current_schema()) as schema from objects order by name collate "C"`;
