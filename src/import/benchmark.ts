import { momentAt } from "../calendar.ts";
import { doubleOf } from "../json-numbers.ts";
import { countCharacters, cutBytes, cutText } from "../text.ts";
import type { JsonObject } from "../validation.ts";
import { boundJson, compact, jsonSize, sha256 } from "./evaluation.ts";
import { ImportError, type Place } from "./import-error.ts";
import { fieldLimits } from "./limits.ts";
import type { Source } from "./source.ts";
import type { ImportedBenchmark, ImportedEvaluation } from "./types.ts";

/** A benchmark as a reader found it. Fields that are null or undefined are left out. */
type BenchmarkDraft = {
  [K in keyof Omit<ImportedBenchmark, "evaluations">]?: ImportedBenchmark[K] | null | undefined;
} & Pick<ImportedBenchmark, "key" | "name" | "dataset" | "status"> & {
    /** Called for every iteration, with the log as a source that counts the bytes read. */
    evaluations: (counted: Source) => AsyncIterator<ImportedEvaluation | ImportError>;
  };

/** Replaces the log's name, provider, model and dataset by the caller's, and bounds the rest. */
export function finishBenchmark(source: Source, place: Place, draft: BenchmarkDraft): ImportedBenchmark {
  const isTooLarge = jsonSize(draft.results ?? null, fieldLimits.jsonBytes) > fieldLimits.jsonBytes;
  return nameBenchmark(source, place, {
    ...draft,
    results: isTooLarge ? undefined : draft.results,
    metrics: draft.metrics && boundJson(draft.metrics),
    metadata: boundJson({ ...draft.metadata, ...(isTooLarge && { ltb_omitted_results: true }) }),
    error: draft.error && cutBytes(draft.error, fieldLimits.errorBytes),
  });
}

/** Does the same for a benchmark that the service has stored before, so nothing is left out. */
export function nameBenchmark(source: Source, place: Place, draft: BenchmarkDraft): ImportedBenchmark {
  const { options } = source;
  const named = {
    name: options.name ?? draft.name,
    provider: options.provider ?? draft.provider ?? "unknown",
    model: options.model ?? draft.model ?? "unknown",
    dataset: options.dataset ?? draft.dataset,
  };
  for (const [field, value] of Object.entries(named)) {
    const limit = field === "provider" ? fieldLimits.providerChars : fieldLimits.nameChars;
    const length = countCharacters(value);
    if (length === 0 || length > limit)
      throw new ImportError(
        { ...place, field },
        `${length === 0 ? "empty" : `${length} characters long`}; expected 1 to ${limit} characters. Give another with --${field}`,
      );
  }
  const counted = { ...source, onBytes: options.onBytes };
  const evaluations = { [Symbol.asyncIterator]: () => draft.evaluations(counted) };
  return compact<ImportedBenchmark>({ ...draft, ...named, evaluations });
}

/** Makes a key of at most 255 characters for a run that its source calls `id`. */
export function benchmarkKey(source: string, id: string): string {
  return id.length <= 200 ? `${source}:${id}` : `${source}:sha256:${sha256(id)}`;
}

/** Splits "openai/gpt-4o" into provider and model. A name without a slash has no provider. */
export function splitModel(name: string): { provider?: string; model: string } {
  const slash = name.indexOf("/");
  if (slash <= 0 || slash === name.length - 1) return { model: name };
  return { provider: name.slice(0, slash), model: name.slice(slash + 1) };
}

/**
 * Converts a time of a log to UTC, to the microsecond; undefined for an empty one.
 * @throws {ImportError} if the text is not ISO 8601 with a time zone, or there is no such time.
 */
export function utc(text: string | null | undefined, place: Place): string | undefined {
  if (!text) return undefined;
  const [, date, time, digits, offset = ""] =
    /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:?\d\d)$/i.exec(text) ?? [];
  const moment = momentAt(`${date}T${time}`, offset);
  if (moment === undefined) {
    const none =
      (date && momentAt(date, "Z") === undefined && `day ${date}`) ||
      (time && momentAt(`2000-01-01T${time}`, "Z") === undefined && `time ${time} in a day`);
    throw new ImportError(place, none ? `there is no ${none}` : notTime(text));
  }
  const fraction = digits?.slice(0, 6).replace(/0+$/, "");
  return `${new Date(moment).toISOString().slice(0, 19)}${fraction ? `.${fraction}` : ""}Z`;
}

function notTime(text: string, more = ""): string {
  return `expected a time such as 2026-01-31T12:00:00Z${more}, found ${JSON.stringify(cutText(text, 50))}`;
}

/**
 * Does what `utc` does, and converts numbers too: below 10¹¹ they are seconds since 1970, else milliseconds.
 * @throws {ImportError} also for a number outside the years 1973 to 5138, in which it could be either.
 */
export function utcOfAny(text: string | undefined, place: Place): string | undefined {
  if (text === undefined || !/^-?\d+(\.\d+)?(e\+?\d+)?$/i.test(text)) return utc(text, place);
  const number = Number(text);
  if (number < 1e8 || number >= 1e14)
    throw new ImportError(place, notTime(text, ", or seconds or milliseconds since 1970"));
  return utcOfSeconds(number < 1e11 ? number : number / 1000);
}

/** Converts seconds since 1970, as Python's `time.time()` returns them, to UTC, to the microsecond. */
export function utcOfSeconds(seconds: number): string | undefined {
  if (!(seconds > 0 && seconds < 253_402_300_800)) return undefined;
  const whole = Math.floor(seconds);
  const micros = Math.min(999_999, Math.round((seconds - whole) * 1e6));
  const fraction = micros === 0 ? "" : `.${String(micros).padStart(6, "0").replace(/0+$/, "")}`;
  return `${new Date(whole * 1000).toISOString().slice(0, 19)}${fraction}Z`;
}

/** Returns the finite numbers and booleans (as 0 and 1) of an object. */
export function numbersOf(object: JsonObject): Record<string, number> {
  const numbers: Record<string, number> = {};
  for (const [key, kept] of Object.entries(object)) {
    const value = doubleOf(kept);
    if (typeof value === "boolean") numbers[key] = Number(value);
    else if (typeof value === "number" && Number.isFinite(value)) numbers[key] = value;
  }
  return numbers;
}
