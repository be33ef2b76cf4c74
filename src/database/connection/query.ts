import pg from "pg";
import { camelCase } from "../statement/columns.ts";

/**
 * A query whose handler of the description of a result, which comes before the rows, the types of `pg` leave
 * out.
 */
interface Described {
  handleRowDescription: (message: { fields: pg.FieldDef[] }) => void;
}

/**
 * Runs a query whose rows have the names of our fields, `limitKey` for `limit_key`. It renames the columns
 * once a result, before `pg` makes the rows. For 100,000 rows of 26 columns that takes nothing; Slonik's
 * interceptor, which renames the keys of each row, takes as long as parsing them (0.2 s).
 */
export function runQuery(client: pg.ClientBase, config: pg.QueryConfig): Promise<pg.QueryResult> {
  return new Promise((resolve, reject) => {
    const query = new pg.Query(config, (error, result) => (error ? reject(error) : resolve(result)));
    const described = query as unknown as Described;
    const describe = described.handleRowDescription;
    described.handleRowDescription = (message) => {
      for (const field of message.fields) field.name = camelCase(field.name);
      describe.call(query, message);
    };
    client.query(query);
  });
}

const { builtins } = pg.types;
const microsecond =
  /^(\d{4,}-\d\d-\d\d) (\d\d:\d\d:\d\d)(?:\.(\d{1,6}))?([+-]\d\d)(?::?(\d\d))?(?::?(\d\d))?$/;

/**
 * Turns PostgreSQL's text of a timestamptz, in any session time zone, into ISO 8601 in UTC with all six
 * digits of the microseconds. A `Date` would drop three of them, and a keyset page on the result would skip
 * rows.
 */
export function parseTimestamp(text: string): string {
  const match = microsecond.exec(text);
  if (!match) throw new RangeError(`timestamp out of the supported range: ${text}`);
  const [, day, time, fraction = "", hours = "+00", minutes = "00", seconds = "00"] = match;
  const micros = fraction.padEnd(6, "0");
  if (hours === "+00" && minutes === "00" && seconds === "00") return `${day}T${time}.${micros}Z`;
  const offset = Math.abs(Number(hours)) * 3600 + Number(minutes) * 60 + Number(seconds);
  const utc = Date.parse(`${day}T${time}Z`) - (hours.startsWith("-") ? -1 : 1) * offset * 1000;
  return `${new Date(utc).toISOString().slice(0, 19)}.${micros}Z`;
}

function parseInt8(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw new RangeError(`bigint beyond 2^53: ${text}`);
  return value;
}

const parsers: Record<number, (text: string) => unknown> = {
  [builtins.TIMESTAMPTZ]: parseTimestamp,
  [builtins.INT8]: parseInt8,
};

/** Finds a column's parser for `pg`: ours if the default loses something, else the default. */
export const typeParsers: pg.CustomTypesConfig = {
  getTypeParser(oid: number, format?: string) {
    const own = format === "binary" ? undefined : parsers[oid];
    return own ?? pg.types.getTypeParser(oid, format as "text");
  },
};
