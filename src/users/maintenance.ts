import { inBatches } from "../database/in-batches.ts";
import type { Executor } from "../database/statement/executor.ts";
import { limits } from "../limits.ts";
import type { MaintenanceTask } from "../maintenance.ts";
import { forgetSessions } from "./session-statements.ts";
import { forgetAttempts } from "./throttle.ts";

/** The task that forgets sessions and attempts to log in. */
export function userTasks(db: Executor): MaintenanceTask[] {
  return [{ name: "sessions and logins", everyMs: limits.loginCleanupMs, run: () => forgetLogins(db) }];
}

/** Forgets ended sessions, and attempts to log in that no longer count. */
async function forgetLogins(db: Executor): Promise<void> {
  const { loginFailuresHours: hours, knownAddressDays: days } = limits;
  await inBatches(async (rows) => (await db.one(forgetSessions(rows))).forgotten);
  await inBatches(async (rows) => (await db.one(forgetAttempts(hours, days, rows))).forgotten);
}
