import type { JsonValue } from "@bufbuild/protobuf";

export type { JsonValue };
export type JsonObject = { [key: string]: JsonValue };

/**
 * Estimates the bytes of a JSON value as a `google.protobuf.Struct` or `Value`; never less than its text
 * takes in PostgreSQL. A list of zeros is five times as large on the wire as in JSON.
 */
export function jsonBytes(value: JsonValue): number {
  if (typeof value === "string") return Buffer.byteLength(value) + 10;
  if (typeof value !== "object" || value === null) return 13;
  let bytes = 10;
  if (Array.isArray(value)) {
    for (const item of value) bytes += jsonBytes(item);
    return bytes;
  }
  for (const key in value) bytes += Buffer.byteLength(key) + 15 + jsonBytes(value[key] ?? null);
  return bytes;
}
