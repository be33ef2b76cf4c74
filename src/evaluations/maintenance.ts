import type { Executor } from "../database/statement/executor.ts";
import { limits } from "../limits.ts";
import type { MaintenanceTask } from "../maintenance.ts";
import { computeRollups } from "./rollups/compute.ts";
import { foldRollups } from "./rollups/fold.ts";
import { foldSamples } from "./samples/fold.ts";

/** The tasks of the figures that are kept of metrics. */
export function evaluationTasks(db: Executor): MaintenanceTask[] {
  // They read all evaluations of a benchmark.
  const times = { everyMs: limits.maintenanceIntervalMs, statementMs: limits.statementMs };
  return [
    { name: "rollups of metrics", ...times, run: () => foldRollups(db) },
    { name: "rollups to be computed", ...times, run: () => computeRollups(db) },
    { name: "figures of samples", ...times, run: () => foldSamples(db) },
  ];
}
