import { BenchmarkStatus, BenchmarkView } from "../../../gen/ltb/v1/benchmark_pb.ts";

/** Asks for the benchmarks that run now. The frame counts what the overview shows, so that it is one call. */
export const runningBenchmarks = {
  status: BenchmarkStatus.RUNNING,
  view: BenchmarkView.SUMMARY,
  pageSize: 8,
};
