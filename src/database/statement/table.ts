import { type Json, jsonTextOf } from "../../validation.ts";
import { type Fragment, fragmentOf, snakeCase, sql } from "./sql.ts";

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
 * lane_id)`. Each column is one parameter (`binaryArray`), so the text is the same for any number of rows.
 * @param name of the table in the statement
 */
export function table<Row extends object>(
  name: string,
  rows: readonly Row[],
  columns: ColumnTypes<NoInfer<Row>>,
): Fragment {
  const fields = Object.keys(columns).filter((field) => field !== "ordinality") as (keyof Row & string)[];
  const arrays = fields.map((field) => {
    const cells = rows.map((row) => row[field]);
    return arrayOf(columns[field] as ElementType, cells);
  });
  const names = fields.map(snakeCase);
  if (columns.ordinality) names.push("ordinality");
  const order = columns.ordinality ? " with ordinality" : "";
  const as = fragmentOf(`${order} as ${name} (${names.join(", ")})`);
  return sql.fragment`unnest(${sql.join(arrays, sql.fragment`, `)})${as}`;
}

/** Values as one array parameter. */
export function arrayOf(type: ElementType, values: readonly unknown[]): Fragment {
  return sql.fragment`${binaryArray(type, values)}${fragmentOf(`::${type}[]`)}`;
}

/** Types of array elements, by the OIDs that PostgreSQL gives them on every server. */
const oids = {
  bool: 16,
  bytea: 17,
  int4: 23,
  int8: 20,
  text: 25,
  float8: 701,
  timestamptz: 1184,
  uuid: 2950,
  jsonb: 3802,
} as const;

export type ElementType = keyof typeof oids;

/** The type of elements with each OID. */
export const elementTypes: ReadonlyMap<number, string> = new Map(
  Object.entries(oids).map(([type, oid]) => [oid, type]),
);

// One scratch buffer for all arrays: encoding is synchronous, and what is kept is copied out. One that had to
// grow far is given back.
const scratchBytes = { first: 64 * 1024, kept: 16 * 1024 * 1024 };
let scratch = Buffer.allocUnsafe(scratchBytes.first);
let end = 0;

/**
 * An array in PostgreSQL's binary format (`array_send` in its sources), for a parameter of a bulk statement:
 * texts need no escaping and no parsing, and 1,000 evaluations of 1 kB take half the time that JSON does.
 *
 * Values: uuid and bytea as hex text (dashes allowed), timestamptz as ISO 8601 in UTC, jsonb as any JSON
 * value or its `JsonText`, the others as they are; null and undefined are NULL.
 */
export function binaryArray(type: ElementType, values: readonly unknown[]): Buffer {
  end = 20;
  let hasNull = 0;
  const append = appenders[type];
  for (const value of values) {
    if (value === null || value === undefined) {
      hasNull = 1;
      int32(-1);
    } else {
      append(value as never);
    }
  }
  scratch.writeInt32BE(1, 0);
  scratch.writeInt32BE(hasNull, 4);
  scratch.writeInt32BE(oids[type], 8);
  scratch.writeInt32BE(values.length, 12);
  scratch.writeInt32BE(1, 16);
  const array = Buffer.from(scratch.subarray(0, end));
  if (scratch.length > scratchBytes.kept) scratch = Buffer.allocUnsafe(scratchBytes.first);
  return array;
}

/** The elements of a binary float8[] or int8[] without nulls. Parsing text takes ten times as long. */
export function numbersOf(type: "float8" | "int8", array: Buffer): Float64Array {
  const view = new DataView(array.buffer, array.byteOffset, array.byteLength);
  const numbers = new Float64Array(view.getInt32(0) === 0 ? 0 : view.getInt32(12));
  for (let index = 0; index < numbers.length; index++) {
    const at = 24 + index * 12;
    numbers[index] =
      type === "float8" ? view.getFloat64(at) : view.getInt32(at) * 2 ** 32 + view.getUint32(at + 4);
  }
  return numbers;
}

const appenders: Record<ElementType, (value: never) => void> = {
  bool: (value: boolean) => {
    int32(1);
    reserve(1);
    end = scratch.writeUInt8(value ? 1 : 0, end);
  },
  bytea: hex,
  uuid: hex,
  text: (value: string) => text(value, 0),
  jsonb: (value: Json) => text(jsonTextOf(value), 1),
  int4: (value: number) => {
    int32(4);
    int32(value);
  },
  int8: (value: number) => {
    int32(8);
    reserve(8);
    end = scratch.writeBigInt64BE(BigInt(value), end);
  },
  float8: (value: number) => {
    int32(8);
    reserve(8);
    end = scratch.writeDoubleBE(value, end);
  },
  timestamptz: (value: string) => {
    int32(8);
    reserve(8);
    end = scratch.writeBigInt64BE(microsecondsSince2000(value), end);
  },
};

function hex(value: string): void {
  reserve(4 + value.length / 2);
  const start = end;
  end += 4;
  // Two digits a byte. Node's own way takes three times as long for a UUID, and takes no dashes.
  let high = -1;
  for (let at = 0; at < value.length; at++) {
    const code = value.charCodeAt(at);
    if (code === dash) continue;
    const digit = code > nine ? (code & 7) + 9 : code & 15;
    if (high === -1) high = digit;
    else {
      scratch[end++] = high * 16 + digit;
      high = -1;
    }
  }
  scratch.writeInt32BE(end - start - 4, start);
}

const [dash, nine] = [0x2d, 0x39];

/** `version` is the byte that begins a binary jsonb; 0 for none. */
function text(value: string, version: 0 | 1): void {
  // To count the bytes of a short text takes longer than to reserve too many.
  reserve(5 + (value.length < 4_096 ? value.length * 3 : Buffer.byteLength(value)));
  const written = scratch.write(value, end + 4 + version);
  scratch.writeInt32BE(written + version, end);
  if (version) scratch[end + 4] = version;
  end += 4 + version + written;
}

function int32(value: number): void {
  reserve(4);
  end = scratch.writeInt32BE(value, end);
}

function reserve(bytes: number): void {
  if (end + bytes <= scratch.length) return;
  const larger = Buffer.allocUnsafe(Math.max(scratch.length * 2, end + bytes));
  scratch.copy(larger, 0, 0, end);
  scratch = larger;
}

function microsecondsSince2000(iso: string): bigint {
  const [, seconds = "", fraction = ""] = /^(.{19})(?:\.(\d+))?Z$/.exec(iso) ?? [];
  const micros = BigInt(Date.parse(`${seconds}Z`)) * 1000n + BigInt(fraction.slice(0, 6).padEnd(6, "0"));
  return micros - 946_684_800_000_000n;
}
