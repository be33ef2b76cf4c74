import { toJson } from "@bufbuild/protobuf";
import { type Benchmark, BenchmarkSchema } from "../../../gen/ltb/v1/benchmark_pb.ts";
import { type Evaluation, EvaluationSchema } from "../../../gen/ltb/v1/evaluation_pb.ts";
import type { JsonValue } from "../../validation.ts";
import { toPlain } from "../shared/output.ts";

/** JSON Lines: the benchmark, then an evaluation a line, as proto3 JSON. `ltb import` reads it. */
export async function* jsonLines(
  benchmark: Benchmark,
  chunks: AsyncIterable<Evaluation[]>,
): AsyncGenerator<string> {
  yield `${headerOf(benchmark)}\n`;
  const line = (evaluation: Evaluation) => `${JSON.stringify(toJson(EvaluationSchema, evaluation))}\n`;
  for await (const evaluations of chunks) yield evaluations.map(line).join("");
}

/** The header by which `ltb import` knows an export. */
export function headerOf(benchmark: Benchmark): string {
  return JSON.stringify({ ltb_export: 1, benchmark: toJson(BenchmarkSchema, benchmark) });
}

/** In the order of the message; `metrics` becomes a column each. */
const columns = EvaluationSchema.fields.map(({ name }) => name);

/**
 * CSV (RFC 4180, with a line feed after each line): a head, then a row an evaluation. What is unset is an
 * empty cell, an empty text is `""`, and what is neither text, number nor boolean is JSON.
 * @param metrics names of the metrics that get a column, as `metrics.NAME`
 */
export async function* csvLines(
  metrics: readonly string[],
  chunks: AsyncIterable<Evaluation[]>,
): AsyncGenerator<string> {
  const head = columns.flatMap((name) =>
    name === "metrics" ? metrics.map((metric) => `metrics.${metric}`) : [name],
  );
  yield `${head.map(cell).join(",")}\n`;
  for await (const evaluations of chunks)
    yield evaluations.map((evaluation) => row(evaluation, metrics)).join("");
}

/** The names of all metrics that any evaluation has, sorted. */
export async function metricNames(chunks: AsyncIterable<Evaluation[]>): Promise<string[]> {
  const names = new Set<string>();
  for await (const evaluations of chunks)
    for (const { metrics } of evaluations) for (const name in metrics) names.add(name);
  return [...names].sort();
}

function row(evaluation: Evaluation, metrics: readonly string[]): string {
  const fields = toPlain(EvaluationSchema, evaluation);
  const cells = columns.flatMap((name) =>
    name === "metrics"
      ? metrics.map((metric) => cell(evaluation.metrics?.[metric] ?? null))
      : [cell(fields[name] ?? null)],
  );
  return `${cells.join(",")}\n`;
}

function cell(value: JsonValue): string {
  if (value === null) return "";
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return text === "" || /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
