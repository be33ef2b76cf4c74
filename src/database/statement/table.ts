import { binaryArray, type ElementType } from "./binary-array.ts";
import { snakeCase } from "./columns.ts";
import { type Fragment, fragmentOf } from "./sql.ts";

/** The types that a field's values may travel as. */
type TypeOf<Value> =
  | ([Value] extends [string] ? "uuid" | "text" | "timestamptz" | "bytea" : never)
  | ([Value] extends [number] ? "int4" | "int8" | "float8" : never)
  | ([Value] extends [boolean] ? "bool" : never)
  | "jsonb";

/** The fields of a row that become columns, each with the type that it travels as. */
export type ColumnTypes<Row> = {
  readonly [Field in keyof Row]?: TypeOf<NonNullable<Row[Field]>>;
} & {
  /** Adds a last column with the position of each row, from 1. */
  readonly ordinality?: true;
};

/**
 * Rows as a table of a statement, for what follows `from`: `unnest($1::uuid[], $2::int4[]) as job (id,
 * lane_id)`. Each column is one array parameter, so that the text is the same for any number of rows: see
 * `binaryArray` for the values.
 * @param name of the table in the statement
 */
export function table<Row extends object>(
  name: string,
  rows: readonly Row[],
  columns: ColumnTypes<NoInfer<Row>>,
): Fragment {
  const { ordinality, ...types } = columns;
  const names: string[] = [];
  const arrays: string[] = [];
  const values: Buffer[] = [];
  for (const [field, type] of Object.entries(types) as [keyof Row & string, ElementType][]) {
    names.push(snakeCase(field));
    const cells = rows.map((row) => row[field]);
    values.push(binaryArray(type, cells));
    arrays.push(`$slonik_${values.length}::${type}[]`);
  }
  if (ordinality) names.push("ordinality");
  const order = ordinality ? " with ordinality" : "";
  return fragmentOf(`unnest(${arrays.join(", ")})${order} as ${name} (${names.join(", ")})`, values);
}

/** Values as one array parameter. */
export function arrayOf(type: ElementType, values: readonly unknown[]): Fragment {
  return fragmentOf(`$slonik_1::${type}[]`, [binaryArray(type, values)]);
}
