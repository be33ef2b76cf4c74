import { type DescMessage, type MessageShape, toJson } from "@bufbuild/protobuf";
import { type Benchmark, BenchmarkSchema } from "../../../gen/ltb/v1/benchmark_pb.ts";
import { type Evaluation, EvaluationSchema } from "../../../gen/ltb/v1/evaluation_pb.ts";
import { parseAsWritten } from "../../json-numbers.ts";
import type { JsonObject, JsonValue } from "../../validation.ts";
import { ownFields, toPlain } from "../shared/plain.ts";

/** JSON Lines: the benchmark, then an evaluation a line, as proto3 JSON. `ltb import` reads it. */
export async function* jsonLines(
  benchmark: Benchmark,
  chunks: AsyncIterable<Evaluation[]>,
): AsyncGenerator<string> {
  yield `${headerOf(benchmark)}\n`;
  const line = (evaluation: Evaluation) => `${JSON.stringify(wireJson(EvaluationSchema, evaluation))}\n`;
  for await (const evaluations of chunks) yield evaluations.map(line).join("");
}

/** The header by which `ltb import` knows an export. */
export function headerOf(benchmark: Benchmark): string {
  return JSON.stringify({ ltb_export: 1, benchmark: wireJson(BenchmarkSchema, benchmark) });
}

/** Proto3 JSON, with the documents that came as text in their places. */
function wireJson<Schema extends DescMessage>(schema: Schema, message: MessageShape<Schema>): JsonObject {
  const json = toJson(schema, message) as JsonObject;
  return Object.fromEntries(
    Object.entries(json).map(([name, value]) => {
      const isText = name.endsWith("Json") && typeof value === "string";
      return isText ? [name.slice(0, -4), parseAsWritten(value)] : [name, value];
    }),
  );
}

/** In the order of the message; `metrics` becomes a column each. */
const columns = ownFields(EvaluationSchema).map(({ name }) => name);

/**
 * CSV (RFC 4180, with a line feed after each line): a head, then a row an evaluation. What is unset is an
 * empty cell, an empty text is `""`, and what is neither text, number nor boolean is JSON.
 * @param metrics names of the metrics that get a column, as `metrics.NAME`
 * @param safeFormulas puts an apostrophe before each text that a spreadsheet would take for a formula
 */
export async function* csvLines(
  metrics: readonly string[],
  chunks: AsyncIterable<Evaluation[]>,
  { safeFormulas = false }: { safeFormulas?: boolean } = {},
): AsyncGenerator<string> {
  const text = safeFormulas ? disarm : (given: string) => given;
  const cell = (value: JsonValue) => cellOf(value, text);
  const head = columns.flatMap((name) =>
    name === "metrics" ? metrics.map((metric) => `metrics.${metric}`) : [name],
  );
  yield `${head.map(cell).join(",")}\n`;
  const row = (evaluation: Evaluation) => `${valuesOf(evaluation, metrics).map(cell).join(",")}\n`;
  for await (const evaluations of chunks) yield evaluations.map(row).join("");
}

/** The names of all metrics that any evaluation has, sorted. */
export async function metricNames(chunks: AsyncIterable<Evaluation[]>): Promise<string[]> {
  const names = new Set<string>();
  for await (const evaluations of chunks)
    for (const { metricsJson } of evaluations)
      for (const name in JSON.parse(metricsJson || "{}")) names.add(name);
  return [...names].sort();
}

function valuesOf(evaluation: Evaluation, metrics: readonly string[]): JsonValue[] {
  const fields = toPlain(EvaluationSchema, evaluation);
  const values = fields.metrics as JsonObject | null;
  return columns.flatMap((name) =>
    name === "metrics" ? metrics.map((metric) => values?.[metric] ?? null) : [fields[name] ?? null],
  );
}

function cellOf(value: JsonValue, shown: (text: string) => string): string {
  if (value === null) return "";
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  const text = shown(typeof value === "string" ? value : JSON.stringify(value));
  return text === "" || /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** Spreadsheets run a text that begins so, also after white space (OWASP, "CSV Injection"). */
function disarm(text: string): string {
  return /^\s*[=+\-@\t\r]/.test(text) ? `'${text}` : text;
}
