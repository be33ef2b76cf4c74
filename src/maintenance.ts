import { withSignal } from "./call-scope.ts";
import { limits } from "./limits.ts";
import type { Log } from "./log.ts";
import { MaintenanceStats } from "./metrics/maintenance.ts";
import { OutageLog } from "./outage-log.ts";

/** Work that has to be done now and then, by any number of servers: each takes what no other holds. */
export interface MaintenanceTask {
  name: string;
  /** Milliseconds from one start to the next; a round that takes longer is followed at the next multiple. */
  everyMs: number;
  /** How long each statement may take, in milliseconds. Default: `limits.sharedStatementMs`. */
  statementMs?: number;
  run: () => Promise<unknown>;
  /** Does at once all that `run` would come to do. Default: `run`. */
  runNow?: () => Promise<unknown>;
}

/**
 * Runs each task now and at its interval until stopped. `stop` waits for the rounds that are under way, and
 * cancels their queries after `limits.maintenanceGraceMs`.
 * @param stats counts the rounds
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

function startTask(task: MaintenanceTask, log: Log, stats: MaintenanceStats) {
  const { name, everyMs, statementMs = limits.sharedStatementMs, run } = task;
  const rounds = stats.of(name);
  const stopping = new AbortController();
  let running: Promise<void> | undefined;
  const outage = new OutageLog(log, `maintenance of ${name} works again`);
  const round = async () => {
    const startedAt = performance.now();
    const ended = (isSuccess: boolean) => rounds.note((performance.now() - startedAt) / 1000, isSuccess);
    try {
      await withSignal({ signal: stopping.signal, statementMs }, run);
      ended(true);
      outage.works();
    } catch (error) {
      ended(false);
      if (stopping.signal.aborted) return;
      outage.failed({ err: error }, `maintenance of ${name} failed`);
    }
    running = undefined;
  };
  // The first round starts now: leases given out before it look as if they were from before an outage.
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
