import { z } from "zod";
import type { Executor } from "../../database/statement/executor.ts";
import { example, sql, statement } from "../../database/statement/sql.ts";
import { arrayOf } from "../../database/statement/table.ts";
import { limits } from "../../limits.ts";
import * as parts from "../parts.ts";
import { idRow, stop } from "../transitions/transitions.ts";

/** So many ended jobs are settled by one transaction. */
const endsAtOnce = 100;

const lockEnds = statement("job_lock_ended_dependencies", {
  row: z.object({ jobId: z.string(), status: z.string() }),
  build: (limit: number) => sql.fragment`
    select job_id, status from job_ended_dependencies order by job_id limit ${limit} for update skip locked`,
  examples: [[endsAtOnce]],
});

export const cancelDependants = statement("job_cancel_dependants", {
  row: idRow,
  build: (dependencyId: string, reason: string, limit: number) =>
    stop({
      status: "cancelled",
      reason,
      wanted: sql.fragment`j.waits_for > 0 and not j.runs_after_failure and j.id in (
        select job_id from job_dependencies where dependency_id = ${dependencyId} order by job_id limit ${limit}
      )`,
      atMost: limit,
    }),
  examples: [[example.id, "reason", 100]],
});

const state = {
  each: sql.fragment`(case when is_due then 'pending' else 'scheduled' end)`,
  among: ["pending", "scheduled"],
} as const;

// Jobs are locked before the rows that say what they wait for, as where they are cancelled. Two that end at
// the same time are counted off one after the other: each writes the row of the job that waits for both.
export const countOff = statement("job_count_off", {
  row: z.object({ settled: z.number() }),
  build: (completed: readonly string[], others: readonly string[], limit: number) => sql.fragment`
    with edge as materialized (
      select dep.dependency_id, dep.job_id
      from job_dependencies dep join jobs j on j.id = dep.job_id
      where dep.dependency_id = any (${arrayOf("uuid", [...completed, ...others])})
        and (j.runs_after_failure or dep.dependency_id = any (${arrayOf("uuid", completed)}))
      limit ${limit}
    ), waiting as materialized (
      select id from jobs where id in (select job_id from edge) order by id for update
    ), settled as (
      delete from job_dependencies dep using edge
      where dep.dependency_id = edge.dependency_id and dep.job_id = edge.job_id
        and (select count(*) from waiting) >= 0
      returning dep.job_id
    ), counted_off as (
      update jobs j
      set waits_for = j.waits_for - done.dependencies
      from (select job_id, count(*)::integer as dependencies from settled group by job_id) done
      where j.id = done.job_id
      returning j.id, j.waits_for, j.run_at, j.benchmark_id, ${parts.laneColumns}, ${parts.lineColumns}
    ), moved as materialized (
      select *, run_at is null or run_at <= clock_timestamp() as is_due from counted_off where waits_for = 0
    ), ${parts.returnedLanes("moved")}, ${parts.returnedJobs("moved", { when: sql.fragment`is_due` })},
    scheduled as (
      insert into job_scheduled (run_at, job_id) select run_at, id from moved where not is_due
    ), ${parts.recordChanges("moved", "pending", state)}
    select count(*) as settled from settled`,
  examples: [[[example.id], [example.id], 100]],
});

/** Forgets ends that nobody waits for any more. */
export const forgetEnds = statement("job_forget_ended_dependencies", {
  row: z.object({ jobId: z.string() }),
  build: (ids: readonly string[]) => sql.fragment`
    delete from job_ended_dependencies e
    where job_id = any (${arrayOf("uuid", ids)})
      and not exists (select from job_dependencies dep where dep.dependency_id = e.job_id)
    returning job_id`,
  examples: [[[example.id]]],
});

const words: Readonly<Record<string, string>> = {
  failed: "failed",
  cancelled: "was cancelled",
  deleted: "was deleted",
};

/** Settles all that has ended, and answers how many changes that took. */
export async function settleEnds(db: Executor): Promise<number> {
  let all = 0;
  for (;;) {
    const changes = await settleSome(db, limits.maintenanceBatchRows);
    all += changes;
    if (changes === 0) return all;
  }
}

/**
 * Counts jobs off that have ended from those that wait for them, which go into line with the last, or are
 * cancelled with one that did not complete. That these are cancelled is noted as an end in turn, so a chain
 * is as many rounds as it is long.
 * @param rows changes at most so many jobs by one statement
 * @returns how many changes it made; 0: all that has ended is settled, or another server is at it
 */
function settleSome(db: Executor, rows: number): Promise<number> {
  return db.transaction(async (transaction) => {
    const ends = await transaction.any(lockEnds(endsAtOnce));
    if (ends.length === 0) return 0;
    let changes = 0;
    for (const { jobId, status } of ends) {
      if (status === "completed") continue;
      const reason = `it depends on job ${jobId}, which ${words[status] ?? status}`;
      changes += (await transaction.any(cancelDependants(jobId, reason, rows))).length;
    }
    const [completed = [], others = []] = [true, false].map((isCompleted) =>
      ends.filter(({ status }) => (status === "completed") === isCompleted).map(({ jobId }) => jobId),
    );
    const { settled } = await transaction.one(countOff(completed, others, rows));
    const forgotten = await transaction.any(forgetEnds(ends.map(({ jobId }) => jobId)));
    return changes + settled + forgotten.length;
  });
}
