import * as z from "zod";
import type { JsonObject } from "../json.ts";
import { benchmarkKey, finishBenchmark, utc } from "./benchmark.ts";
import { checked } from "./checked.ts";
import { checkEvaluation, compact } from "./evaluation.ts";
import { ImportError, type Place } from "./import-error.ts";
import { isObject, kindOf, parseObject } from "./json-text.ts";
import { linesOf, repeatable, type Source } from "./source.ts";
import type { ImportedBenchmark, ImportedEvaluation } from "./types.ts";

const text = z.string().nullish();
const number = z.number().nullish();
const object = z.record(z.string(), z.json()).nullish();

/** The proto3 JSON of `ltb.v1.Benchmark`, keys in camelCase. */
const benchmarkSchema = z.object({
  id: z.string().min(1),
  name: z.string(),
  description: text,
  provider: z.string(),
  model: z.string(),
  dataset: z.string(),
  status: text,
  totalIterations: number,
  completedIterations: number,
  failedIterations: number,
  results: z.json().optional(),
  metrics: object,
  error: text,
  startedAt: text,
  completedAt: text,
  labels: z.record(z.string(), z.string()).nullish(),
  metadata: object,
});

/** The proto3 JSON of `ltb.v1.Evaluation`, keys in camelCase. */
const evaluationSchema = z.object({
  id: text,
  sampleId: text,
  repetition: number,
  provider: text,
  model: text,
  input: text,
  output: text,
  expected: text,
  metrics: object,
  score: number,
  error: text,
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

/**
 * Reads our own export as JSONL: `{"ltb_export": 1, "benchmark": {…}}`, then one evaluation per line, both as
 * proto3 JSON with keys in snake_case or camelCase.
 */
export async function* readLtbExport(source: Source): AsyncGenerator<ImportedBenchmark> {
  const { file, limits } = source;
  for await (const { line, bytes } of linesOf(source)) {
    const place = { file, line };
    const { value: header } = parseObject(bytes, place, limits);
    yield exportedBenchmark(header, source, place, (model) => evaluations(source, model));
    return;
  }
  throw new ImportError({ file }, "empty; expected a line with ltb_export");
}

async function* evaluations(source: Source, model: Model): AsyncGenerator<ImportedEvaluation> {
  let index = -1;
  for await (const { line, bytes } of linesOf(source, { count: true })) {
    const place = { file: source.file, line };
    if (index >= 0) yield exportedEvaluation(parseObject(bytes, place, source.limits), index, place, model);
    index++;
  }
}

/** The provider and the model of a benchmark. */
export interface Model {
  provider: string;
  model: string;
}

/**
 * Makes the benchmark of our own export.
 * @param header `{"ltb_export": 1, "benchmark": {…}}`
 */
export function exportedBenchmark(
  header: JsonObject,
  source: Source,
  place: Place,
  evaluations: (model: Model) => AsyncIterator<ImportedEvaluation>,
): ImportedBenchmark {
  const version = header.ltb_export;
  if (version !== 1)
    throw new ImportError(
      { ...place, field: "ltb_export" },
      `expected 1, found ${JSON.stringify(version) ?? "nothing"}`,
    );
  const { benchmark } = header;
  const at: Place = { ...place, field: "benchmark" };
  if (!isObject(benchmark)) throw new ImportError(at, `expected an object, found ${kindOf(benchmark)}`);
  const read = checked(benchmarkSchema, camelKeys(benchmark), at);
  return finishBenchmark(
    {
      key: benchmarkKey("ltb", read.id),
      name: read.name,
      description: read.description || undefined,
      provider: read.provider,
      model: read.model,
      dataset: read.dataset,
      totalIterations: read.totalIterations ?? 0,
      completedIterations: read.completedIterations,
      failedIterations: read.failedIterations,
      status: statuses[read.status ?? ""] ?? "running",
      error: read.error || undefined,
      startedAt: utc(read.startedAt, { ...place, field: "benchmark.started_at" }),
      completedAt: utc(read.completedAt, { ...place, field: "benchmark.completed_at" }),
      labels: read.labels,
      metadata: read.metadata,
      metrics: read.metrics,
      results: read.results,
      evaluations: repeatable(() => evaluations(read)),
    },
    source.options,
    place,
    { stored: true },
  );
}

/**
 * Makes an evaluation of our own export. It is taken as it is, because the service has accepted it before.
 */
export function exportedEvaluation(
  { value, marks }: { value: JsonObject; marks: JsonObject },
  index: number,
  place: Place,
  benchmark: Model,
): ImportedEvaluation {
  const read = checked(evaluationSchema, camelKeys(value), place);
  const draft = {
    ...read,
    id: read.id || undefined,
    sampleId: read.sampleId || (read.id ? "" : String(index)),
    repetition: read.repetition ?? 0,
    input: read.input ?? "",
    error: read.error || undefined,
    provider: read.provider === benchmark.provider ? undefined : read.provider || undefined,
    model: read.model === benchmark.model ? undefined : read.model || undefined,
    createdAt: utc(read.createdAt, { ...place, field: "created_at" }),
    metadata: { ...read.metadata, ...marks },
  };
  checkEvaluation(draft, place);
  return compact<ImportedEvaluation>(draft);
}

function camelKeys(object: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(object).map(([key, value]) => [
      key.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase()),
      value,
    ]),
  );
}
