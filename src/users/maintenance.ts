import type { Executor } from "../database/statement/executor.ts";
import { limits } from "../limits.ts";
import type { MaintenanceTask } from "../maintenance.ts";
import { forgetSessions } from "./session-statements.ts";
import { forgetAttempts } from "./throttle-statements.ts";

export function userTasks(db: Executor): MaintenanceTask[] {
  return [{ name: "sessions and logins", everyMs: limits.loginCleanupMs, run: () => forgetLogins(db) }];
}

/** Forgets the sessions that are over, and attempts to log in that no longer count. */
async function forgetLogins(db: Executor): Promise<void> {
  const { maintenanceBatchRows: batch, loginFailuresHours, knownAddressDays } = limits;
  await inBatches(batch, () => db.one(forgetSessions(batch)));
  await inBatches(batch, () => db.one(forgetAttempts(loginFailuresHours, knownAddressDays, batch)));
}

async function inBatches(batch: number, run: () => Promise<{ forgotten: number }>): Promise<void> {
  while ((await run()).forgotten === batch);
}
