import { randomUUID } from "node:crypto";
import { create, toBinary } from "@bufbuild/protobuf";
import { StreamEvaluationsRequestSchema } from "../../gen/ltb/v1/benchmark_service_pb.ts";

const words =
  "the model answered that seven apples and three pears make ten pieces of fruit in total ".repeat(8);

/** About 1 kB: what an evaluation of a question with a short reasoning looks like. */
export function evaluation(index: number) {
  const offset = index % 80;
  return {
    sampleId: `sample-${index}`,
    input: `Question ${index}: ${words.slice(offset, offset + 300)}`,
    output: `Answer ${index}: ${words.slice(offset, offset + 450)}`,
    expected: `${index % 1000}`,
    metrics: { accuracy: index % 3 === 0 ? 1 : 0, f1: (index % 100) / 100, fluency: 4.5 },
    score: (index % 100) / 100,
    latencyMs: 100 + (index % 1000) / 7,
    inputTokens: 80,
    outputTokens: 120,
    costUsd: 0.00012,
    metadata: { category: `c${index % 10}`, finish_reason: "stop" },
  };
}

/** `count` evaluations from `first`, encoded as one message of StreamEvaluations. */
export function streamMessage(benchmarkId: string, first: number, count: number): Uint8Array {
  const evaluations = Array.from({ length: count }, (_, position) => evaluation(first + position));
  return toBinary(
    StreamEvaluationsRequestSchema,
    create(StreamEvaluationsRequestSchema, { benchmarkId, evaluations }),
  );
}

/** The same evaluation as a line of PostgreSQL's COPY text format, in the order of `copyColumns`. */
export function copyLine(benchmarkId: string, index: number): string {
  const row = evaluation(index);
  const now = new Date().toISOString();
  return `${[
    randomUUID(),
    benchmarkId,
    now,
    now,
    row.score,
    row.latencyMs,
    row.costUsd,
    0,
    row.inputTokens,
    row.outputTokens,
    "\\\\x000102030405060708090a0b0c0d0e0f",
    row.sampleId,
    "openai",
    "gpt-4",
    JSON.stringify(row.metrics),
    row.input,
    row.output,
    row.expected,
    JSON.stringify(row.metadata),
  ].join("\t")}\n`;
}

export const copyColumns =
  "id, benchmark_id, created_at, updated_at, score, latency_ms, cost_usd, repetition, input_tokens, output_tokens, " +
  "content_hash, sample_id, provider, model, metrics, input, output, expected, metadata";
