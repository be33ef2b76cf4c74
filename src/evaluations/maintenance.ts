import type { Executor } from "../database/statement/executor.ts";
import { limits } from "../limits.ts";
import type { MaintenanceTask } from "../maintenance.ts";
import { computeRollups } from "./rollups/compute.ts";
import { foldRollups } from "./rollups/fold.ts";

/** The tasks of the rollups of metrics. */
export function evaluationTasks(db: Executor): MaintenanceTask[] {
  const everyMs = limits.maintenanceIntervalMs;
  return [
    { name: "rollups of metrics", everyMs, run: () => foldRollups(db) },
    { name: "rollups to be computed", everyMs, run: () => computeRollups(db) },
  ];
}
