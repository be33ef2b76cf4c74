import { BenchmarkStatus, BenchmarkStatusSchema } from "../../../gen/ltb/v1/benchmark_pb.ts";
import { wireEnum } from "../../wire/enums.ts";

const benchmarkStatus = wireEnum<typeof BenchmarkStatus>(BenchmarkStatusSchema);

/** The states of a benchmark by the names that people use. */
export const statuses = benchmarkStatus.values;

/** The states that a benchmark does not leave. */
export const finalStatuses: readonly BenchmarkStatus[] = [
  BenchmarkStatus.COMPLETED,
  BenchmarkStatus.FAILED,
  BenchmarkStatus.CANCELLED,
];

export const statusName = benchmarkStatus.describe;
