import { fromJson, type MessageInitShape } from "@bufbuild/protobuf";
import { ValueSchema } from "@bufbuild/protobuf/wkt";
import { type BenchmarkSchema, BenchmarkStatus as WireStatus } from "../../gen/ltb/v1/benchmark_pb.ts";
import { invalidField } from "../errors.ts";
import { toTimestamp } from "../wire/convert.ts";
import type { Benchmark, BenchmarkStatus } from "./rows.ts";
import type { BenchmarkProgress } from "./watch.ts";

/** The statuses as the wire has them. */
export const toWire: Record<BenchmarkStatus, WireStatus> = {
  pending: WireStatus.PENDING,
  running: WireStatus.RUNNING,
  completed: WireStatus.COMPLETED,
  failed: WireStatus.FAILED,
  cancelled: WireStatus.CANCELLED,
};

const fromWire = new Map(Object.entries(toWire).map(([status, wire]) => [wire, status as BenchmarkStatus]));

/** A status of the wire; undefined if unspecified. */
export function statusOf(wire: WireStatus): BenchmarkStatus | undefined {
  if (wire === WireStatus.UNSPECIFIED) return undefined;
  const status = fromWire.get(wire);
  if (!status) throw invalidField("status", `must be a value of BenchmarkStatus, is ${wire}`);
  return status;
}

/** What a watch tells of a benchmark. */
export function progressMessage({ meanScore, ...benchmark }: BenchmarkProgress) {
  return { benchmark: benchmarkMessage(benchmark), ...(meanScore !== null && { meanScore }) };
}

export function benchmarkMessage(benchmark: Benchmark): MessageInitShape<typeof BenchmarkSchema> {
  const { description, results, metrics, error, startedAt, completedAt, createdBy, metadata, ...same } =
    benchmark;
  return {
    ...same,
    description: description ?? "",
    status: toWire[benchmark.status],
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
