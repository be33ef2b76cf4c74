import { parseIntegers, rawJson } from "../json-numbers.ts";
import { messageOf } from "../thrown.ts";
import type { JsonObject, JsonValue } from "../validation.ts";
import { ImportError, type Place } from "./import-error.ts";
import type { ImportLimits } from "./limits.ts";

/** A JSON object of a log. */
export interface PlacedRecord<P extends Place = Place> {
  record: JsonObject;
  /** Marks for its metadata where characters had to be replaced. */
  marks: JsonObject;
  place: P;
}

const utf8 = new TextDecoder("utf-8", { fatal: true });

/**
 * Parses one JSON text so that PostgreSQL and Protobuf can hold it.
 *
 * Python writes `NaN` and `Infinity` bare; they become the strings "NaN", "Infinity" and "-Infinity", as in
 * proto3 JSON. U+0000, which PostgreSQL cannot store, becomes U+2400. Half a surrogate pair, which UTF-8
 * cannot encode, becomes U+FFFD.
 *
 * @param read parses the text, or throws SyntaxError. Default: numbers become doubles, but for whole ones of
 * more digits than a double has
 */
export function parseJson(
  bytes: Uint8Array,
  place: Place,
  limits: ImportLimits,
  read: (text: string) => JsonValue = parseIntegers,
): { value: JsonValue; marks: JsonObject } {
  checkDepth(bytes, place, limits.maxDepth);
  let text: string;
  try {
    text = utf8.decode(bytes);
  } catch (cause) {
    throw new ImportError(place, "not valid UTF-8; expected JSON in UTF-8", { cause });
  }
  const value = parse(text, place, read);
  // The walk costs more than the parse, and nearly no text needs it.
  if (!/\\u0000|\\u[dD][89a-fA-F]|[eE]\+?\d{3}|\d{309}/.test(text)) return { value, marks: {} };
  const marks: JsonObject = {};
  return { value: rewrite(value, (string) => storable(string, marks)), marks };
}

/** Parses a record like {@link parseJson}. Anything but an object is an error. */
export function parseObject<P extends Place>(
  bytes: Uint8Array,
  place: P,
  limits: ImportLimits,
  read?: (text: string) => JsonValue,
): PlacedRecord<P> {
  const { value: record, marks } = parseJson(bytes, place, limits, read);
  if (!isObject(record)) throw new ImportError(place, `expected a JSON object, found ${kindOf(record)}`);
  return { record, marks, place };
}

export function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !rawJson.isRawJSON(value);
}

/** Whether a value is what {@link parseJson} makes of a number that JSON does not have. */
export function isNotFinite(value: JsonValue | undefined): boolean {
  return typeof value === "string" && /^(NaN|-?Infinity)$/.test(value);
}

/** Names the kind of a value, for messages. */
export function kindOf(value: unknown): string {
  if (value === undefined) return "nothing";
  if (value === null) return "null";
  if (Array.isArray(value)) return "an array";
  if (rawJson.isRawJSON(value)) return "a number";
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
}

/** Copies a value. Every string, keys too, goes through `text`; every number becomes finite or a string. */
export function rewrite(value: JsonValue, text: (string: string) => string): JsonValue {
  if (typeof value === "string") return text(value);
  if (typeof value === "number") return Number.isFinite(value) ? value : String(value);
  if (Array.isArray(value)) return value.map((item) => rewrite(item, text));
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [text(key), rewrite(item, text)]));
}

/** Copies the object without some of its fields. */
export function without(object: JsonObject, fields: readonly string[]): JsonObject {
  return Object.fromEntries(Object.entries(object).filter(([key]) => !fields.includes(key)));
}

/** Copies an object with other values. */
export function mapValues(object: JsonObject, to: (value: JsonValue, key: string) => JsonValue): JsonObject {
  return Object.fromEntries(Object.entries(object).map(([key, value]) => [key, to(value, key)]));
}

function storable(string: string, marks: JsonObject): string {
  let result = string;
  if (result.includes("\0")) {
    marks.ltb_replaced_nul = true;
    result = result.replaceAll("\0", "\u2400");
  }
  if (!result.isWellFormed()) {
    marks.ltb_replaced_surrogates = true;
    result = result.toWellFormed();
  }
  return result;
}

function parse(text: string, place: Place, read: (text: string) => JsonValue): JsonValue {
  try {
    return read(text);
  } catch (cause) {
    if (/NaN|Infinity/.test(text)) {
      try {
        return read(quoteNonFinite(text));
      } catch {
        // The first error says more, because it has the text as it is in the file.
      }
    }
    throw new ImportError(place, `not JSON (${messageOf(cause)}); expected one whole JSON value`, { cause });
  }
}

function quoteNonFinite(text: string): string {
  let result = "";
  let outside = 0;
  while (outside < text.length) {
    const quote = text.indexOf('"', outside);
    const end = quote < 0 ? text.length : quote;
    result += text.slice(outside, end).replaceAll(/-?Infinity|NaN/g, '"$&"');
    outside = quote < 0 ? end : endOfString(text, quote);
    result += text.slice(end, outside);
  }
  return result;
}

function endOfString(text: string, quote: number): number {
  for (let i = quote + 1; i < text.length; i++) {
    if (text[i] === "\\") i++;
    else if (text[i] === '"') return i + 1;
  }
  return text.length;
}

// This check comes before the parse, because V8 accepts any depth, at some hundred bytes a level.
function checkDepth(bytes: Uint8Array, place: Place, maxDepth: number): void {
  let depth = 0;
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i];
    if (byte === 0x22) {
      for (i++; i < bytes.length && bytes[i] !== 0x22; i++) if (bytes[i] === 0x5c) i++;
    } else if (byte === 0x5b || byte === 0x7b) {
      if (++depth > maxDepth)
        throw new ImportError(place, `nested deeper than ${maxDepth} levels, which is the limit`);
    } else if (byte === 0x5d || byte === 0x7d) depth--;
  }
}
