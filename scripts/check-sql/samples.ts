import pg from "pg";
import { typeParsers } from "../../src/database/connection/driver.ts";
import type { Catalog } from "./catalog.ts";

const { builtins } = pg.types;

/** One value of each type in use, in PostgreSQL's text form. */
const texts: Record<number, string> = {
  [builtins.BOOL]: "t",
  [builtins.BYTEA]: "\\x00ff",
  [builtins.INT2]: "1",
  [builtins.INT4]: "1",
  [builtins.INT8]: "1",
  [builtins.FLOAT4]: "1.5",
  [builtins.FLOAT8]: "1.5",
  [builtins.NUMERIC]: "1.5",
  [builtins.TEXT]: "text",
  [builtins.VARCHAR]: "text",
  [builtins.BPCHAR]: "text",
  [builtins.UUID]: "01890a5d-ac96-774b-bcce-b302099a8057",
  [builtins.TIMESTAMP]: "2026-01-31 12:00:00.000001",
  [builtins.TIMESTAMPTZ]: "2026-01-31 12:00:00.000001+00",
  [builtins.DATE]: "2026-01-31",
  [builtins.INTERVAL]: "01:02:03",
  [builtins.INET]: "192.0.2.1",
  [builtins.JSON]: '{"a":1}',
  [builtins.JSONB]: '{"a":1}',
  // name, xid8, regclass
  19: "text",
  5069: "1",
  2205: "benchmarks",
};

/** JSON of any type may come from such a column, so a sample value proves nothing. */
export function isJson(oid: number): boolean {
  return oid === builtins.JSON || oid === builtins.JSONB;
}

/**
 * Returns a value of this type as rows have it after `pg` and our type parsers; undefined for a type without
 * a sample here.
 */
export function sampleOf(oid: number, { types }: Catalog): unknown {
  const element = types.get(oid)?.element;
  const text = texts[element ?? oid];
  if (text === undefined) return undefined;
  const written = element === undefined ? text : `{${JSON.stringify(text)}}`;
  return typeParsers.getTypeParser(oid, "text")(written);
}

const others: unknown[] = ["text", 1, true, { a: 1 }, ["text"], [1], []];

/** Returns values that a column with values like `sample` never delivers. */
export function unlike(sample: unknown): unknown[] {
  return others.filter((other) => !kindOf(sample).startsWith(kindOf(other)));
}

function kindOf(value: unknown): string {
  if (!Array.isArray(value)) return typeof value;
  return value.length === 0 ? "list" : `list of ${kindOf(value[0])}`;
}
