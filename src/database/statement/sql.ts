import type { FragmentSqlToken, QuerySqlToken } from "slonik";
import { createSqlTag } from "slonik";
import type { z } from "zod";

export type Fragment = FragmentSqlToken;

export const sql = createSqlTag();

const empty = sql.fragment``;

/**
 * A fragment of a text that code has put together, of nothing that a caller gave: that goes into `values`.
 */
export function fragmentOf(text: string, values: Fragment["values"] = []): Fragment {
  return { ...empty, sql: text, values };
}

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
  /**
   * False where the text varies with the arguments: only a constant text may be a server-side prepared
   * statement.
   */
  prepared?: boolean;
}

const namesOfUnprepared = new WeakMap<QuerySqlToken, string>();

/** The name of the statement that made the query; `other` for a query made without one. */
export function nameOf(query: QuerySqlToken): string {
  return query.name ?? namesOfUnprepared.get(query) ?? "other";
}

/** Defines a statement under a unique name, which is also the name it is prepared under and logged by. */
export function statement<Arguments extends unknown[], Row extends z.ZodType>(
  name: string,
  { row, build, examples, prepared = true }: StatementOptions<Arguments, Row>,
): Statement<Arguments, Row> {
  if (statements.has(name)) throw new Error(`statement ${name} is defined twice`);
  const tag = prepared ? sql.prepared(name, row) : sql.type(row);
  const query = (...args: Arguments) => {
    const token = tag`${build(...args)}`;
    if (!prepared) namesOfUnprepared.set(token, name);
    return token;
  };
  const defined: Statement<Arguments, Row> = Object.assign(query, { statementName: name, row, examples });
  statements.set(name, defined as unknown as Statement<never[], z.ZodType>);
  return defined;
}
