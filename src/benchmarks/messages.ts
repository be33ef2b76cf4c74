import { fromJson, type MessageInitShape } from "@bufbuild/protobuf";
import { ValueSchema } from "@bufbuild/protobuf/wkt";
import {
  type BenchmarkSchema,
  BenchmarkStatusSchema,
  type BenchmarkStatus as WireStatus,
} from "../../gen/ltb/v1/benchmark_pb.ts";
import { toTimestamp } from "../wire/convert.ts";
import { wireEnum } from "../wire/enums.ts";
import type { Benchmark } from "./rows.ts";
import type { BenchmarkProgress } from "./watch.ts";

export const benchmarkStatus = wireEnum<typeof WireStatus>(BenchmarkStatusSchema);

export function progressMessage({ meanScore, ...benchmark }: BenchmarkProgress) {
  return { benchmark: benchmarkMessage(benchmark), ...(meanScore !== null && { meanScore }) };
}

export function benchmarkMessage(benchmark: Benchmark): MessageInitShape<typeof BenchmarkSchema> {
  const { description, results, metrics, error, startedAt, completedAt, createdBy, metadata, ...same } =
    benchmark;
  return {
    ...same,
    description: description ?? "",
    status: benchmarkStatus.values[benchmark.status],
    ...(results !== null && { results: fromJson(ValueSchema, results) }),
    ...(metrics && { metrics }),
    error: error ?? "",
    startedAt: toTimestamp(startedAt),
    completedAt: toTimestamp(completedAt),
    createdAt: toTimestamp(benchmark.createdAt),
    updatedAt: toTimestamp(benchmark.updatedAt),
    createdBy: createdBy ?? "",
    ...(metadata && { metadata }),
  };
}
