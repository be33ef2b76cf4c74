import { foldCounts } from "./benchmarks/fold-counts.ts";
import type { Executor } from "./database/executor.ts";
import { forgetRequests } from "./database/forget-requests.ts";
import { QueueMaintenance } from "./jobs/maintenance.ts";
import type { JobQueue } from "./jobs/queue.ts";
import { limits } from "./limits.ts";
import { forgetLogins } from "./users/forget.ts";
import { storeStatuses } from "./workers/statements.ts";

/** Something that has to be done now and then. Safe in any number of servers: each takes only what no other holds. */
export interface MaintenanceTask {
  name: string;
  /** Milliseconds from one start to the next; a round that takes longer is followed at the next multiple. */
  everyMs: number;
  run: () => Promise<unknown>;
}

interface Log {
  info: (message: string) => void;
  warn: (details: object, message: string) => void;
}

/** Everything that a server looks after by itself. */
export function maintenanceTasks(db: Executor, queue: JobQueue): MaintenanceTask[] {
  const jobs = new QueueMaintenance(db, queue);
  const everyMs = limits.maintenanceIntervalMs;
  return [
    { name: "leases and due jobs", everyMs: limits.queueMaintenanceMs, run: () => jobs.watchOver() },
    { name: "job statistics and events", everyMs, run: () => jobs.tidy() },
    { name: "statuses of workers", everyMs, run: () => db.one(storeStatuses(limits.maintenanceBatchRows)) },
    { name: "counts of benchmarks", everyMs, run: () => foldCounts(db) },
    { name: "request ids", everyMs, run: () => forgetRequests(db) },
    { name: "sessions and logins", everyMs: limits.loginCleanupMs, run: () => forgetLogins(db) },
  ];
}

/** Does once, now, all that the tasks would do. Leases that have run out end at once, also those an outage ended. */
export async function maintain(db: Executor, queue: JobQueue): Promise<void> {
  const jobs = new QueueMaintenance(db, queue);
  await jobs.run();
  await jobs.tidy();
  await db.one(storeStatuses(limits.maintenanceBatchRows));
  await foldCounts(db);
  await forgetRequests(db);
  await forgetLogins(db);
}

/** Runs each task now and at its interval until stopped. `stop` waits for the rounds that are under way. */
export function startMaintenance(tasks: readonly MaintenanceTask[], log: Log): { stop: () => Promise<void> } {
  const stops = tasks.map((task) => startTask(task, log));
  return {
    stop: async () => {
      await Promise.all(stops.map((stop) => stop()));
    },
  };
}

function startTask({ name, everyMs, run }: MaintenanceTask, log: Log): () => Promise<void> {
  let running: Promise<void> | undefined;
  let isFailing = false;
  const round = async () => {
    try {
      await run();
      if (isFailing) log.info(`maintenance of ${name} works again`);
      isFailing = false;
    } catch (error) {
      // Once an outage, not four times a second.
      if (!isFailing) log.warn({ err: error }, `maintenance of ${name} failed`);
      isFailing = true;
    }
    running = undefined;
  };
  // The first one now: what is leased before it looks as if it were from before an outage.
  running = round();
  const timer = setInterval(() => {
    running ??= round();
  }, everyMs);
  return async () => {
    clearInterval(timer);
    await running;
  };
}
