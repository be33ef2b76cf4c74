import type { QuerySqlToken } from "slonik";
import { z } from "zod";
import { limits } from "../limits.ts";
import { parseInput, parseLimit, text } from "../validation.ts";
import type { Executor } from "./statement/executor.ts";
import { type Fragment, sql } from "./statement/sql.ts";

/** Some of the different values of a field, such as for suggestions. */
export interface FieldValues {
  /** In order. */
  values: readonly string[];
  /** There are more, or not all were looked at. */
  more: boolean;
}

export interface FieldValuesOptions {
  /** Only values that begin so, letter for letter. Default: any. */
  prefix?: string | undefined;
  /** At most so many, at most 1000. Default: 50. */
  limit?: number | undefined;
}

export const fieldValueRow = z.object({ value: z.string(), place: z.number() });

/** What a statement of values selects: those that begin so, and the last of those that were looked at. */
export function valuesThatBegin(prefix: string, limit: number, values: Fragment): Fragment {
  return sql.fragment`
    select v.value::text as value, v.place from (${values}) v
    where starts_with(v.value, ${prefix}) or v.place >= ${limits.distinctValues} limit ${limit}`;
}

const prefixOf = text(limits.nameLength).default("");

/** @param select a statement of `valuesThatBegin` */
export async function readFieldValues(
  db: Executor,
  { prefix: given, limit: size }: FieldValuesOptions,
  select: (prefix: string, limit: number) => QuerySqlToken<typeof fieldValueRow>,
): Promise<FieldValues> {
  const prefix = parseInput(prefixOf, given, "prefix");
  const limit = parseLimit(size);
  const rows = await db.any(select(prefix, limit + 1));
  const values = rows.flatMap(({ value }) => (value.startsWith(prefix) ? [value] : []));
  const isCut = rows.some(({ place }) => place >= limits.distinctValues);
  return { values: values.slice(0, limit), more: isCut || values.length > limit };
}
