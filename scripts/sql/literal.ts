import { elementTypes } from "../../src/database/statement/table.ts";

/** Only the beginning of longer values is shown, because parameters only need to be recognised. */
const longest = 90;

/** Writes the value of a parameter as SQL. */
export function literalOf(value: unknown): string {
  if (value === null || typeof value === "number" || typeof value === "boolean") return String(value);
  const text = textOf(value);
  const cut = text.length > longest ? `${text.slice(0, longest)}…` : text;
  return `'${cut.replaceAll("'", "''")}'`;
}

function textOf(value: unknown): string {
  if (Array.isArray(value)) return listOf(value);
  if (!Buffer.isBuffer(value)) return String(value);
  return isArray(value) ? listOf(elementsOf(value)) : `\\x${value.toString("hex")}`;
}

function listOf(values: readonly unknown[]): string {
  return `{${values.map((value) => (value === null ? "null" : elementText(String(value)))).join(", ")}}`;
}

/** Quotes an element if its characters, or the word null, would be misread. */
function elementText(text: string): string {
  return /^$|^null$|[{}",\\\s]/i.test(text) ? `"${text.replaceAll(/["\\]/g, "\\$&")}"` : text;
}

/**
 * True if bytes are an array as `binaryArray` makes it: of one dimension, of a known type, numbered from 1.
 */
function isArray(bytes: Buffer): boolean {
  return (
    bytes.length >= 20 &&
    bytes.readInt32BE(0) === 1 &&
    elementTypes.has(bytes.readInt32BE(8)) &&
    bytes.readInt32BE(16) === 1
  );
}

function elementsOf(array: Buffer): unknown[] {
  const type = elementTypes.get(array.readInt32BE(8));
  let at = 20;
  return Array.from({ length: array.readInt32BE(12) }, () => {
    const length = array.readInt32BE(at);
    const bytes = array.subarray(at + 4, at + 4 + Math.max(length, 0));
    at += 4 + bytes.length;
    return length < 0 ? null : elementOf(type, bytes);
  });
}

function elementOf(type: string | undefined, bytes: Buffer): unknown {
  switch (type) {
    case "bool":
      return bytes[0] === 1;
    case "int4":
      return bytes.readInt32BE();
    case "int8":
      return bytes.readBigInt64BE();
    case "float8":
      return bytes.readDoubleBE();
    case "timestamptz":
      return new Date(Number(bytes.readBigInt64BE()) / 1000 + Date.UTC(2000)).toISOString();
    case "uuid":
      return bytes.toString("hex").replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
    case "jsonb":
      return bytes.toString("utf8", 1);
    case "bytea":
      return `\\x${bytes.toString("hex")}`;
    default:
      return bytes.toString();
  }
}
