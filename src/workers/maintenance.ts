import { z } from "zod";
import type { Executor } from "../database/statement/executor.ts";
import { sql, statement } from "../database/statement/sql.ts";
import { limits } from "../limits.ts";
import type { MaintenanceTask } from "../maintenance.ts";
import { statusOf } from "./rows.ts";

// The statement keeps the column right within a second, for people who look into the table. It skips workers
// whose row is locked; the holder of the lock, or the next round, brings them up to date.
const storeStatuses = statement("worker_store_statuses", {
  row: z.object({ stored: z.number() }),
  build: (limit: number) => sql.fragment`
    with other as materialized (
      select w.id, ${statusOf()} as status, s.used, s.completed, s.failed
      from workers w join worker_slots s on s.worker_id = w.worker_id
      where w.status <> ${statusOf()}
      order by w.worker_id limit ${limit} for no key update of w skip locked
    ), stored as (
      update workers w
      set status = o.status, current_tasks = o.used, completed_tasks = o.completed, failed_tasks = o.failed,
        updated_at = clock_timestamp()
      from other o where w.id = o.id
      returning 1
    )
    select count(*) as stored from stored`,
  examples: [[10]],
});

/** The task that stores the statuses of workers. */
export function workerTasks(db: Executor): MaintenanceTask[] {
  const run = () => db.one(storeStatuses(limits.maintenanceBatchRows));
  return [{ name: "statuses of workers", everyMs: limits.maintenanceIntervalMs, run }];
}
