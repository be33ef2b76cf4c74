import type { Executor } from "../database/statement/executor.ts";
import { summarizeKept } from "../evaluations/summary/summarize.ts";
import type { BenchmarkSummary } from "../evaluations/summary/summary.ts";
import type { Benchmark } from "./rows.ts";

/** A benchmark of a list. */
export interface ListedBenchmark extends Benchmark {
  /**
   * Totals, and the score alone of the metrics, by the mean of repetitions. Null while its aggregates are
   * still to be computed; undefined where nobody has asked for it.
   */
  summary?: BenchmarkSummary | null;
}

/** One after the other, each from its aggregates, so that the rest of the service has its turn. */
export async function withSummaries(
  db: Executor,
  benchmarks: readonly Benchmark[],
): Promise<ListedBenchmark[]> {
  const summarized: ListedBenchmark[] = [];
  for (const benchmark of benchmarks) {
    const { id, repetitions, plannedSamples, totalIterations } = benchmark;
    const sampling = { id, repetitions, plannedSamples, totalIterations, isRepeated: repetitions > 1 };
    summarized.push({ ...benchmark, summary: (await summarizeKept(db, ["score"], sampling)) ?? null });
  }
  return summarized;
}
