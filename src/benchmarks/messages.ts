import { fromJson, type MessageInitShape } from "@bufbuild/protobuf";
import { ValueSchema } from "@bufbuild/protobuf/wkt";
import {
  type BaselineSchema,
  type BenchmarkField,
  BenchmarkFieldSchema,
  type BenchmarkSchema,
  BenchmarkStatusSchema,
  type BriefSummarySchema,
  type DatasetSchema,
  type BenchmarkStatus as WireStatus,
} from "../../gen/ltb/v1/benchmark_pb.ts";
import { metricMessage } from "../evaluations/summary/messages.ts";
import type { BenchmarkSummary } from "../evaluations/summary/summary.ts";
import { documentFields, omitNulls, toTimestamp } from "../wire/convert.ts";
import { wireEnum } from "../wire/enums.ts";
import type { Baseline } from "./baselines.ts";
import type { Dataset } from "./datasets.ts";
import type { ListedBenchmark } from "./summaries.ts";
import type { BenchmarkProgress } from "./watch.ts";

export const benchmarkStatus = wireEnum<typeof WireStatus>(BenchmarkStatusSchema);

export function progressMessage({ meanScore, ...benchmark }: BenchmarkProgress, asText: boolean) {
  return { benchmark: benchmarkMessage(benchmark, asText), ...(meanScore !== null && { meanScore }) };
}

export function baselineMessage({ setAt, ...same }: Baseline): MessageInitShape<typeof BaselineSchema> {
  return { ...omitNulls(same), setAt: toTimestamp(setAt) };
}

export const benchmarkField = wireEnum<typeof BenchmarkField>(BenchmarkFieldSchema);

export function datasetMessage({
  latestCreatedAt,
  ...same
}: Dataset): MessageInitShape<typeof DatasetSchema> {
  return { ...same, latestCreatedAt: toTimestamp(latestCreatedAt) };
}

/** What a list tells of the evaluations of a benchmark. */
function briefSummary(summary: BenchmarkSummary): MessageInitShape<typeof BriefSummarySchema> {
  const { evaluationCount, failedCount, sampleCount, inputTokens, outputTokens, costUsd } = summary;
  const [score] = summary.metrics;
  return {
    ...{ evaluationCount, failedCount, sampleCount },
    ...omitNulls({ costUsd }),
    ...(inputTokens !== null && { inputTokens: BigInt(inputTokens) }),
    ...(outputTokens !== null && { outputTokens: BigInt(outputTokens) }),
    ...(score && { score: metricMessage(score) }),
  };
}

export function benchmarkMessage(
  benchmark: ListedBenchmark,
  asText: boolean,
): MessageInitShape<typeof BenchmarkSchema> {
  const { status, startedAt, completedAt, createdAt, updatedAt, summary, ...rest } = benchmark;
  const { results, metrics, metadata, ...same } = rest;
  const documents = documentFields({ results, metrics, metadata }, asText);
  return {
    ...omitNulls(same),
    status: benchmarkStatus.values[status],
    ...documents,
    results: documents.results === undefined ? undefined : fromJson(ValueSchema, documents.results),
    startedAt: toTimestamp(startedAt),
    completedAt: toTimestamp(completedAt),
    createdAt: toTimestamp(createdAt),
    updatedAt: toTimestamp(updatedAt),
    ...(summary && { summary: briefSummary(summary) }),
  };
}
