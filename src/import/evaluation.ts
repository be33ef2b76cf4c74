import { createHash } from "node:crypto";
import { limits } from "../limits.ts";
import { countCharacters, cutBytes, cutText } from "../text.ts";
import type { JsonObject, JsonValue } from "../validation.ts";
import { ImportError, type Place } from "./import-error.ts";
import { isObject, kindOf } from "./json-text.ts";
import { fieldLimits } from "./limits.ts";
import type { ImportedEvaluation } from "./types.ts";

/** An evaluation as a reader found it. Fields that are null, undefined or empty objects are left out. */
type Draft = {
  [K in keyof ImportedEvaluation]: ImportedEvaluation[K] | null | undefined;
} & { sampleId: string; repetition: number };

/** A draft with the reasons why the sample failed, if any. The first becomes its error. */
type FailableDraft = Omit<Draft, "error"> & { problems: readonly (string | false | null | undefined)[] };

/**
 * Makes a draft fit the service's limits. A text that is too long is an error. Everything else is adapted,
 * which `metadata` records:
 * - `ltb_sample_id`: the original sample id, if it had over 255 characters and became its SHA-256.
 * - `ltb_error`: the whole error, if it is longer than 64 KiB.
 * - `ltb_omitted`: the names of the fields without which metadata fits into 1 MiB and 32 levels, largest
 *   first.
 * - `ltb_replaced_nul`, `ltb_replaced_surrogates`: see `parseJson`.
 */
export function finishEvaluation(place: Place, { problems, ...draft }: FailableDraft): ImportedEvaluation {
  checkEvaluation(place, draft);
  const own: JsonObject = {};
  let { sampleId } = draft;
  if (countCharacters(sampleId) > fieldLimits.sampleIdChars) {
    own.ltb_sample_id = sampleId;
    sampleId = `sha256:${sha256(sampleId)}`;
  }
  let error = problems.find((problem) => typeof problem === "string");
  if (error && Buffer.byteLength(error) > fieldLimits.errorBytes) {
    own.ltb_error = error;
    const hint = " … (whole text in metadata.ltb_error)";
    error = cutBytes(error, fieldLimits.errorBytes - Buffer.byteLength(hint)) + hint;
  }
  const metadata = boundJson({ ...draft.metadata, ...own });
  return compact<ImportedEvaluation>({ ...draft, sampleId, error, metadata });
}

/** Checks the limits that no adapting can meet. @throws {ImportError} that names the field and its limit. */
export function checkEvaluation(place: Place, draft: Draft): void {
  const { textBytes, int32, jsonBytes, providerChars, nameChars } = fieldLimits;
  const at = (field: string): Place => ({ ...place, field });
  for (const field of ["input", "output", "expected"] as const) {
    const size = Buffer.byteLength(draft[field] ?? "");
    if (size > textBytes) throw new ImportError(at(field), `${size} bytes long; the limit is ${textBytes}`);
  }
  for (const field of ["latencyMs", "costUsd"] as const) {
    const value = draft[field];
    if (typeof value === "number" && !(value >= 0 && Number.isFinite(value)))
      throw new ImportError(at(field), `expected a number of 0 or more, found ${value}`);
  }
  for (const field of ["repetition", "inputTokens", "outputTokens"] as const) {
    const value = draft[field];
    if (typeof value === "number" && !(Number.isInteger(value) && value >= 0 && value <= int32))
      throw new ImportError(at(field), `expected a whole number from 0 to ${int32}, found ${value}`);
  }
  for (const field of ["provider", "model"] as const) {
    const limit = field === "provider" ? providerChars : nameChars;
    const length = countCharacters(draft[field] ?? "");
    if (length > limit) throw new ImportError(at(field), `${length} characters long; the limit is ${limit}`);
  }
  if (jsonSize(draft.metrics ?? {}, jsonBytes) > jsonBytes)
    throw new ImportError(
      at("metrics"),
      `more than ${jsonBytes} bytes as JSON, or ${limits.jsonDepth} levels, which are the limits`,
    );
}

/**
 * Leaves out an object's largest fields if it encodes to over 1 MiB, and those that are nested too deep;
 * `ltb_omitted` then lists them.
 */
export function boundJson(object: JsonObject): JsonObject {
  const limit = fieldLimits.jsonBytes;
  const sizes = Object.entries(object).map(([key, value]) => ({
    key,
    size: key.length + 8 + jsonSize(value, limit, limits.jsonDepth - 1),
  }));
  let total = sizes.reduce((sum, { size }) => sum + size, 0);
  if (total <= limit) return object;
  const omitted: string[] = [];
  for (const { key, size } of sizes.toSorted((a, b) => b.size - a.size)) {
    if (total + omitted.join().length + 64 <= limit) break;
    total -= size;
    omitted.push(key);
  }
  const kept = Object.entries(object).filter(([key]) => !omitted.includes(key));
  return { ...Object.fromEntries(kept), ltb_omitted: omitted };
}

/**
 * Estimates the bytes of a value as JSON or as `Struct`, whichever is more; counting stops past `limit`.
 * `JSON.stringify` would repeat shared strings, such as attachments, and take far more memory. A value nested
 * more than so many levels deep, which cannot be stored either, is always larger than `limit`.
 */
export function jsonSize(value: JsonValue, limit: number, levels: number = limits.jsonDepth): number {
  if (typeof value === "string") {
    if (value.length > limit) return limit + 1;
    // An escape takes at most six bytes for one character.
    return Buffer.byteLength(value) + 8 + 5 * (value.match(/["\\\p{Cc}]/gu)?.length ?? 0);
  }
  if (typeof value !== "object" || value === null) return 24;
  if (levels === 0) return limit + 1;
  let size = 8;
  for (const [key, item] of Object.entries(value)) {
    size += (isObject(value) ? key.length + 8 : 4) + jsonSize(item, limit, levels - 1);
    if (size > limit) return size;
  }
  return size;
}

/** Says which scores of a sample became no metric, and what they are; those that are missing are left out. */
export function unusableOf(scores: Record<string, JsonValue | undefined>, metrics: JsonObject): string[] {
  return Object.entries(scores).flatMap(([name, value]) => {
    if (value === undefined || Object.hasOwn(metrics, name)) return [];
    const shown = typeof value === "object" ? kindOf(value) : cutText(JSON.stringify(value), 50);
    return `${name} is ${shown}`;
  });
}

export function sha256(text: string | Uint8Array): string {
  return createHash("sha256").update(text).digest("hex");
}

/** Makes text of a value: strings as they are, other JSON encoded. Null and undefined become undefined. */
export function asText(value: JsonValue | undefined): string | undefined {
  if (value === undefined || value === null) return undefined;
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** Copies the object without the fields that are null, undefined or empty. */
export function compact<T extends object>(object: { [K in keyof T]: T[K] | null | undefined }): T {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => !isEmpty(value))) as T;
}

function isEmpty(value: unknown): boolean {
  if (value === null || value === undefined) return true;
  return typeof value === "object" && !(Symbol.asyncIterator in value) && Object.keys(value).length === 0;
}
