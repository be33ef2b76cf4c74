import { createSqlTag, type FragmentSqlToken, type QuerySqlToken, type ValueExpression } from "slonik";
import { z } from "zod";
import { type Json, JsonText, type JsonValue, jsonTextOf } from "../../validation.ts";

export type Fragment = FragmentSqlToken;

type Value = Fragment["values"][number];

const slonik = createSqlTag();
const fragmentType: Fragment["type"] = slonik.fragment``.type;

/**
 * Texts, with a value or a fragment between each two of them. Slonik makes the text of a fragment at once,
 * and makes it again for each fragment around it. Ours keep their parts, and `StatementText` reads them.
 */
class Parts implements Fragment {
  readonly type: Fragment["type"] = fragmentType;
  texts: readonly string[];
  members: readonly ValueExpression[];
  #firstRead: number | undefined;

  constructor(texts: readonly string[], members: readonly ValueExpression[]) {
    this.texts = texts;
    this.members = members;
  }

  get sql(): string {
    return new StatementText("$slonik_").read(this).sql;
  }

  get values(): readonly Value[] {
    return new StatementText().read(this).values;
  }

  /** Puts what it holds together once a second statement is made of it: it is a constant then. */
  beginRead(read: number): void {
    this.#firstRead ??= read;
    if (this.#firstRead >= read) return;
    this.#firstRead = Number.POSITIVE_INFINITY;
    Object.assign(this, flatten(this));
  }
}

/** The same with values alone between the texts. */
function flatten({ texts, members }: Parts): { texts: string[]; members: Value[] } {
  const flat = { texts: [...texts.slice(0, 1)], members: [] as Value[] };
  for (const [index, member] of members.entries()) {
    const inner = isValue(member) ? { texts: ["", ""], members: [member] } : flatten(partsOf(member));
    const [first = "", ...others] = inner.texts;
    flat.texts.push(`${flat.texts.pop()}${first}`, ...others);
    flat.texts.push(`${flat.texts.pop()}${texts[index + 1]}`);
    flat.members.push(...inner.members);
  }
  return flat;
}

let reads = 0;

/** Reads fragments. It makes a text only where the parts are not the same as those of the last one. */
export class StatementText {
  readonly #prefix: string;
  /** Null stands for a parameter. */
  readonly #texts: (string | null)[] = [];
  #at = 0;
  #sql: string | undefined;

  /** @param prefix what the numbers of parameters follow. Default: as PostgreSQL has it */
  constructor(prefix = "$") {
    this.#prefix = prefix;
  }

  read(fragment: Fragment): { sql: string; values: readonly Value[] } {
    const values: Value[] = [];
    this.#at = 0;
    this.#add(fragment, values, ++reads);
    if (this.#at < this.#texts.length) {
      this.#texts.length = this.#at;
      this.#sql = undefined;
    }
    this.#sql ??= this.#join();
    return { sql: this.#sql, values };
  }

  #add(member: ValueExpression, values: Value[], read: number): void {
    if (isValue(member)) {
      this.#addText(null);
      values.push(member);
      return;
    }
    const parts = partsOf(member);
    parts.beginRead(read);
    const { texts, members } = parts;
    // An iterator takes twice as long, and hot statements have a hundred parts.
    for (let index = 0; index < texts.length; index++) {
      if (index > 0) this.#add(members[index - 1] as ValueExpression, values, read);
      this.#addText(texts[index] as string);
    }
  }

  #addText(text: string | null): void {
    if (this.#texts[this.#at] !== text) {
      this.#texts[this.#at] = text;
      this.#sql = undefined;
    }
    this.#at++;
  }

  #join(): string {
    let parameters = 0;
    return this.#texts.map((text) => text ?? `${this.#prefix}${++parameters}`).join("");
  }
}

function isValue(member: ValueExpression): member is Value {
  if (typeof member === "object" && member !== null) return Array.isArray(member) || Buffer.isBuffer(member);
  return member !== undefined;
}

/** @throws where it is neither a fragment nor another token of Slonik's */
function partsOf(token: ValueExpression): Parts {
  if (token instanceof Parts) return token;
  const { sql, values } = slonik.fragment`${token}`;
  return new Parts(sql.split(/\$slonik_\d+/), values);
}

const own = {
  fragment: (texts: TemplateStringsArray, ...members: readonly ValueExpression[]): Fragment =>
    new Parts(texts, members),
  join: (members: readonly ValueExpression[], glue: Fragment): Fragment => joinBy(members, glue.sql),
  and: (conditions: readonly (Fragment | false | null | undefined)[]): Fragment => {
    const given = conditions.filter((condition) => !!condition);
    return given.length === 0 ? fragmentOf("TRUE") : joinBy(given, " AND ");
  },
  literalValue: (value: string): Fragment => fragmentOf(slonik.literalValue(value).sql),
};

/** Slonik's, but for what is made of fragments. */
export const sql: Omit<typeof slonik, keyof typeof own> & typeof own = { ...slonik, ...own };

function joinBy(members: readonly ValueExpression[], glue: string): Fragment {
  if (members.length === 0) throw new RangeError("nothing to join in a statement");
  return new Parts(["", ...Array<string>(members.length - 1).fill(glue), ""], members);
}

/** A fragment of a text that code has put together. What a caller gave never goes into it. */
export function fragmentOf(text: string): Fragment {
  return new Parts([text], []);
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

const jsonColumns = new WeakSet<z.core.$ZodType>();

/** A document in a column of jsonb, of which `columnsOf` selects the text. */
export function jsonColumn<Value extends JsonValue>() {
  const column = z.string().transform((text): Json<Value> => new JsonText<Value>(text));
  jsonColumns.add(column);
  return column;
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
  const list = Object.entries(row.shape).map(([field, type]) => {
    const column = fragmentOf(snakeCase(field));
    const expression = expressions[field];
    if (expression) return sql.fragment`${expression} as ${column}`;
    const isJson = jsonColumns.has(type instanceof z.ZodNullable ? type.unwrap() : type);
    return fragmentOf(`${table}.${column.sql}${isJson ? `::text as ${column.sql}` : ""}`);
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
  return Array.isArray(value) ? sql.array(value, "text") : jsonTextOf(value as Json);
}

/** An id and a time for the examples of statements. */
export const example = { id: "01890a5d-ac96-774b-bcce-b302099a8057", time: "2026-01-31T12:00:00.000001Z" };
