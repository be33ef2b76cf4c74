import * as z from "zod";
import { doubleOf, parseAsWritten } from "../json-numbers.ts";
import type { JsonObject } from "../validation.ts";
import { benchmarkKey, nameBenchmark, utc } from "./benchmark.ts";
import { checkEvaluation, compact } from "./evaluation.ts";
import { ImportError, type Place, requireRead } from "./import-error.ts";
import { isObject, kindOf, type PlacedRecord } from "./json-text.ts";
import { recordsOfLines } from "./records.ts";
import { checked, json, number, object, text } from "./schema.ts";
import { mapRecords, type Source } from "./source.ts";
import type { ImportedBenchmark, ImportedEvaluation } from "./types.ts";

/** A text that proto3 JSON may leave empty where it is not set. */
const setText = text.transform((value) => value || undefined);

/** The proto3 JSON of `ltb.v1.Benchmark`, keys in camelCase. */
const benchmarkSchema = z.object({
  id: z.string().min(1),
  name: z.string(),
  description: setText,
  provider: z.string(),
  model: z.string(),
  dataset: z.string(),
  status: text,
  totalIterations: number,
  repetitions: number,
  plannedSamples: number,
  completedIterations: number,
  failedIterations: number,
  results: json.optional(),
  metrics: object,
  error: setText,
  startedAt: text,
  completedAt: text,
  labels: z.record(z.string(), z.string()).nullish(),
  metadata: object,
});

/** The proto3 JSON of `ltb.v1.Evaluation`, keys in camelCase. */
const evaluationSchema = z.object({
  id: setText,
  sampleId: text,
  repetition: number,
  provider: setText,
  model: setText,
  input: text,
  output: text,
  expected: text,
  metrics: object,
  score: number,
  error: setText,
  latencyMs: number,
  inputTokens: number,
  outputTokens: number,
  costUsd: number,
  metadata: object,
  createdAt: text,
});

const statuses: Record<string, ImportedBenchmark["status"]> = {
  BENCHMARK_STATUS_PENDING: "pending",
  BENCHMARK_STATUS_COMPLETED: "completed",
  BENCHMARK_STATUS_FAILED: "failed",
  BENCHMARK_STATUS_CANCELLED: "cancelled",
};

/** Reads our own export as JSONL: a header, then one evaluation a line, keys in snake_case or camelCase. */
export async function* readLtbExport(source: Source): AsyncGenerator<ImportedBenchmark> {
  for await (const header of recordsOfLines(source, parseAsWritten)) {
    yield exportedBenchmark(requireRead(header), source, evaluationLines);
    return;
  }
  throw new ImportError({ file: source.file }, "empty; expected a line with ltb_export");
}

async function* evaluationLines(source: Source): AsyncGenerator<PlacedRecord | ImportError> {
  // The first line is the benchmark.
  for await (const line of recordsOfLines(source, parseAsWritten))
    if (line instanceof ImportError || line.index > 0) yield line;
}

type Model = Pick<ImportedBenchmark, "provider" | "model">;

/** Makes the benchmark of our own export from its header, `{"ltb_export": 1, "benchmark": {…}}`. */
export function exportedBenchmark(
  { record: header, place }: PlacedRecord,
  source: Source,
  records: (counted: Source) => AsyncIterable<PlacedRecord | ImportError>,
): ImportedBenchmark {
  const { ltb_export: version, benchmark } = header;
  const at = (field: string): Place => ({ ...place, field });
  if (version !== 1)
    throw new ImportError(at("ltb_export"), `expected 1, found ${JSON.stringify(version) ?? "nothing"}`);
  if (!isObject(benchmark))
    throw new ImportError(at("benchmark"), `expected an object, found ${kindOf(benchmark)}`);
  const { id, ...read } = checked(benchmarkSchema, camelKeys(benchmark), at("benchmark"));
  return nameBenchmark(source, place, {
    ...read,
    key: benchmarkKey("ltb", id),
    totalIterations: read.totalIterations ?? 0,
    status: statuses[read.status ?? ""] ?? "running",
    startedAt: utc(read.startedAt, at("benchmark.started_at")),
    completedAt: utc(read.completedAt, at("benchmark.completed_at")),
    evaluations: (counted) =>
      mapRecords(records(counted), (record, index) => evaluationOf(record, index, read)),
  });
}

/** Makes an evaluation of our own export, unchanged, because the service has accepted it before. */
function evaluationOf(
  { record, marks, place }: PlacedRecord,
  index: number,
  benchmark: Model,
): ImportedEvaluation {
  const read = checked(evaluationSchema, camelKeys(record), place);
  const draft = {
    ...read,
    sampleId: read.sampleId || (read.id ? "" : String(index)),
    repetition: read.repetition ?? 0,
    input: read.input ?? "",
    provider: read.provider === benchmark.provider ? undefined : read.provider,
    model: read.model === benchmark.model ? undefined : read.model,
    createdAt: utc(read.createdAt, { ...place, field: "created_at" }),
    metadata: { ...read.metadata, ...marks },
  };
  checkEvaluation(place, draft);
  return compact<ImportedEvaluation>(draft);
}

function camelKeys(object: JsonObject): JsonObject {
  const camel = (key: string) => key.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
  return Object.fromEntries(Object.entries(object).map(([key, value]) => [camel(key), doubleOf(value)]));
}
