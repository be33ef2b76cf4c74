import { z } from "zod";
import { isConnectionError } from "../database/errors.ts";
import type { Executor } from "../database/executor.ts";
import { sql, statement } from "../database/sql.ts";
import { limits } from "../limits.ts";
import { readyDueJobs } from "./change.ts";
import { expireLeases } from "./finish.ts";
import type { JobQueue } from "./queue.ts";
import { extendLeases } from "./renew.ts";

/**
 * What has to happen in the queue without anyone asking: leases that run out, jobs that become due, statistics that are
 * folded. Every server does it; what one has in hand the others pass over.
 */
export class QueueMaintenance {
  readonly #db: Executor;
  readonly #queue: JobQueue;
  #databaseWasAway = false;
  #rounds = 0;

  constructor(db: Executor, queue: JobQueue) {
    this.#db = db;
    this.#queue = queue;
  }

  /** One round. After an outage of the database every live lease first gets one more term: no worker could renew it. */
  async run(): Promise<void> {
    try {
      if (this.#databaseWasAway) await this.#db.one(extendLeases(limits.leaseMs));
      this.#databaseWasAway = false;
      const moved = (await this.#expire()) + (await this.#readyDue());
      if (moved > 0) this.#queue.changed();
      // Folding is only about keeping sums short, so it need not be done as often.
      if (this.#rounds++ % 4 === 0) await this.#tidy();
    } catch (error) {
      this.#databaseWasAway ||= isConnectionError(error);
      throw error;
    }
  }

  async #expire(): Promise<number> {
    let expired = 0;
    for (;;) {
      const { length } = await this.#db.any(expireLeases(limits.maintenanceBatchRows));
      expired += length;
      if (length < limits.maintenanceBatchRows) return expired;
    }
  }

  async #readyDue(): Promise<number> {
    let ready = 0;
    for (;;) {
      const { length } = await this.#db.any(readyDueJobs(limits.maintenanceBatchRows));
      ready += length;
      if (length < limits.maintenanceBatchRows) return ready;
    }
  }

  async #tidy(): Promise<void> {
    while (
      (await this.#db.one(foldStats(limits.maintenanceBatchRows))).folded === limits.maintenanceBatchRows
    );
    const { forgotten } = await this.#db.one(forgetEvents(limits.eventMinutes, limits.maintenanceBatchRows));
    if (forgotten === limits.maintenanceBatchRows) await this.#tidy();
  }
}

// Many rows of a type, or of a type and benchmark, become one. Only worth it once there are several.
const foldStats = statement("job_fold_stats", {
  row: z.object({ folded: z.number() }),
  build: (limit: number) => sql.fragment`
    with folded as (
      delete from job_stat_deltas where id = any (array(
        select id from job_stat_deltas order by id limit ${limit} for update skip locked
      ))
      and (select count(*) from (select from job_stat_deltas limit 100) d) = 100
      returning *
    ), sums as (
      insert into job_stat_deltas (job_type, benchmark_id, pending, scheduled, running, completed, failed, cancelled)
      select job_type, benchmark_id, sum(pending), sum(scheduled), sum(running), sum(completed), sum(failed), sum(cancelled)
      from folded group by job_type, benchmark_id
      having sum(pending) <> 0 or sum(scheduled) <> 0 or sum(running) <> 0 or sum(completed) <> 0 or sum(failed) <> 0
        or sum(cancelled) <> 0
      returning 1
    )
    select case when (select count(*) from sums) * 2 < count(*) then count(*) else 0 end as folded from folded`,
  examples: [[10]],
});

const forgetEvents = statement("job_forget_events", {
  row: z.object({ forgotten: z.number() }),
  build: (minutes: number, limit: number) => sql.fragment`
    with forgotten as (
      delete from job_events where ctid = any (array(
        select ctid from job_events where created_at < now() - make_interval(mins => ${minutes})
        order by xid, id limit ${limit} for update skip locked
      ))
      returning 1
    )
    select count(*) as forgotten from forgotten`,
  examples: [[60, 10]],
});
