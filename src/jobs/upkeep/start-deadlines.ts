import { z } from "zod";
import type { Executor } from "../../database/statement/executor.ts";
import { example, sql, statement } from "../../database/statement/sql.ts";
import { clockTime } from "../parts.ts";
import { idRow, stop } from "../transitions/transitions.ts";

/** Jobs that were to start by now, whether they have or not. */
const jobsToStart = statement("job_start_over", {
  row: idRow,
  build: (limit: number) => sql.fragment`
    select job_id as id from job_start_deadlines where start_by <= ${clockTime}
    order by start_by, job_id limit ${limit}`,
  examples: [[10]],
});

/** Cancels those of the jobs that no worker has started. */
const cancelUnstartedAmong = statement("job_cancel_unstarted", {
  row: idRow,
  build: (ids: readonly string[]) =>
    stop({
      status: "cancelled",
      reason: "no worker started it within its start_within",
      wanted: sql.fragment`j.id = any (${sql.array(ids, "uuid")}) and j.epoch = 0`,
      atMost: ids.length,
    }),
  examples: [[[example.id]]],
});

/** Forgets when the jobs were to start, but of those that were just moving from place to place. */
const forgetStarts = statement("job_forget_starts", {
  row: z.object({ jobId: z.string() }),
  build: (ids: readonly string[]) => sql.fragment`
    delete from job_start_deadlines deadline
    where start_by <= ${clockTime} and job_id = any (${sql.array(ids, "uuid")})
      and not exists (
        select from jobs j where j.id = deadline.job_id and j.status = 'pending' and j.epoch = 0
      )
    returning job_id`,
  examples: [[[example.id]]],
});

/**
 * Cancels jobs that no worker has started in time.
 * @param rows looks at most at so many
 * @returns how many deadlines are done with
 */
export async function cancelUnstarted(db: Executor, rows: number): Promise<number> {
  const ids = (await db.any(jobsToStart(rows))).map(({ id }) => id);
  if (ids.length === 0) return 0;
  await db.any(cancelUnstartedAmong(ids));
  return (await db.any(forgetStarts(ids))).length;
}
