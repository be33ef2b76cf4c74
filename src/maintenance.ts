import { z } from "zod";
import type { Executor } from "./database/executor.ts";
import { sql, statement } from "./database/sql.ts";
import { limits } from "./limits.ts";

interface Log {
  warn: (details: object, message: string) => void;
}

/**
 * Folds counts and forgets old request ids, now and then, until stopped. Safe in any number of servers: each takes only
 * what no other holds.
 */
export function startMaintenance(db: Executor, log: Log): { stop: () => Promise<void> } {
  let running: Promise<void> | undefined;
  const timer = setInterval(() => {
    // A round that takes long is not followed by all those that it delayed.
    running ??= maintain(db)
      .catch((error) => log.warn({ err: error }, "maintenance failed"))
      .finally(() => {
        running = undefined;
      });
  }, limits.maintenanceIntervalMs);
  return {
    stop: async () => {
      clearInterval(timer);
      await running;
    },
  };
}

/** One round of maintenance. */
export async function maintain(db: Executor): Promise<void> {
  let folded: number;
  do {
    ({ folded } = await db.one(foldCounts(limits.maintenanceBatchRows)));
  } while (folded === limits.maintenanceBatchRows);
  let forgotten: number;
  do {
    ({ forgotten } = await db.one(forgetRequests(limits.requestIdHours, limits.maintenanceBatchRows)));
  } while (forgotten === limits.maintenanceBatchRows);
}

// A count set by hand near the most that its column holds must not stop the folding of all others, hence the bound.
// Benchmark first, then its deltas: the order in which everyone locks them. A benchmark in use by another is left for later.
const foldCounts = statement("maintenance_fold_counts", {
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
      returning benchmark_id, completed, failed
    ), total as (
      select benchmark_id, sum(completed) as completed, sum(failed) as failed
      from folded group by benchmark_id
    ), counted as (
      update benchmarks b
      set completed_iterations = least(b.completed_iterations + total.completed, 2147483647),
        failed_iterations = least(b.failed_iterations + total.failed, 2147483647)
      from total where b.id = total.benchmark_id
    )
    select count(*) as folded from folded`,
  examples: [[10]],
});

const forgetRequests = statement("maintenance_forget_requests", {
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
