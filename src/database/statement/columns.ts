import type { z } from "zod";
import { type Fragment, fragmentOf, sql } from "./sql.ts";

/** `limitKey` for `limit_key`: the name of a row's field for that of its column. */
export const camelCase = cached((column) => column.replace(/_([a-z])/g, (_, next) => next.toUpperCase()));

/** `limit_key` for `limitKey`: the name of a column for that of a row's field. */
export const snakeCase = cached((field) => field.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`));

/** Names come from our own statements only, so that there are only so many of them. */
function cached(make: (name: string) => string): (name: string) => string {
  const names = new Map<string, string>();
  return (name) => {
    const made = names.get(name) ?? make(name);
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
 * Undefined fields are left out; null sets a column to null. A list is one of texts.
 * @param table name or alias of the table that the columns are of; none in an update
 */
export function equalities(
  values: Readonly<Record<string, string | number | boolean | readonly string[] | null | undefined>>,
  table?: string,
): Fragment[] {
  const prefix = table === undefined ? "" : `${table}.`;
  return Object.entries(values).flatMap(([field, value]) => {
    if (value === undefined) return [];
    const column = fragmentOf(`${prefix}${snakeCase(field)}`);
    return [
      sql.fragment`${column} = ${typeof value === "object" && value ? sql.array(value, "text") : value}`,
    ];
  });
}

/** The text of a JSON column's value; undefined and null stay what they are. */
export function jsonText(value: unknown): string | null | undefined {
  return value === undefined || value === null ? value : JSON.stringify(value);
}
