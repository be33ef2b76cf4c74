import { continueDeletions } from "./benchmarks/deletion.ts";
import { benchmarkEvents } from "./benchmarks/events.ts";
import { foldCounts } from "./benchmarks/fold-counts.ts";
import { withSignal } from "./cancellation.ts";
import { forgetRequests } from "./database/forget-requests.ts";
import type { Executor } from "./database/statement/executor.ts";
import { computeRollups } from "./evaluations/rollups/compute.ts";
import { foldRollups } from "./evaluations/rollups/fold.ts";
import type { JobQueue } from "./jobs/queue.ts";
import { QueueMaintenance } from "./jobs/upkeep/maintenance.ts";
import { limits } from "./limits.ts";
import { MaintenanceStats } from "./metrics/maintenance.ts";
import { forgetLogins } from "./users/cleanup.ts";
import { forgetOldEvents } from "./watch/events.ts";
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
    { name: "rollups of metrics", everyMs, run: () => foldRollups(db) },
    { name: "rollups to be computed", everyMs, run: () => computeRollups(db) },
    { name: "events of benchmarks", everyMs, run: () => forgetOldEvents(db, benchmarkEvents) },
    { name: "deletions of benchmarks", everyMs, run: () => continueDeletions(db) },
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
  await continueDeletions(db);
  await foldCounts(db);
  await foldRollups(db);
  await computeRollups(db);
  await forgetOldEvents(db, benchmarkEvents);
  await forgetRequests(db);
  await forgetLogins(db);
}

/**
 * Runs each task now and at its interval until stopped. `stop` waits for the rounds that are under way, whose queries are cancelled after
 * `limits.maintenanceGraceMs`.
 * @param stats where the rounds are counted. Default: nowhere
 */
export function startMaintenance(
  tasks: readonly MaintenanceTask[],
  log: Log,
  stats = new MaintenanceStats(),
): { stop: () => Promise<void> } {
  const stops = tasks.map((task) => startTask(task, log, stats));
  return {
    stop: async () => {
      await Promise.all(stops.map((stop) => stop()));
    },
  };
}

function startTask(
  { name, everyMs, run }: MaintenanceTask,
  log: Log,
  stats: MaintenanceStats,
): () => Promise<void> {
  const rounds = stats.of(name);
  const stopping = new AbortController();
  let running: Promise<void> | undefined;
  let isFailing = false;
  const round = async () => {
    const startedAt = performance.now();
    const ended = (isSuccess: boolean) => rounds.ended((performance.now() - startedAt) / 1000, isSuccess);
    try {
      await withSignal({ signal: stopping.signal }, run);
      ended(true);
      if (isFailing) log.info(`maintenance of ${name} works again`);
      isFailing = false;
    } catch (error) {
      ended(false);
      if (stopping.signal.aborted) return;
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
    // A look at millions of rows may take minutes; another server, or the next start, takes it up again.
    const cut = setTimeout(() => stopping.abort(), limits.maintenanceGraceMs);
    await running;
    clearTimeout(cut);
  };
}
