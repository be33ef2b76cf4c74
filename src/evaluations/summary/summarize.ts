import type { Executor } from "../../database/statement/executor.ts";
import { percentileError } from "../rollups/parts.ts";
import { readRollups } from "../rollups/read.ts";
import { summarizeMetrics, summarizeTotals } from "../statements.ts";
import {
  type BenchmarkSummary,
  compareMetricNames,
  emptyMetric,
  type Figures,
  toMetricSummary,
} from "./summary.ts";

/**
 * Statistics over all evaluations of a benchmark: from the rollups where they hold all that is asked for,
 * else from the rows.
 * @param executors `heavy` reads the rows
 * @param names which metrics; none: all that have a value
 */
export async function summarizeBenchmark(
  { db, heavy }: { db: Executor; heavy: Executor },
  benchmarkId: string,
  names: readonly string[],
  exact: boolean,
): Promise<BenchmarkSummary> {
  const { figures, ...totals } =
    (exact ? undefined : await summarizeRollups(db, benchmarkId, names)) ??
    (await summarizeRows(heavy, benchmarkId));
  const found = new Map(figures.map((one) => [one.name, toMetricSummary(one)]));
  const metrics =
    names.length > 0
      ? names.map((name) => found.get(name) ?? emptyMetric(name))
      : [...found.values()].sort((a, b) => compareMetricNames(a.name, b.name));
  return { benchmarkId, ...totals, metrics };
}

type Found = Omit<BenchmarkSummary, "benchmarkId" | "metrics"> & { figures: readonly Figures[] };

async function summarizeRollups(
  db: Executor,
  benchmarkId: string,
  names: readonly string[],
): Promise<Found | undefined> {
  const rollups = await readRollups(db, benchmarkId);
  if (!rollups) return undefined;
  const { figures, evaluationCount, failedCount, namesLeftOut } = rollups;
  const found = new Map(figures.map((one) => [one.name, one]));
  if (namesLeftOut > 0 && names.some((name) => !found.has(name))) return undefined;
  const sum = (name: string) => found.get(name)?.sum ?? 0;
  const counts = { evaluationCount, failedCount, metricsLeftOut: namesLeftOut };
  const tokens = { inputTokens: sum("input_tokens"), outputTokens: sum("output_tokens") };
  return { figures, ...counts, ...tokens, costUsd: sum("cost_usd"), isExact: false, percentileError };
}

async function summarizeRows(db: Executor, benchmarkId: string): Promise<Found> {
  const [figures, totals] = await Promise.all([
    db.any(summarizeMetrics(benchmarkId)),
    db.one(summarizeTotals(benchmarkId)),
  ]);
  return { figures, ...totals, isExact: true, percentileError: 0, metricsLeftOut: 0 };
}
