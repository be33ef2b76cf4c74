import type { QuerySqlToken } from "slonik";
import type { z } from "zod";
import { type Fragment, fragmentOf, StatementText, sql } from "./fragment.ts";

export { type Fragment, fragmentOf, sql };

/**
 * One statement of the service: its SQL and the zod schema of the rows it answers with. `examples` are
 * argument lists that together reach every variant of its text; `npm run check:sql` prepares each on a
 * migrated database and compares the columns, their types and nullability with `row`.
 */
export interface Statement<Arguments extends unknown[], Row extends z.ZodType> {
  (...args: Arguments): QuerySqlToken<Row>;
  readonly statementName: string;
  readonly row: Row;
  readonly examples: readonly Arguments[];
}

const statements = new Map<string, Statement<never[], z.ZodType>>();

/** Every statement defined so far, by name. */
export function allStatements(): ReadonlyMap<string, Statement<never[], z.ZodType>> {
  return statements;
}

interface StatementOptions<Arguments extends unknown[], Row extends z.ZodType> {
  row: Row;
  build: (...args: Arguments) => Fragment;
  examples: readonly Arguments[];
  /** False where the text varies with the arguments: only a constant text may be prepared on the server. */
  prepared?: boolean;
}

/** The name of the statement that made the query; `other` for a query made without one. */
export function nameOf(query: QuerySqlToken & { statementName?: string }): string {
  return query.statementName ?? "other";
}

/** Defines a statement under a unique name, which is also the name it is prepared under and logged by. */
export function statement<Arguments extends unknown[], Row extends z.ZodType>(
  name: string,
  { row, build, examples, prepared = true }: StatementOptions<Arguments, Row>,
): Statement<Arguments, Row> {
  if (statements.has(name)) throw new Error(`statement ${name} is defined twice`);
  const token = { ...(prepared ? sql.prepared(name, row) : sql.type(row))``, statementName: name };
  const text = new StatementText();
  const query = (...args: Arguments) => ({ ...token, ...text.read(build(...args)) });
  const defined: Statement<Arguments, Row> = Object.assign(query, { statementName: name, row, examples });
  statements.set(name, defined as unknown as Statement<never[], z.ZodType>);
  return defined;
}

/** `limitKey` for `limit_key`: the name of a row's field for that of its column. */
export const camelCase = cached((column) => column.replace(/_([a-z])/g, (_, next) => next.toUpperCase()));

/** `limit_key` for `limitKey`: the name of a column for that of a row's field. */
export const snakeCase = cached((field) => field.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`));

/** Keeps what was made. Names are those of columns in statements, so there are only so many of them. */
function cached(make: (name: string) => string): (name: string) => string {
  const names = new Map<string, string>();
  return (name) => {
    const known = names.get(name);
    if (known !== undefined) return known;
    const made = make(name);
    names.set(name, made);
    return made;
  };
}

/**
 * The select list of a row: the column of each of its fields, in their order.
 * @param table name or alias of the table that the columns are of
 * @param expressions what to select instead of a column, by the name of the field
 */
export function columnsOf<Shape extends z.core.$ZodShape>(
  row: z.ZodObject<Shape>,
  table: string,
  expressions: { readonly [Field in keyof Shape]?: Fragment } = {},
): Fragment {
  const list = Object.keys(row.shape).map((field) => {
    const column = fragmentOf(snakeCase(field));
    const expression = expressions[field];
    return expression ? sql.fragment`${expression} as ${column}` : fragmentOf(`${table}.${column.sql}`);
  });
  return sql.fragment`${sql.join(list, sql.fragment`, `)}`;
}

/**
 * `column = value` for each field that is given: what the rows of a list must have, or what an update sets.
 * Undefined fields are left out; null sets a column to null. A list is one of texts, an object is JSON.
 * @param table name or alias of the table that the columns are of; none in an update
 */
export function equalities(
  values: Readonly<Record<string, string | number | boolean | object | null | undefined>>,
  table?: string,
): Fragment[] {
  const prefix = table === undefined ? "" : `${table}.`;
  return Object.entries(values).flatMap(([field, value]) => {
    if (value === undefined) return [];
    const column = fragmentOf(`${prefix}${snakeCase(field)}`);
    return [sql.fragment`${column} = ${parameterOf(value)}`];
  });
}

function parameterOf(value: string | number | boolean | object | null) {
  if (typeof value !== "object" || value === null) return value;
  return Array.isArray(value) ? sql.array(value, "text") : JSON.stringify(value);
}

/** An id and a time for the examples of statements. */
export const example = { id: "01890a5d-ac96-774b-bcce-b302099a8057", time: "2026-01-31T12:00:00.000001Z" };
