import { z } from "zod";
import { columnsOf, type Fragment, fragmentOf, sql } from "../database/statement/sql.ts";
import { limits } from "../limits.ts";
import type { JsonObject } from "../validation.ts";

export const workerStatuses = ["idle", "busy", "draining", "offline"] as const;

export type WorkerStatus = (typeof workerStatuses)[number];

export const healthStatuses = ["healthy", "degraded", "unhealthy"] as const;

export type HealthStatus = (typeof healthStatuses)[number];

/** A worker as the database answers it. Times are ISO 8601 in UTC with six digits of microseconds. */
export const workerRow = z.object({
  id: z.string(),
  /** The worker's own name. */
  workerId: z.string(),
  address: z.string(),
  status: z.enum(workerStatuses),
  health: z.enum(healthStatuses),
  /** Most jobs it runs at once. */
  capacity: z.number(),
  /** Jobs it holds leases on now. */
  currentTasks: z.number(),
  completedTasks: z.number(),
  failedTasks: z.number(),
  /** currentTasks / capacity; may exceed 1 after it registered again with less capacity. */
  load: z.number(),
  tags: z.array(z.string()),
  /** Empty: every type. */
  jobTypes: z.array(z.string()),
  metadata: z.custom<JsonObject>().nullable(),
  version: z.string().nullable(),
  /** Share of use in its latest heartbeat, 0 to 1; null where not reported. Likewise `memory`. */
  cpu: z.number().nullable(),
  memory: z.number().nullable(),
  drainReason: z.string().nullable(),
  lastHeartbeat: z.string(),
  registeredAt: z.string(),
  updatedAt: z.string(),
  createdBy: z.string().nullable(),
});

/** A process that claims and runs jobs. */
export type Worker = z.output<typeof workerRow>;

const silentFor = (w: Fragment, ms: number): Fragment =>
  sql.fragment`${w}.last_heartbeat <= statement_timestamp() - ${ms} * interval '1 ms'`;

/**
 * The status of worker `w` with slots `s`. It is computed whenever it is read, so that it is always true; the
 * column is as of the last heartbeat or round of maintenance.
 */
export function statusOf(w: Fragment = sql.fragment`w`, s: Fragment = sql.fragment`s`): Fragment {
  return sql.fragment`(
    case when ${silentFor(w, limits.workerOfflineMs)} then 'offline' when ${w}.draining then 'draining'
      when ${s}.used > 0 then 'busy' else 'idle' end)`;
}

/** The health of worker `w`, by the time since it was last heard of. */
export function healthOf(w: Fragment = sql.fragment`w`): Fragment {
  return sql.fragment`(
    case when ${silentFor(w, limits.workerOfflineMs)} then 'unhealthy'
      when ${silentFor(w, limits.workerDegradedMs)} then 'degraded' else 'healthy' end)`;
}

/** The columns of `workerRow` from workers `w` and worker_slots `s`. */
export function workerColumns(w = "w", s = "s"): Fragment {
  const [worker, slot] = [fragmentOf(w), fragmentOf(s)];
  return columnsOf(workerRow, w, {
    status: statusOf(worker, slot),
    health: healthOf(worker),
    currentTasks: sql.fragment`${slot}.used`,
    completedTasks: sql.fragment`${slot}.completed`,
    failedTasks: sql.fragment`${slot}.failed`,
    load: sql.fragment`
      case when ${worker}.capacity > 0 then ${slot}.used::double precision / ${worker}.capacity else 1 end`,
    version: sql.fragment`${worker}.worker_version`,
    cpu: sql.fragment`${worker}.cpu_usage`,
    memory: sql.fragment`${worker}.memory_usage`,
  });
}
