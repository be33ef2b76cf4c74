import type { Executor } from "../../database/statement/executor.ts";
import { failedMetric } from "../metric.ts";
import { percentileError } from "../rollups/parts.ts";
import { readRollups } from "../rollups/read.ts";
import { summarizeMetrics } from "../statements.ts";
import {
  type BenchmarkSummary,
  compareMetricNames,
  emptyMetric,
  type Figures,
  toMetricSummary,
} from "./summary.ts";

/**
 * Statistics over all evaluations of a benchmark: from the rollups where they hold all that is asked for,
 * else from the rows. Either is one statement, so that counts, tokens and metrics are of one moment.
 * @param executors `heavy` reads the rows
 * @param names which metrics; none: all that have a value
 */
export async function summarizeBenchmark(
  { db, heavy }: { db: Executor; heavy: Executor },
  benchmarkId: string,
  names: readonly string[],
  exact: boolean,
): Promise<BenchmarkSummary> {
  const { figures, ...how } =
    (exact ? undefined : await summarizeRollups(db, benchmarkId, names)) ??
    (await summarizeRows(heavy, benchmarkId));
  const all = new Map(figures.map((one) => [one.name, one]));
  const sum = (name: string) => all.get(name)?.sum ?? 0;
  const evaluations = all.get(failedMetric);
  all.delete(failedMetric);
  const found = new Map([...all].map(([name, one]) => [name, toMetricSummary(one)]));
  const metrics =
    names.length > 0
      ? names.map((name) => found.get(name) ?? emptyMetric(name))
      : [...found.values()].sort((a, b) => compareMetricNames(a.name, b.name));
  return {
    benchmarkId,
    ...how,
    evaluationCount: evaluations?.count ?? 0,
    failedCount: evaluations?.sum ?? 0,
    inputTokens: sum("input_tokens"),
    outputTokens: sum("output_tokens"),
    costUsd: sum("cost_usd"),
    metrics,
  };
}

/** Of every metric, also of `failedMetric`. */
interface Found extends Pick<BenchmarkSummary, "isExact" | "percentileError" | "metricsLeftOut"> {
  figures: readonly Figures[];
}

async function summarizeRollups(
  db: Executor,
  benchmarkId: string,
  names: readonly string[],
): Promise<Found | undefined> {
  const rollups = await readRollups(db, benchmarkId, names);
  if (!rollups) return undefined;
  const { figures, namesLeftOut: metricsLeftOut } = rollups;
  const isKept = (name: string) => figures.some((one) => one.name === name);
  if (metricsLeftOut > 0 && !names.every(isKept)) return undefined;
  return { figures, metricsLeftOut, isExact: false, percentileError };
}

async function summarizeRows(db: Executor, benchmarkId: string): Promise<Found> {
  const figures = await db.any(summarizeMetrics(benchmarkId));
  return { figures, metricsLeftOut: 0, isExact: true, percentileError: 0 };
}
