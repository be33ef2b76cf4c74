import type { Executor } from "../../database/statement/executor.ts";
import { limits } from "../../limits.ts";
import { failedMetric } from "../metric.ts";
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
 * @param executors `heavy` reads the rows, unless they are few
 * @param names which metrics; none: all that have a value
 * @param exact undefined: from the rows where they are few and would make the percentiles exact
 */
export async function summarizeBenchmark(
  { db, heavy }: { db: Executor; heavy: Executor },
  benchmarkId: string,
  names: readonly string[],
  exact: boolean | undefined,
): Promise<BenchmarkSummary> {
  const kept = exact ? undefined : await summarizeRollups(db, benchmarkId, names);
  const areFew = kept !== undefined && evaluationsIn(kept) <= limits.exactEvaluations;
  const isEnough = kept?.percentileError === 0 || exact === false || !areFew;
  const { figures, ...how } =
    kept !== undefined && isEnough ? kept : await summarizeRows(areFew ? db : heavy, benchmarkId);
  const all = new Map(figures.map((one) => [one.name, one]));
  const sum = (name: string) => all.get(name)?.sum ?? null;
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

const evaluationsIn = ({ figures }: Found) => figures.find(({ name }) => name === failedMetric)?.count ?? 0;

async function summarizeRollups(
  db: Executor,
  benchmarkId: string,
  names: readonly string[],
): Promise<Found | undefined> {
  const rollups = await readRollups(db, benchmarkId, names);
  if (!rollups) return undefined;
  const { figures, percentileError, namesLeftOut: metricsLeftOut } = rollups;
  const isKept = (name: string) => figures.some((one) => one.name === name);
  if (metricsLeftOut > 0 && !names.every(isKept)) return undefined;
  return { figures, metricsLeftOut, isExact: false, percentileError };
}

async function summarizeRows(db: Executor, benchmarkId: string): Promise<Found> {
  const figures = await db.any(summarizeMetrics(benchmarkId));
  return { figures, metricsLeftOut: 0, isExact: true, percentileError: 0 };
}
