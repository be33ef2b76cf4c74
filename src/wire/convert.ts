import type { JsonValue } from "@bufbuild/protobuf";
import type { Timestamp } from "@bufbuild/protobuf/wkt";
import { JsonFormat, JsonFormatSchema } from "../../gen/ltb/v1/json_pb.ts";
import { invalidField } from "../errors.ts";
import { type Json, JsonText, jsonTextOf, jsonValueOf } from "../validation.ts";
import { checkEnum } from "./enums.ts";

/** ISO 8601 in UTC, as the repositories have it, to a `Timestamp`; null stays unset. */
export function toTimestamp(iso: string): Timestamp;
export function toTimestamp(iso: string | null): Timestamp | undefined;
export function toTimestamp(iso: string | null): Timestamp | undefined {
  if (iso === null) return undefined;
  // Rows that are made or claimed together have one time, which is then parsed once.
  if (iso !== last.iso) {
    const seconds = BigInt(Date.parse(`${iso.slice(0, 19)}Z`) / 1000);
    last = { iso, seconds, nanos: Number(iso.slice(20, 26)) * 1000 };
  }
  return { $typeName: "google.protobuf.Timestamp", seconds: last.seconds, nanos: last.nanos };
}

let last = { iso: "", seconds: 0n, nanos: 0 };

/** A `Timestamp` as ISO 8601 in UTC, cut to the microsecond; unset stays undefined. */
export function fromTimestamp(timestamp: Timestamp | undefined, field: string): string | undefined {
  if (!timestamp) return undefined;
  const { seconds, nanos } = timestamp;
  const inRange =
    seconds >= -62_135_596_800n && seconds <= 253_402_300_799n && nanos >= 0 && nanos < 1_000_000_000;
  if (!inRange) throw invalidField(field, "must be a time of the years 0001 to 9999");
  const micros = String(Math.floor(nanos / 1000)).padStart(6, "0");
  return `${new Date(Number(seconds) * 1000).toISOString().slice(0, 19)}.${micros}Z`;
}

/**
 * A document of a request, from the field of its value or that of its text. That both are set is a fault, of
 * which the check of the document tells.
 */
export function jsonOf<Value extends JsonValue>(
  value: Value | undefined,
  text: string,
): Json<Value> | undefined {
  return text === "" ? value : new JsonText<Value>(text, value !== undefined);
}

/** Likewise where any JSON may stand, of which null is none. */
export function anyJsonOf(value: JsonValue | undefined, text: string): Json | undefined {
  const isNull = value === undefined && /^[ \t\r\n]*null[ \t\r\n]*$/.test(text);
  return isNull ? null : jsonOf(value, text);
}

/**
 * Whether a request asks for documents as texts.
 * @param field default: json_format
 * @throws INVALID_ARGUMENT naming `field`
 */
export function wantsText({ jsonFormat }: { jsonFormat: JsonFormat }, field = "json_format"): boolean {
  if (jsonFormat === JsonFormat.UNSPECIFIED) return false;
  return checkEnum(JsonFormatSchema, jsonFormat, field) === JsonFormat.TEXT;
}

type Documents = { readonly [name: string]: Json | null };
type DocumentFields<Given extends Documents> = {
  [Name in keyof Given]?: Given[Name] extends Json<infer Value> | null ? Value : never;
} & { [Name in `${keyof Given & string}Json`]?: string };

/** The fields of an answer for its documents: those of their values, or those of their texts. */
export function documentFields<Given extends Documents>(documents: Given, asText: boolean) {
  const fields: { [name: string]: JsonValue } = {};
  for (const [name, json] of Object.entries(documents)) {
    if (json === null) continue;
    if (asText) fields[`${name}Json`] = jsonTextOf(json);
    else fields[name] = jsonValueOf(json);
  }
  return fields as DocumentFields<Given>;
}

/** A text of a request; an empty one of proto3 is unset. */
export function omitEmpty(text: string): string | undefined {
  return text === "" ? undefined : text;
}

type WithoutNulls<T> = { [K in keyof T as null extends T[K] ? never : K]: T[K] } & {
  [K in keyof T as null extends T[K] ? K : never]?: NonNullable<T[K]>;
};

/** A value without its fields that are null: on the wire those are unset. */
export function omitNulls<T extends object>(value: T): WithoutNulls<T> {
  return Object.fromEntries(Object.entries(value).filter(([, field]) => field !== null)) as WithoutNulls<T>;
}

/** The value of a field that is set or named in the update mask: undefined to keep it, null to clear it. */
type Patch = <T>(name: string, value: T | undefined) => T | null | undefined;

/**
 * Reads an update's fields. Paths of the mask must be among `fields`, spelled as in the proto.
 * @throws INVALID_ARGUMENT for any other path
 */
export function readPatch(mask: { paths: string[] } | undefined, fields: readonly string[]): Patch {
  const named = new Set(mask?.paths);
  for (const path of named) {
    // That a field of a text is named says the same of the field of its value.
    if (fields.includes(path)) named.add(path.replace(/_json$/, ""));
    else {
      throw invalidField("update_mask", `"${path}" cannot be updated; the fields are ${fields.join(", ")}`);
    }
  }
  return (name, value) => (value !== undefined ? value : named.has(name) ? null : undefined);
}

/** The value of a field that has no unset state: cleared, it is `empty`. */
export function clearTo<T>(empty: T, value: T | null | undefined): T | undefined {
  return value === null ? empty : value;
}

/** @throws INVALID_ARGUMENT for a field that is to be cleared and cannot */
export function refuseClearing<T>(field: string, value: T | null | undefined): T | undefined {
  if (value === null) throw invalidField(field, "cannot be cleared");
  return value;
}

/**
 * The key that makes a create safe to repeat, if its request has a request id.
 * @param actor who calls: a user's id
 */
export function requestKeyOf({ requestId }: { requestId: string }, actor: string | undefined) {
  if (requestId === "") return undefined;
  return actor === undefined ? { requestId } : { requestId, actor };
}
