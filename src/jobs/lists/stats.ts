import type { Executor } from "../../database/statement/executor.ts";
import { parseInput } from "../../validation.ts";
import { jobFilter } from "../input.ts";
import { type JobState, states } from "../parts.ts";
import { readStats } from "./query.ts";

type Counts = Record<JobState, number>;

export interface JobStats extends Counts {
  /** Sum of the six. */
  total: number;
  /** How long the oldest ready job has waited; null where none is ready. */
  oldestPendingAgeMs: number | null;
}

export type JobTypeStats = JobStats & { jobType: string };

/** How many jobs are in each state; see `JobRepository.stats`. */
export async function jobStats(
  db: Executor,
  filter: { jobType?: string; benchmarkId?: string },
): Promise<JobStats & { byType: JobTypeStats[] }> {
  const { jobType, benchmarkId } = parseInput(jobFilter, filter);
  const rows = await db.any(readStats(jobType, benchmarkId));
  const byType = rows.map((row) => ({ ...row, total: totalOf(row) })).filter(({ total }) => total > 0);
  const ages = byType.flatMap(({ oldestPendingAgeMs }) => oldestPendingAgeMs ?? []);
  const sum = (state: JobState | "total") => byType.reduce((total, row) => total + row[state], 0);
  const sums = Object.fromEntries(states.map((state) => [state, sum(state)])) as Counts;
  return {
    ...sums,
    total: sum("total"),
    oldestPendingAgeMs: ages.length > 0 ? Math.max(...ages) : null,
    byType,
  };
}

function totalOf(row: Counts): number {
  return states.reduce((total, state) => total + row[state], 0);
}
