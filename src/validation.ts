import type { JsonValue } from "@bufbuild/protobuf";
import { z } from "zod";
import { momentAt } from "./calendar.ts";
import { invalid } from "./errors.ts";
import { placeOfRepeatedKey } from "./json-keys.ts";
import { mayHaveLongNumber, numberFault, parseExactly } from "./json-numbers.ts";
import { limits } from "./limits.ts";
import { countCharacters } from "./text.ts";
import { messageOf } from "./thrown.ts";

export type { JsonValue };
export type JsonObject = { [key: string]: JsonValue };

/** Parses `value`, or throws INVALID_ARGUMENT that names each wrong field as the protos spell it. */
export function parseInput<Schema extends z.ZodType>(schema: Schema, value: unknown, root = "") {
  const result = parseQuickly(schema, value);
  if (result.success) return result.data;
  throw invalid(violationsOf(result.error, root));
}

/** The wrong fields of a failed parse. `root` is put before each path, for example `evaluations[3]`. */
export function violationsOf(error: z.ZodError, root = ""): { field: string; description: string }[] {
  return error.issues.flatMap((issue) => {
    if (issue.code === "custom" && issue.params?.isText) {
      const field = fieldPath(root, issue.path);
      const description = issue.message === twice ? `${twice} ${field}` : issue.message;
      // Of a document that came as text, the field has another name.
      return { field: `${field}_json`, description };
    }
    if (issue.code === "invalid_key")
      return {
        field: fieldPath(root, issue.path.slice(0, -1)),
        description: `a key ${issue.issues[0]?.message}`,
      };
    if (issue.code !== "unrecognized_keys")
      return { field: fieldPath(root, issue.path), description: describe(issue) };
    return issue.keys.map((key) => ({
      field: fieldPath(root, [...issue.path, key]),
      description: "is not a known field",
    }));
  });
}

/** What is wrong. Where a schema has no words of its own for it, these are ours. */
function describe(issue: z.core.$ZodIssue): string {
  if (issue.code !== "invalid_type" || !issue.message.startsWith("Invalid input")) return issue.message;
  const kind = issue.expected === "record" ? "object" : issue.expected;
  return `must be ${/^[aeiou]/.test(kind) ? "an" : "a"} ${kind}`;
}

function fieldPath(root: string, path: readonly PropertyKey[]): string {
  return path.reduce<string>((parent, key) => {
    if (typeof key === "number") return `${parent}[${key}]`;
    const name = String(key).replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
    return parent ? `${parent}.${name}` : name;
  }, root);
}

const noNul = "must not contain the character U+0000, which PostgreSQL cannot store";

/** A string of `min` to `max` characters: code points, as PostgreSQL counts them. */
export function text(max: number, min = 0) {
  const expected = min > 0 ? `must have ${min} to ${max} characters` : `must have at most ${max} characters`;
  const fits = (value: string) => {
    const length = value.length <= max && min <= 1 ? value.length : countCharacters(value);
    return length >= min && length <= max;
  };
  return z
    .string({ error: "must be a string" })
    .refine(fits, { error: ({ input }) => `${expected}, has ${countCharacters(input as string)}` })
    .refine((value) => !value.includes("\0"), noNul);
}

/** A string of `min` to `max` bytes in UTF-8. */
export function longText(max: number, min = 0) {
  const expected = min > 0 ? `must have ${min} to ${max} bytes` : `must have at most ${max} bytes`;
  const fits = (value: string) =>
    value.length >= min && (value.length * 3 <= max || Buffer.byteLength(value) <= max);
  return z
    .string({ error: "must be a string" })
    .refine(fits, { error: ({ input }) => `${expected}, has ${Buffer.byteLength(input as string)}` })
    .refine((value) => !value.includes("\0"), noNul);
}

const uuidPattern = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

export const uuid = z
  .string({ error: "must be a UUID" })
  .regex(uuidPattern, "must be a UUID, for example 01890a5d-ac96-774b-bcce-b302099a8057")
  .toLowerCase();

/** `least` to `most` ids, each once. */
export function distinctIds(most: number, least = 1) {
  const message = `must have ${least} to ${most} items`;
  return z
    .array(uuid)
    .min(least, message)
    .max(most, message)
    .superRefine((ids, context) => {
      const repeated = ids.findIndex((id, index) => ids.indexOf(id) !== index);
      if (repeated < 0) return;
      context.addIssue({ code: "custom", path: [repeated], message: "is given twice" });
    });
}

export function oneOf<const Value extends string>(values: readonly Value[]) {
  return z.enum(values, { error: `must be one of ${values.join(", ")}` });
}

/** A list of at most `max` items; the default is an empty one. */
export function listOf<Item extends z.ZodType>(item: Item, max: number) {
  return z.array(item).max(max, `must have at most ${max} items`).default([]);
}

/**
 * A whole number from `min` to `max`, by default from 0 to what PostgreSQL's integer holds.
 * @param unit what it is a number of, for the message. Default: nothing said
 */
export function whole(min = 0, max = 2_147_483_647, unit = "") {
  const message = `must be a whole number from ${min} to ${max}${unit && ` ${unit}`}`;
  return z.int({ error: message }).min(min, message).max(max, message);
}

export const finite = z.number({ error: "must be a finite number" });

export const notNegative = finite.min(0, "must be 0 or more");

/** A time: ISO 8601 in UTC, to the microsecond; years 0001 to 9999, as in `google.protobuf.Timestamp`. */
export const timestamp = z
  .string({ error: "must be an ISO 8601 time" })
  .refine(
    (value) =>
      /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z$/.test(value) &&
      momentAt(value.slice(0, 19), "Z") !== undefined,
    'must be an ISO 8601 time in UTC, for example "2026-01-31T12:00:00.000001Z"',
  );

const twice = "must not be given together with";
const notObject = "must be a JSON object";
const malformed = "must not contain half of a surrogate pair, which PostgreSQL cannot store in JSON";
const isWellFormed = (value: string) => value.isWellFormed();

export const labels = z
  .record(
    text(limits.labelKeyLength, 1).refine(isWellFormed, malformed),
    text(limits.labelValueLength).refine(isWellFormed, malformed),
  )
  .refine(
    (value) => Object.keys(value).length <= limits.labels,
    `must have at most ${limits.labels} entries`,
  );

/** Any JSON that PostgreSQL can store and gRPC can carry. */
export const json = z
  .custom<Json>((value) => value !== undefined)
  .superRefine((value, context) => checkJson(value, context));

/** A JSON object of the same kind. */
export const jsonObject = z
  .custom<Json<JsonObject>>(isObject, { error: notObject })
  .superRefine((value, context) => checkJson(value, context, true));

function isObject(value: unknown): boolean {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function checkJson(json: Json, context: z.RefinementCtx, mustBeObject = false): void {
  const isText = json instanceof JsonText;
  const fault = isText ? faultOfText(json, mustBeObject) : faultOf(json);
  if (fault === undefined) return;
  // What looks at all fields of its input then does not run: it may not be able to read this one.
  context.addIssue({ code: "custom", message: fault, params: { isText }, continue: false });
}

/** What is wrong with JSON that cannot be stored; undefined for other. */
function faultOf(value: JsonValue): string | undefined {
  const size = measureJson(value, 1, true);
  if (typeof size === "string" || size <= limits.jsonBytes)
    return typeof size === "string" ? size : undefined;
  return `must take at most ${limits.jsonBytes} bytes as a google.protobuf.Value, takes about ${size}`;
}

/** Likewise of text. */
function faultOfText(json: JsonText, mustBeObject: boolean): string | undefined {
  const { text, isTwice } = json;
  if (isTwice) return twice;
  if (text.length * 3 > limits.jsonBytes && Buffer.byteLength(text) > limits.jsonBytes)
    return `must have at most ${limits.jsonBytes} bytes, has ${Buffer.byteLength(text)}`;
  let value: JsonValue;
  try {
    value = json.value;
  } catch (error) {
    // The rest of the message has pieces of the text.
    const [, at] = / position (\d+)/.exec(messageOf(error)) ?? [];
    return `must be JSON text, which it is not${at === undefined ? "" : ` from character ${at} on`}`;
  }
  if (mustBeObject && !isObject(value)) return notObject;
  const fault = faultOf(value) ?? (json.mayHaveLongNumber ? numberFault(text) : undefined);
  if (fault !== undefined) return fault;
  const at = placeOfRepeatedKey(text, value);
  return at === undefined ? undefined : `must not have a key twice, as it has from character ${at} on`;
}

/**
 * Estimates the bytes of a JSON value as a `google.protobuf.Struct` or `Value`; never less than the text that
 * PostgreSQL makes of it. A list of zeros is five times as large on the wire as in JSON.
 */
export function jsonBytes(json: Json): number {
  if (!(json instanceof JsonText)) return Number(measureJson(json, 1, false));
  // PostgreSQL writes all digits of a number, and puts zeros in the place of an exponent.
  return jsonBytes(json.value) + (json.mayHaveLongNumber ? Buffer.byteLength(json.text) : 0);
}

/** What `jsonBytes` says or, where it is checked, what is wrong with JSON that cannot be stored. */
function measureJson(value: JsonValue, depth: number, isChecked: boolean): number | string {
  if (typeof value === "string") return (isChecked && textFault(value)) || textBytes(value);
  if (typeof value === "number") {
    if (isChecked && !Number.isFinite(value)) return "must hold finite numbers only";
    return Number.isInteger(value) && Math.abs(value) < 1e9 ? 13 : numberBytes(value);
  }
  if (typeof value !== "object" || value === null) return 13;
  if (isChecked && depth > limits.jsonDepth) return `must be nested at most ${limits.jsonDepth} deep`;
  let bytes = 10;
  if (Array.isArray(value)) {
    for (const item of value) {
      const size = measureJson(item, depth + 1, isChecked);
      if (typeof size === "string") return size;
      bytes += size;
    }
    return bytes;
  }
  for (const key in value) {
    const size = (isChecked && textFault(key)) || measureJson(value[key] ?? null, depth + 1, isChecked);
    if (typeof size === "string") return size;
    bytes += textBytes(key) + 5 + size;
  }
  return bytes;
}

/** Beside its characters a string takes 10 bytes. In JSON text some of them are escaped. */
function textBytes(text: string): number {
  let escapes = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code < 0x20) escapes += code >= 8 && code <= 13 && code !== 11 ? 1 : 5;
    else if (code === 0x22 || code === 0x5c) escapes++;
  }
  return Buffer.byteLength(text) + Math.max(10, 4 + escapes);
}

/** PostgreSQL writes a number without an exponent. */
function numberBytes(value: number): number {
  const [digits = "", exponent = "0"] = String(value).split("e");
  return Math.max(13, digits.length + Math.abs(Number(exponent)) + 4);
}

function textFault(text: string): string | undefined {
  if (text.includes("\0")) return noNul;
  return text.isWellFormed() ? undefined : malformed;
}

/**
 * JSON as its text, which is stored and sent as it is, with all digits of its numbers. It is parsed when
 * somebody asks for its value.
 */
export class JsonText<Value extends JsonValue = JsonValue> {
  readonly text: string;
  /** Whether a request has the value in both of its fields, which is a fault. */
  readonly isTwice: boolean;
  #value: Value | undefined;
  #hasLongNumber: boolean | undefined;

  constructor(text: string, isTwice = false) {
    this.text = text;
    this.isTwice = isTwice;
  }

  /** The value, whose numbers are doubles. @throws SyntaxError */
  get value(): Value {
    if (this.#value !== undefined) return this.#value;
    const value: Value = JSON.parse(this.text);
    if (this.text.length <= mostHeld) this.#value = value;
    return value;
  }

  /** Whether it may have a number that differs from the double which it is read as. */
  get mayHaveLongNumber(): boolean {
    this.#hasLongNumber ??= mayHaveLongNumber(this.text);
    return this.#hasLongNumber;
  }

  /**
   * The value for `JSON.stringify`, which writes all digits of its numbers: equal values, equal texts. What
   * is no JSON, or is nested too deep, is its own text.
   */
  toJSON(): JsonValue {
    try {
      const value = this.mayHaveLongNumber ? parseExactly(this.text) : this.value;
      return isDeeper(value, limits.jsonDepth) ? this.text : value;
    } catch {
      return this.text;
    }
  }
}

/** JSON as a value or as its text. */
export type Json<Value extends JsonValue = JsonValue> = Value | JsonText<Value>;

/** Tells whether objects and lists are nested more than so many levels deep. */
export function isDeeper(value: JsonValue, levels: number): boolean {
  if (typeof value !== "object" || value === null) return false;
  return levels === 0 || Object.values(value).some((part) => isDeeper(part, levels - 1));
}

// What is large is parsed again rather than held.
const mostHeld = 16_384;

/** The value, whose numbers are doubles. */
export function jsonValueOf<Value extends JsonValue>(json: Json<Value>): Value {
  return json instanceof JsonText ? json.value : json;
}

export function jsonTextOf(json: Json): string {
  return json instanceof JsonText ? json.text : JSON.stringify(json);
}

const pageLimit = whole(1, limits.pageSizeMax).default(limits.pageSizeDefault);

/** How many rows a page of a list may have, as a program asks for it: 1 to 1000. Default: 50. */
export function parseLimit(limit: number | undefined): number {
  return parseInput(pageLimit, limit, "limit");
}

/** The name that a worker gives itself. */
export const workerName = text(limits.nameLength, 1);

/**
 * Parses as `schema.safeParse` does. What is valid, as most is, takes half the time: each schema is made into
 * functions once, which only say whether a value is valid. `safeParse` says what is wrong with another.
 */
export function parseQuickly<Schema extends z.ZodType>(
  schema: Schema,
  value: unknown,
): z.ZodSafeParseResult<z.output<Schema>> {
  let read = readers.get(schema);
  if (!read) {
    read = readerOf(schema);
    readers.set(schema, read);
  }
  const data = read(value);
  return data === refused ? schema.safeParse(value) : { success: true, data: data as z.output<Schema> };
}

/** Answers with the value as the schema puts it, or `refused`. */
type Read = (value: unknown) => unknown;

const refused = Symbol("refused");
const readers = new WeakMap<z.ZodType, Read>();

function readerOf(schema: z.core.$ZodType): Read {
  const known = schema as z.core.$ZodTypes;
  const checks = [...(known._zod.def.checks ?? [])];
  // A schema of its own, like that of whole numbers, may be its own check.
  if (known._zod.traits.has("$ZodCheck")) checks.unshift(known as unknown as z.core.$ZodCheck<never>);
  const read = typeReaderOf(known);
  return read ? checks.reduce(addCheck, read) : readByZod(schema);
}

function readByZod(schema: z.core.$ZodType): Read {
  return (value) => {
    const result = schema._zod.run({ value, issues: [] }, { async: false });
    return result instanceof Promise || result.issues.length > 0 ? refused : result.value;
  };
}

/** Reads the types that most input is made of; undefined for others. */
function typeReaderOf(schema: z.core.$ZodTypes): Read | undefined {
  const { def } = schema._zod;
  switch (def.type) {
    case "string":
      return (value) => (typeof value === "string" ? value : refused);
    case "number":
      return (value) => (typeof value === "number" && Number.isFinite(value) ? value : refused);
    case "boolean":
      return (value) => (typeof value === "boolean" ? value : refused);
    case "custom":
      return (value) => value;
    case "enum": {
      const values = new Set<unknown>(schema._zod.values);
      return (value) => (values.has(value) ? value : refused);
    }
    case "nullable": {
      const read = readerOf(def.innerType);
      return (value) => (value === null ? value : read(value));
    }
    case "optional": {
      const read = readerOf(def.innerType);
      return def.innerType._zod.optin === "optional"
        ? undefined
        : (value) => (value === undefined ? value : read(value));
    }
    case "default": {
      const read = readerOf(def.innerType);
      return (value) => (value === undefined ? def.defaultValue : read(value));
    }
    case "pipe": {
      const [read, then] = [readerOf(def.in), readerOf(def.out)];
      return (value) => {
        const result = read(value);
        return result === refused ? refused : then(result);
      };
    }
    case "transform":
      return (value) => {
        const payload = { value, issues: [] };
        const result = def.transform(value, payload);
        return result instanceof Promise || payload.issues.length > 0 ? refused : result;
      };
    case "array":
      return listReaderOf(readerOf(def.element));
    case "object":
      // One that leaves other keys out is left to zod where there are any.
      return def.catchall === undefined || def.catchall._zod.def.type === "never"
        ? objectReaderOf(def.shape)
        : undefined;
    default:
      return undefined;
  }
}

function listReaderOf(read: Read): Read {
  return (value) => {
    if (!Array.isArray(value)) return refused;
    const list: unknown[] = [];
    for (const item of value) {
      const result = read(item);
      if (result === refused) return refused;
      list.push(result);
    }
    return list;
  };
}

/** Reads objects that have no other keys. */
function objectReaderOf(shape: Readonly<Record<string, z.core.$ZodType>>): Read {
  const fields = new Map(Object.entries(shape).map(([key, schema]) => [key, readerOf(schema)]));
  // What is absent is undefined, and stays so unless it is required or has a default.
  const needed = [...fields].filter(([, read]) => read(undefined) !== undefined);
  return (value) => {
    if (typeof value !== "object" || value === null || Object.getPrototypeOf(value) !== Object.prototype)
      return refused;
    const given = value as { [key: string]: unknown };
    const object = { ...given };
    for (const key in given) {
      const field = given[key];
      const read = fields.get(key);
      const result = read ? read(field) : refused;
      if (result === refused) return refused;
      if (result !== field) object[key] = result;
    }
    for (const [key, read] of needed) {
      if (key in given) continue;
      const result = read(undefined);
      if (result === refused) return refused;
      object[key] = result;
    }
    return object;
  };
}

function addCheck(read: Read, check: z.core.$ZodCheck<never>): Read {
  const { def } = check._zod;
  const test =
    "fn" in def && typeof def.fn === "function" ? (def.fn as (value: unknown) => unknown) : undefined;
  return (value) => {
    const result = read(value);
    if (result === refused) return refused;
    if (test) return test(result) ? result : refused;
    const payload = { value: result as never, issues: [] };
    const pending = check._zod.check(payload);
    return pending instanceof Promise || payload.issues.length > 0 ? refused : payload.value;
  };
}
