import { type Fragment, sql } from "../../database/statement/sql.ts";

/**
 * Takes the base of a benchmark's rollups until the end of the transaction; false where another has it. A
 * lock of its own, since one on a row would give the transaction an id: those who read events would have to
 * wait for it while a base is computed, which takes seconds.
 */
export const rollupLock = (id: Fragment) =>
  sql.fragment`pg_try_advisory_xact_lock(hashtextextended('metric_rollups:' || ${id}::text, 0))`;
