import { hash } from "node:crypto";
import { rawJson } from "./json-numbers.ts";
import { JsonText, type JsonValue } from "./validation.ts";

/** Anything made of JSON's types; absent and undefined fields are the same. */
export type Content = JsonValue | undefined | JsonText | { [key: string]: Content } | Content[];

/** The first 16 bytes, in hex, of the SHA-256 of `content` with sorted keys: equal content, equal hash. */
export function contentHash(content: Content): string {
  return hash("sha256", canonicalJson(content), "hex").slice(0, 32);
}

/** JSON without spaces, its keys in order; empty for undefined. */
export function canonicalJson(content: Content): string {
  return JSON.stringify(isInOrder(content) ? content : sortKeys(content)) ?? "";
}

/** Whether keys are in order all through: they mostly are, and to copy them takes much longer. */
function isInOrder(value: Content): boolean {
  if (typeof value !== "object" || value === null) return true;
  if (value instanceof JsonText) return isInOrder(value.toJSON());
  if (Array.isArray(value)) return value.every(isInOrder);
  let last = "";
  for (const key in value) {
    if (key < last || key === "__proto__" || !isInOrder(value[key])) return false;
    last = key;
  }
  return true;
}

function sortKeys(value: Content): Content {
  if (value instanceof JsonText) return sortKeys(value.toJSON());
  if (typeof value !== "object" || value === null || rawJson.isRawJSON(value)) return value;
  if (Array.isArray(value)) return value.map(sortKeys);
  // An own "__proto__" comes first: assigning to that key else sets the prototype, and loses its content.
  const result: { [key: string]: Content } = { ["__proto__"]: undefined };
  for (const key of Object.keys(value).sort()) result[key] = sortKeys(value[key]);
  return result;
}
