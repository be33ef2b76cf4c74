import { z } from "zod";
import { inBatches } from "../database/in-batches.ts";
import type { Executor } from "../database/statement/executor.ts";
import { sql, statement } from "../database/statement/sql.ts";
import { addedFingerprints, fingerprintColumns, movedFingerprint } from "../evaluations/inputs/parts.ts";
import { limits } from "../limits.ts";
import type { MaintenanceTask } from "../maintenance.ts";
import { benchmarkEvents, forgetOldEvents } from "../watch/events.ts";
import { continueDeletions, type EndJobs } from "./deletion.ts";

// Deltas are added to their benchmarks, which changes no count that callers read. The bound keeps one count
// set by hand from stopping all others. Benchmarks are locked before their deltas, as in all statements; one
// that another transaction uses is left for later.
const foldDeltas = statement("maintenance_fold_counts", {
  row: z.object({ folded: z.number() }),
  build: (limit: number) => sql.fragment`
    with benchmark as (
      select id from benchmarks
      where id in (select benchmark_id from benchmark_count_deltas limit ${limit})
      order by id for no key update skip locked
    ), folded as (
      delete from benchmark_count_deltas
      where ctid = any (array(
        select d.ctid from benchmark_count_deltas d join benchmark b on b.id = d.benchmark_id
        limit ${limit} for update of d skip locked
      ))
      returning benchmark_id, completed, failed, ${fingerprintColumns}
    ), total as (
      select benchmark_id, sum(completed) as completed, sum(failed) as failed, ${addedFingerprints}
      from folded group by benchmark_id
    ), counted as (
      update benchmarks b
      set completed_iterations = least(b.completed_iterations + total.completed, 2147483647),
        failed_iterations = least(b.failed_iterations + total.failed, 2147483647),
        ${movedFingerprint(sql.fragment`total`)}
      from total where b.id = total.benchmark_id
    )
    select count(*) as folded from folded`,
  examples: [[10]],
});

/** The tasks of benchmarks: deletions, counts and events. */
export function benchmarkTasks(db: Executor, endJobs: EndJobs): MaintenanceTask[] {
  const everyMs = limits.maintenanceIntervalMs;
  const foldCounts = () => inBatches(async (rows) => (await db.one(foldDeltas(rows))).folded);
  return [
    {
      name: "deletions of benchmarks",
      everyMs,
      // It may pass over millions of dead rows.
      statementMs: limits.statementMs,
      run: () => continueDeletions(db, endJobs),
    },
    { name: "counts of benchmarks", everyMs, run: foldCounts },
    { name: "events of benchmarks", everyMs, run: () => forgetOldEvents(db, benchmarkEvents) },
  ];
}
