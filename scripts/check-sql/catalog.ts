import type { Client } from "pg";

export interface ColumnType {
  /** Name of the type in SQL. */
  name: string;
  /** The type of the elements, for an array. */
  element: number | undefined;
}

export interface TableColumn {
  /** OID of the table in pg_class. */
  table: number;
  /** `table.column`. */
  name: string;
  notNull: boolean;
  /**
   * All texts that a CHECK constraint allows, if there is one of the form `column in (…)` or
   * `column = any ('{…}')`.
   */
  texts: string[] | undefined;
}

/** The types and the columns of tables in the database. */
export interface Catalog {
  types: ReadonlyMap<number, ColumnType>;
  column(table: number, position: number): TableColumn | undefined;
}

export async function readCatalog(client: Client): Promise<Catalog> {
  const types = await client.query<{ oid: number; name: string; element: number | null }>(`
    select oid, format_type(oid, null) as name, case when typcategory = 'A' then nullif(typelem, 0) end as element
    from pg_type`);
  const columns = await client.query<{
    table: number;
    position: number;
    name: string;
    notNull: boolean;
    check: string | null;
  }>(`
    select
      c.oid as table, a.attnum as position, c.relname || '.' || a.attname as name, a.attnotnull as "notNull",
      (
        select pg_get_constraintdef(k.oid) from pg_constraint k
        where k.conrelid = c.oid and k.contype = 'c' and k.conkey = array[a.attnum] and pg_get_constraintdef(k.oid) ~ '= ANY'
        limit 1
      ) as check
    from pg_class c join pg_attribute a on a.attrelid = c.oid
    where a.attnum > 0 and not a.attisdropped and c.relkind in ('r', 'p', 'v', 'm')`);
  const byPosition = new Map(
    columns.rows.map(({ table, position, name, notNull, check }) => {
      const column: TableColumn = {
        table,
        name,
        notNull,
        texts: check === null ? undefined : textsOf(check),
      };
      return [`${table}/${position}`, column];
    }),
  );
  return {
    types: new Map(
      types.rows.map(({ oid, name, element }) => [oid, { name, element: element ?? undefined }]),
    ),
    column: (table, position) => byPosition.get(`${table}/${position}`),
  };
}

function textsOf(check: string): string[] {
  const [, oneConstant] = check.match(/'\{([\w,]+)\}'::text\[\]/) ?? [];
  if (oneConstant) return oneConstant.split(",");
  return [...check.matchAll(/'((?:[^']|'')*)'::(?:text|character varying)\b/g)].map(([, text = ""]) =>
    text.replaceAll("''", "'"),
  );
}
