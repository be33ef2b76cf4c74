import type { JsonObject, JsonValue } from "@bufbuild/protobuf";

// A filter by metadata stands in the address as `ltb export --metadata` takes it: `split=test`, `seed=7`, or
// an object such as `{"run":{"seed":7}}`.

/** Documents above so many characters are no filter, as an address has no room for them. */
const longest = 1_000;

/** The metadata that all of these filters together ask for; undefined without any. */
export function metadataOf(filters: readonly string[]): JsonObject | undefined {
  const asked = filters.map(readFilter).filter((each) => each !== undefined);
  return asked.length === 0 ? undefined : asked.reduce((one, other) => merged(one, other) as JsonObject);
}

function readFilter(filter: string): JsonObject | undefined {
  if (filter.trimStart().startsWith("{")) {
    const value = jsonOr(filter, undefined);
    if (typeof value === "object") return value as JsonObject;
  }
  const at = filter.indexOf("=");
  if (at <= 0) return undefined;
  const value = filter.slice(at + 1);
  return { [filter.slice(0, at)]: jsonOr(value, value) };
}

/** Both documents in one: members of objects beside each other, items of lists, too; else the later one. */
function merged(one: JsonValue | undefined, other: JsonValue): JsonValue {
  if (Array.isArray(one) && Array.isArray(other)) return [...one, ...other];
  if (!isObject(one) || !isObject(other)) return other;
  const members = Object.entries(other).map(([key, value]) => [
    key,
    merged(Object.hasOwn(one, key) ? one[key] : undefined, value),
  ]);
  return { ...one, ...Object.fromEntries(members) };
}

const isObject = (value: JsonValue | undefined): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value);

function jsonOr<Other>(text: string, otherwise: Other): JsonValue | Other {
  try {
    return JSON.parse(text) as JsonValue;
  } catch {
    return otherwise;
  }
}

/**
 * The filter for evaluations that have a value at the same place of their metadata.
 * @param path keys as they are written, in quotes, and numbers for items of lists
 * @param value as it is written
 * @returns undefined where it would be too long
 */
export function filterOf(path: readonly (string | number)[], value: string): string | undefined {
  const [first] = path;
  if (path.length === 1 && typeof first === "string") {
    const key: string = JSON.parse(first);
    const text = value.startsWith('"') ? (JSON.parse(value) as string) : value;
    // A text that is JSON by itself stays in quotes, or it would be taken for that.
    const written = value.startsWith('"') && jsonOr(text, undefined) === undefined ? text : value;
    if (key !== "" && !/^\s*\{|=/.test(key)) return within(`${key}=${written}`);
  }
  return within(
    path.reduceRight(
      (inner: string, step) => (typeof step === "number" ? `[${inner}]` : `{${step}:${inner}}`),
      value,
    ),
  );
}

const within = (filter: string): string | undefined => (filter.length > longest ? undefined : filter);
