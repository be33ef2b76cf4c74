import { BenchmarkStatus, BenchmarkStatusSchema } from "../../../gen/ltb/v1/benchmark_pb.ts";

/** The states of a benchmark by the names that people use. */
export const statuses = {
  pending: BenchmarkStatus.PENDING,
  running: BenchmarkStatus.RUNNING,
  completed: BenchmarkStatus.COMPLETED,
  failed: BenchmarkStatus.FAILED,
  cancelled: BenchmarkStatus.CANCELLED,
} as const;

/** The states that a benchmark does not leave. */
export const finalStatuses: readonly BenchmarkStatus[] = [
  statuses.completed,
  statuses.failed,
  statuses.cancelled,
];

export function statusName(status: BenchmarkStatus): string {
  return BenchmarkStatusSchema.value[status]?.localName.toLowerCase() ?? String(status);
}
