import type { DescMessage } from "@bufbuild/protobuf";
import { momentAt } from "../../calendar.ts";
import { invalidField } from "../../errors.ts";
import type { JsonValue } from "../../validation.ts";

/**
 * Makes Connect's options for the JSON of requests of a type. By itself Connect ignores names that are no
 * field, so that a misspelt filter leaves a bulk change without it; replaces bytes that are no UTF-8, which
 * the binary format refuses; and takes 30 February for 2 March.
 */
export function strictJson(input: DescMessage) {
  const check = checkOf(input);
  return {
    ignoreUnknownFields: false,
    textDecoder: {
      decode(bytes: Uint8Array): string {
        const text = utf8.decode(bytes);
        check?.(JSON.parse(text), "");
        return text;
      },
    },
  };
}

const utf8 = new TextDecoder("utf-8", { fatal: true });

/** Throws INVALID_ARGUMENT for a time or a duration that there is not. Other faults are left to Connect. */
type Check = (json: JsonValue, path: string) => void;

const checks = new Map<DescMessage, Check | undefined>();

/** The check of a message; undefined where it holds neither times nor durations. */
function checkOf(message: DescMessage): Check | undefined {
  if (checks.has(message)) return checks.get(message);
  // It stays so for messages within themselves, Struct and Value, which hold none.
  checks.set(message, undefined);
  const check = wellKnown.get(message.typeName) ?? checkOfFields(message);
  checks.set(message, check);
  return check;
}

function checkOfFields({ fields }: DescMessage): Check | undefined {
  const held = fields.flatMap(({ name, jsonName, message, fieldKind }) => {
    const check = message && fieldKind !== "map" ? checkOf(message) : undefined;
    return check ? [{ name, jsonName, check }] : [];
  });
  if (held.length === 0) return undefined;
  return (json, path) => {
    if (typeof json !== "object" || json === null || Array.isArray(json)) return;
    for (const { name, jsonName, check } of held) {
      const value = json[jsonName] ?? json[name] ?? null;
      const at = path === "" ? name : `${path}.${name}`;
      if (!Array.isArray(value)) check(value, at);
      else for (const [index, item] of value.entries()) check(item, `${at}[${index}]`);
    }
  };
}

const wellKnown: ReadonlyMap<string, Check> = new Map([
  [
    "google.protobuf.Timestamp",
    (json: JsonValue, path: string) => {
      if (typeof json === "string" && !isTime(json))
        throw invalidField(path, 'must be a time that there is, for example "2026-01-31T12:00:00Z"');
    },
  ],
  [
    "google.protobuf.Duration",
    (json: JsonValue, path: string) => {
      if (typeof json === "string" && !/^-?\d+(?:\.\d{1,9})?s$/.test(json))
        throw invalidField(path, 'must be seconds, for example "1.5s"');
    },
  ],
]);

function isTime(text: string): boolean {
  const [, dateTime = "", offset = ""] =
    /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.\d{1,9})?(Z|[+-]\d\d:\d\d)$/.exec(text) ?? [];
  return momentAt(dateTime, offset) !== undefined;
}
