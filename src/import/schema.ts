import * as z from "zod";
import { doubleOf, rawJson } from "../json-numbers.ts";
import type { JsonValue } from "../validation.ts";
import { ImportError, type Place } from "./import-error.ts";
import { kindOf } from "./json-text.ts";

/** Parts of the schemas of all logs. */
export const text = z.string().nullish();
/** Makes a double of a number that was kept with all digits. */
export const double = (value: unknown) => doubleOf(value as JsonValue);
export const number = z.preprocess(double, z.number().nullish());
/** A text, or a whole number of any length, as text. */
export const id = z.preprocess(
  (value) => (rawJson.isRawJSON(value) ? JSON.stringify(value) : value),
  z.union([z.string(), z.int()]).transform(String),
);
/** It is not copied, so that what stands for a number of many digits stays what it is. */
export const json = z.custom<JsonValue>((value) => value !== undefined);
export const object = z.record(z.string(), json).nullish();

/** Checks foreign JSON. The first misfit becomes an {@link ImportError} that names its field. */
export function checked<T>(schema: z.ZodType<T>, value: unknown, place: Place): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const { path, problem } = misfitOf(value, result.error.issues[0]);
  const field = [place.field, ...path].filter((step) => step !== undefined).join(".");
  throw new ImportError(field === "" ? place : { ...place, field }, problem);
}

const kindNames: Record<string, string> = {
  string: "a text",
  number: "a number",
  int: "a whole number",
  boolean: "a boolean",
  array: "an array",
  object: "an object",
  record: "an object",
};

/** Says what was expected, and found, at a path in the value. */
function misfitOf(
  value: unknown,
  issue: z.core.$ZodIssue | undefined,
): { path: PropertyKey[]; problem: string } {
  const { path = [], message = "does not fit" } = issue ?? {};
  const found = path.reduce<unknown>((part, step) => (part as Record<PropertyKey, unknown>)[step], value);
  const kinds = issue?.code === "invalid_union" ? issue.errors.map(([first]) => first) : [issue];
  // A kind that fits but for a part of the value is the one that was meant.
  const inner = issue?.code === "invalid_union" && kinds.find((kind) => kind && kind.path.length > 0);
  if (inner) {
    const misfit = misfitOf(found, inner);
    return { ...misfit, path: [...path, ...misfit.path] };
  }
  const names = kinds.map(expectedOf);
  if (names.includes(undefined)) return { path, problem: message };
  // Where a number is expected, it is one with too many digits.
  if (rawJson.isRawJSON(found) && names.includes("a number"))
    return { path, problem: `expected a number of at most 2^53, found ${JSON.stringify(found)}` };
  const shown = typeof found === "number" ? String(found) : found === "" ? '""' : kindOf(found);
  return { path, problem: `expected ${[...new Set(names)].join(" or ")}, found ${shown}` };
}

function expectedOf(issue: z.core.$ZodIssue | undefined): string | undefined {
  if (issue?.code === "invalid_type") return kindNames[issue.expected] ?? issue.expected;
  if (issue?.code === "invalid_value") return issue.values.map((value) => JSON.stringify(value)).join(" or ");
  if (issue?.code !== "too_small") return undefined;
  if (issue.origin === "number" || issue.origin === "int") return `${issue.minimum} or more`;
  return `${kindNames[issue.origin]} that is not empty`;
}
