import { hash } from "node:crypto";
import { type Content, canonicalJson } from "../content-hash.ts";
import { limits } from "../limits.ts";
import type { JsonObject, JsonValue } from "../validation.ts";

/** The former and the new values of an entity's fields, spelled as in the repositories. */
export interface Changes {
  before?: object | undefined;
  after?: object | undefined;
}

/**
 * Makes the JSON text that an entry stores of `changes`; null if it stores nothing.
 *
 * - Fields are spelled as in the protos. Unset fields are left out.
 * - A value of more than `limits.auditValueBytes` (2,048) bytes as JSON is stored as `{ bytes, sha256 }`: for
 *   a string of its UTF-8, for any other value of its JSON text, with keys in order and no spaces.
 * - Secrets are never stored: see `withoutSecrets`.
 */
export function changesText({ before, after }: Changes): string | null {
  if (!before && !after) return null;
  return storable({ ...(before && { before: kept(before) }), ...(after && { after: kept(after) }) });
}

/** The fields of `after` that differ from `before`, null where unset; undefined if they are equal. */
export function difference<Row extends object>(
  before: Row,
  after: Row,
  ignored: readonly (keyof Row)[] = [],
): { before: Partial<Row>; after: Partial<Row> } | undefined {
  const changed = (Object.keys(after) as (keyof Row)[]).filter(
    (name) =>
      !ignored.includes(name) &&
      canonicalJson((before[name] ?? null) as Content) !== canonicalJson((after[name] ?? null) as Content),
  );
  if (changed.length === 0) return undefined;
  const pick = (row: Row) =>
    Object.fromEntries(changed.map((name) => [name, row[name] ?? null])) as Partial<Row>;
  return { before: pick(before), after: pick(after) };
}

/** JSON text that PostgreSQL can store, without secrets. */
export function storable(value: JsonValue): string {
  const text = JSON.stringify(value);
  // Every created job passes here, and few texts need the slow way.
  return suspicious.test(text) ? JSON.stringify(withoutSecrets(value)) : text;
}

function kept(fields: object): JsonObject {
  const result: JsonObject = {};
  for (const [name, value] of Object.entries(fields)) {
    if (value !== undefined) result[protoName(name)] = shortened(value as JsonValue);
  }
  return result;
}

function shortened(value: JsonValue): JsonValue {
  if (typeof value === "string") return isShort(value) ? value : summary(value);
  if (typeof value !== "object" || value === null) return value;
  return isShort(JSON.stringify(value)) ? value : summary(canonicalJson(value));
}

function isShort(text: string): boolean {
  const most = limits.auditValueBytes;
  return text.length * 3 <= most || (text.length <= most && Buffer.byteLength(text) <= most);
}

function summary(text: string): JsonObject {
  return { bytes: Buffer.byteLength(text), sha256: hash("sha256", text, "hex") };
}

const protoNames = new Map<string, string>();

function protoName(name: string): string {
  let found = protoNames.get(name);
  if (found === undefined) {
    found = name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
    protoNames.set(name, found);
  }
  return found;
}

// Names of fields that hold a secret, unless their value is a number or a boolean: "max_tokens" holds none.
const inName = "pass(?:word|wd|phrase)|secret|credential|authorization|cookie";
const atEndOfName = "(?:api|private|access|signing|encryption)[_-]?key|token|pwd|(?:key|token)[_-]?hash";
const secretName = new RegExp(`${inName}|(?:${atEndOfName})$`, "i");

/**
 * Texts that look like a secret: our own keys, bearer tokens, hashes of passwords, passwords in URLs, keys of
 * model providers.
 */
const secretText =
  /\blt[bs]_[0-9A-Za-z-]+_[0-9A-Za-z]{16,}|\bbearer\s+[\w.~+/=-]{8,}|\$(?:argon2(?:id|i|d)|2[abxy]|scrypt|pbkdf2[\w-]*)\$[^\s"]+|:\/\/[^\s/@:"]*:[^\s/@"]+@|\bsk-[\w-]{16,}/gi;

// \u in JSON text is a control character or half of a surrogate pair, which PostgreSQL may not take.
const suspicious = new RegExp(`${inName}|(?:${atEndOfName})"|${secretText.source}|\\\\u`, "i");

const redacted = "[redacted]";

/**
 * Replaces the secrets of a value by "[redacted]": values of fields that are named like a secret, and texts
 * that look like one.
 */
export function withoutSecrets(value: JsonValue): JsonValue {
  if (typeof value === "string") {
    return value.toWellFormed().replaceAll("\0", "\uFFFD").replace(secretText, redacted);
  }
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(withoutSecrets);
  return Object.fromEntries(
    Object.entries(value).map(([name, part]) => [
      withoutSecrets(name) as string,
      isSecret(name, part) ? redacted : withoutSecrets(part),
    ]),
  );
}

function isSecret(name: string, value: JsonValue): boolean {
  return (typeof value === "string" || typeof value === "object") && value !== null && secretName.test(name);
}
