import { z } from "zod";
import { limits } from "../limits.ts";
import type { MaintenanceTask } from "../maintenance.ts";
import { inBatches } from "./in-batches.ts";
import type { Executor } from "./statement/executor.ts";
import { sql, statement } from "./statement/sql.ts";

const forgetOld = statement("maintenance_forget_requests", {
  row: z.object({ forgotten: z.number() }),
  build: (hours: number, limit: number) => sql.fragment`
    with forgotten as (
      delete from requests where ctid = any (array(
        select ctid from requests where created_at < now() - make_interval(hours => ${hours}) limit ${limit}
        for update skip locked
      ))
      returning 1
    )
    select count(*) as forgotten from forgotten`,
  examples: [[24, 10]],
});

export function requestTasks(db: Executor): MaintenanceTask[] {
  return [{ name: "request ids", everyMs: limits.maintenanceIntervalMs, run: () => forgetRequests(db) }];
}

/** Forgets the request ids that are too old to be repeated. */
function forgetRequests(db: Executor): Promise<number> {
  return inBatches(async (rows) => (await db.one(forgetOld(limits.requestIdHours, rows))).forgotten);
}
