import { doubleOf, rawJson } from "../json-numbers.ts";
import { cutText } from "../text.ts";
import type { JsonObject, JsonValue } from "../validation.ts";
import { benchmarkKey, finishBenchmark, splitModel, utcOfAny } from "./benchmark.ts";
import { asText, compact, finishEvaluation, sha256, unusableOf } from "./evaluation.ts";
import { evaluate, type FieldMap, omitMapped, ownNames, show, type Target } from "./field-map.ts";
import { ImportError, type Place } from "./import-error.ts";
import { splitJson } from "./json-split.ts";
import { isNotFinite, isObject, kindOf } from "./json-text.ts";
import { categoryOf, numberIn } from "./metric-value.ts";
import { firstOf, type LogRecord, recordsOfArray, recordsOfLines } from "./records.ts";
import { chunksOf, mapRecords, type Source, stemOf, withoutGz } from "./source.ts";
import type { ImportedBenchmark, ImportedEvaluation } from "./types.ts";

/** A JSON array of rows, an object that has such an array, and a row a line. */
type Format = "json" | "json-object" | "jsonl";

/** Most arrays of an object that are tried. */
const MAX_ARRAYS = 50;

type Model = Partial<Record<"provider" | "model", string | undefined>>;

/**
 * Reads a JSON or JSONL file of records as one benchmark. Its provider, model and dataset are those of
 * the first record, unless the caller gives them. A record with others keeps them on its evaluation.
 *
 * A record whose score is null, missing or not finite is a failed sample. Sample ids are the records'
 * indexes, from 0, if the map has none. Metadata has the fields that the evaluation has not.
 */
export async function* readRows(source: Source, format: Format): AsyncGenerator<ImportedBenchmark> {
  const { file, name: fileName, options } = source;
  const items = options.rows ?? (format === "json-object" ? await findRows(source) : undefined);
  const rows = (from: Source) => rowsOf(from, format, items);
  const first = await firstOf(rows(source));
  if (first === undefined) {
    const where = items === undefined ? "" : ` under ${items}`;
    throw new ImportError({ file }, `no records${where}; expected at least one JSON object`);
  }
  const map = options.map ?? ownNames(first.record);
  if (!map.fields.has("input"))
    throw new ImportError(
      first.place,
      `no field tells the input; the record has ${cutText(Object.keys(first.record).join(", "), 500)}. Map one with --map input=FIELD,output=FIELD,score=FIELD,…`,
    );
  const value = (target: Target) => text(map, target, first);
  const model = modelOf(value("provider") ?? options.provider, value("model"));
  const name = stemOf(source);
  const given = [options.provider, options.model, options.dataset];
  const identity = JSON.stringify([withoutGz(fileName), map.source, ...given, first.record]);
  const place = { file };
  yield finishBenchmark(source, place, {
    key: benchmarkKey(format === "jsonl" ? "jsonl" : "json", sha256(identity)),
    name,
    dataset: value("dataset") ?? name,
    ...model,
    status: "completed",
    labels: { source: format === "jsonl" ? "jsonl" : "json" },
    metadata: map.source === "" ? {} : { field_map: map.source },
    evaluations: (counted) =>
      mapRecords(rows(counted), (row) => {
        const rowMap = options.map ?? ownNames(first.record, row.record);
        return evaluationOf(row, rowMap, model, options.provider);
      }),
  });
}

async function holdsRows(source: Source, items: string): Promise<boolean> {
  try {
    for await (const row of recordsOfArray(source, items)) return !(row instanceof ImportError);
  } catch (error) {
    if (!(error instanceof ImportError)) throw error;
  }
  return false;
}

function evaluationOf(row: LogRecord, map: FieldMap, first: Model, provider?: string): ImportedEvaluation {
  const { place } = row;
  const input = text(map, "input", row);
  if (input === undefined) throw new ImportError({ ...place, field: "input" }, missing(map, "input", row));
  const failure = text(map, "error", row) || undefined;
  // The service requires an output of every sample that did not fail.
  const unmapped = failure === undefined ? "" : undefined;
  const output = map.fields.has("output") ? text(map, "output", row) : unmapped;
  const score = map.fields.has("score") ? number(map, "score", row) : undefined;
  const scores: Record<string, JsonValue | undefined> = {};
  const found: Record<string, number | string | undefined> = {};
  for (const [name, expression] of map.metrics) {
    const at = { ...place, field: `metrics.${name}` };
    scores[name] = evaluate(expression, row.record, at);
    found[name] = metricOf(scores[name], at);
  }
  const metrics = compact<JsonObject>(found);
  const model = modelOf(text(map, "provider", row) ?? provider, text(map, "model", row));
  return finishEvaluation(place, {
    sampleId: sampleId(map, row),
    repetition: number(map, "repetition", row) ?? 0,
    input,
    output,
    expected: text(map, "expected", row),
    score,
    metrics,
    unusable: unusableOf(scores, metrics),
    problems: [
      failure,
      map.fields.has("score") && score === undefined && `score: ${missing(map, "score", row)}`,
      output === undefined && `output: ${missing(map, "output", row)}`,
    ],
    latencyMs: number(map, "latency_ms", row),
    inputTokens: number(map, "input_tokens", row),
    outputTokens: number(map, "output_tokens", row),
    costUsd: number(map, "cost_usd", row),
    createdAt: utcOfAny(text(map, "created_at", row), { ...place, field: "created_at" }),
    provider: model.provider === first.provider ? undefined : model.provider,
    model: model.model === first.model ? undefined : model.model,
    metadata: { ...omitMapped(row.record, map), ...row.marks },
  });
}

function rowsOf(source: Source, format: Format, items?: string): AsyncGenerator<LogRecord | ImportError> {
  return format === "jsonl" ? recordsOfLines(source) : recordsOfArray(source, items);
}

/** Finds the one member of an object that is an array of objects. */
async function findRows(source: Source): Promise<string> {
  const { file, limits } = source;
  const keys: string[] = [];
  const arrays: string[] = [];
  const wanted = (key: string, opening: number) => {
    keys.push(key);
    if (opening === 0x5b) arrays.push(key);
    return false;
  };
  try {
    for await (const _ of splitJson(chunksOf(source), { file, limits, wanted }));
  } catch (error) {
    // Reading the rows meets the same error, after those that come before it.
    if (arrays.length === 0) throw error;
  }
  const found: string[] = [];
  for (const key of arrays.slice(0, MAX_ARRAYS)) if (await holdsRows(source, key)) found.push(key);
  const [only, ...others] = found;
  const inside = keys.length === 0 ? "nothing in it" : `none of ${cutText(keys.join(", "), 500)}`;
  if (only !== undefined && others.length === 0) return only;
  throw new ImportError(
    { file },
    only === undefined
      ? `a JSON object, but no log of Inspect, lm-evaluation-harness, promptfoo or ours, and without rows: ${inside} is an array of objects`
      : `rows may be under ${cutText(found.join(", "), 500)}; say which with --rows`,
  );
}

function valueFor(map: FieldMap, target: Target, { record, place }: LogRecord): JsonValue | undefined {
  const expression = map.fields.get(target);
  return expression && evaluate(expression, record, { ...place, field: target });
}

function text(map: FieldMap, target: Target, row: LogRecord): string | undefined {
  return asText(valueFor(map, target, row));
}

function number(map: FieldMap, target: Target, row: LogRecord): number | undefined {
  return finite(valueFor(map, target, row), { ...row.place, field: target });
}

/** Returns a finite number; undefined for null, undefined, and the NaN and Infinity that Python writes. */
function finite(given: JsonValue | undefined, place: Place): number | undefined {
  const value = doubleOf(given ?? null);
  if (value === null) return undefined;
  if (typeof value === "boolean") return Number(value);
  if (isNotFinite(value)) return undefined;
  if (typeof value !== "number")
    throw new ImportError(place, `expected a number or a boolean, found ${kindOf(value)}`);
  return Number.isFinite(value) ? value : undefined;
}

/** Returns the number that a value is, also as a text, or else the category that a text names. */
function metricOf(value: JsonValue | undefined, place: Place): number | string | undefined {
  if (typeof value === "string") return numberIn(value) ?? categoryOf(value);
  if (!isObject(value) && !Array.isArray(value)) return finite(value, place);
  throw new ImportError(place, `expected a number, a boolean or a text, found ${kindOf(value)}`);
}

function sampleId(map: FieldMap, row: LogRecord): string {
  const value = valueFor(map, "sample_id", row);
  if (value === undefined || value === null || value === "") return String(row.index);
  if (typeof value === "string") return value;
  if (rawJson.isRawJSON(value)) return JSON.stringify(value);
  if (typeof value === "number" && Number.isFinite(value) && Math.abs(value) <= Number.MAX_SAFE_INTEGER)
    return String(value);
  throw new ImportError(
    { ...row.place, field: "sample_id" },
    `expected a text, a whole number, or another number of at most 2^53, found ${typeof value === "number" ? value : kindOf(value)}`,
  );
}

function missing(map: FieldMap, target: Target, row: LogRecord): string {
  const expression = map.fields.get(target);
  const value = valueFor(map, target, row);
  return `${expression ? show(expression) : target} is ${value === undefined ? "missing" : String(value)}`;
}

function modelOf(provider: string | undefined, model: string | undefined): Model {
  return provider === undefined && model !== undefined ? splitModel(model) : { provider, model };
}
