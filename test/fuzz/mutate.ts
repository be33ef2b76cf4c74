import type { JsonValue } from "../../src/validation.ts";
import type { Random } from "../harness/random.ts";

/** A few bytes are others, missing, repeated, or too many; or there is nothing but noise. */
export function mutateBytes(bytes: Buffer, random: Random): Buffer {
  const noise = (length: number) => Buffer.from(Array.from({ length }, () => random.below(256)));
  const at = random.below(bytes.length + 1);
  switch (random.below(7)) {
    case 0:
      return noise(random.below(60));
    case 1:
      return bytes.subarray(0, at);
    case 2:
      return Buffer.concat([bytes.subarray(0, at), noise(1 + random.below(8)), bytes.subarray(at)]);
    case 3:
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(random.below(at + 1))]);
    default: {
      const mutated = Buffer.from(bytes);
      for (let left = random.below(6); left >= 0 && mutated.length > 0; left--)
        mutated[random.below(mutated.length)] = random.below(256);
      return mutated;
    }
  }
}

/** Texts at the edges of what PostgreSQL, UTF-8, JSON, numbers and times can hold. */
export const oddTexts = [
  "",
  " ",
  "\0",
  "a\0b",
  "\ud800",
  "\udc00x",
  "\ufeff",
  "👩‍👩‍👧‍👦",
  "ﷺ".repeat(300),
  "x".repeat(70_000),
  "%_\\",
  "'; drop table jobs; --",
  "__proto__",
  "constructor",
  "NaN",
  "-Infinity",
  "1e400",
  "-1",
  "0001-01-01T00:00:00Z",
  "9999-12-31T23:59:59.999999999Z",
  "10000-01-01T00:00:00Z",
  "-315576000001s",
  "3.0000000001s",
  "00000000-0000-0000-0000-000000000000",
  "ffffffff-ffff-ffff-ffff-ffffffffffff",
];

export const oddNumbers = [
  0,
  -0,
  1,
  -1,
  0.5,
  5e-324,
  1e308,
  2 ** 31 - 1,
  2 ** 31,
  -(2 ** 31),
  2 ** 32,
  2 ** 53,
  2 ** 63,
  2 ** 64,
];

function nested(depth: number): JsonValue {
  let value: JsonValue = depth % 2 === 0 ? {} : [];
  for (let level = 0; level < depth; level++) value = level % 2 === 0 ? [value] : { a: value };
  return value;
}

function oddValue(random: Random): JsonValue {
  switch (random.below(8)) {
    case 0:
      return null;
    case 1:
      return random.below(2) === 0;
    case 2:
      return [];
    case 3:
      return {};
    case 4:
      return nested(random.pick([3, 31, 33, 40, 120]));
    case 5:
      return random.pick(oddNumbers);
    default:
      return random.pick(oddTexts);
  }
}

/** A copy in which places, one on average, have another value or name, stand twice, or are left out. */
export function mutateJson(value: JsonValue, random: Random): JsonValue {
  const places = countOf(value);
  const change = (old: JsonValue): JsonValue => {
    if (random.below(places) === 0) return oddValue(random);
    if (Array.isArray(old))
      return old.flatMap((item) => {
        if (random.below(places * 4) !== 0) return [change(item)];
        return random.below(2) === 0 ? [] : [item, item];
      });
    if (typeof old !== "object" || old === null) return old;
    const entries = Object.entries(old).flatMap(([key, item]): [string, JsonValue][] => {
      if (random.below(places * 4) !== 0) return [[key, change(item)]];
      return random.below(2) === 0 ? [] : [[random.pick(oddTexts), item]];
    });
    return Object.fromEntries(entries);
  };
  return change(value);
}

function countOf(value: JsonValue): number {
  if (typeof value !== "object" || value === null) return 1;
  return Object.values(value).reduce<number>((sum, item) => sum + countOf(item), 1);
}
