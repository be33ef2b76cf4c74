import { z } from "zod";
import { inBatches } from "../../database/in-batches.ts";
import type { Executor } from "../../database/statement/executor.ts";
import { fragmentOf, sql, statement } from "../../database/statement/sql.ts";
import { limits } from "../../limits.ts";
import type { MaintenanceTask } from "../../maintenance.ts";
import { forgetOldEvents, jobEvents } from "../../watch/events.ts";
import { expireLeases } from "../finish/finish.ts";
import { keepHistory } from "../history/write.ts";
import { tidyLanes } from "../limits/lanes.ts";
import { endPauses } from "../limits/statements.ts";
import { clockTime } from "../parts.ts";
import type { JobQueue } from "../queue.ts";
import { readyDueJobs } from "../transitions/transitions.ts";
import { cancelUnstarted } from "./start-deadlines.ts";
import { tidyTurns } from "./turns.ts";

/** What of the queue's has come to its time. */
const due = z.object({
  isLeaseOver: z.boolean(),
  isJobDue: z.boolean(),
  isPauseOver: z.boolean(),
  isStartOver: z.boolean(),
  isDependencyOver: z.boolean(),
});

const all: z.output<typeof due> = {
  isLeaseOver: true,
  isJobDue: true,
  isPauseOver: true,
  isStartOver: true,
  isDependencyOver: true,
};

// Each server asks several times a second, and mostly nothing is due: the statements that see to it are then
// left out. A restart that is over before anyone has failed to connect shows by database_start.
const lookAtClock = statement("job_look_at_clock", {
  row: due.extend({ at: z.string(), databaseStart: z.string(), isAwaited: z.boolean() }),
  build: () => sql.fragment`
    select clock_timestamp() as at, pg_postmaster_start_time() as database_start,
      exists (
        select from job_leases where least(expires_at, deadline_at) < ${clockTime}
      ) as is_lease_over,
      exists (select from job_scheduled where run_at <= ${clockTime}) as is_job_due,
      exists (select from job_pauses where ends_at <= ${clockTime}) as is_pause_over,
      exists (select from job_start_deadlines where start_by <= ${clockTime}) as is_start_over,
      exists (select from job_ended_dependencies) as is_dependency_over,
      exists (select from job_dependencies) as is_awaited`,
  examples: [[]],
});

const several = fragmentOf(String(limits.statDeltasFolded));

// Many rows of a type, or of a type and benchmark, become one. Only worth it once there are several.
const foldStats = statement("job_fold_stats", {
  row: z.object({ folded: z.number() }),
  build: (limit: number) => sql.fragment`
    with folded as (
      delete from job_stat_deltas where id = any (array(
        select id from job_stat_deltas order by id limit ${limit} for update skip locked
      ))
      and (select count(*) from (select from job_stat_deltas limit ${several}) d) = ${several}
      returning *
    ), sums as (
      insert into job_stat_deltas
        (job_type, benchmark_id, pending, scheduled, running, completed, failed, cancelled)
      select
        job_type, benchmark_id, sum(pending), sum(scheduled), sum(running), sum(completed), sum(failed),
        sum(cancelled)
      from folded group by job_type, benchmark_id
      having sum(pending) <> 0 or sum(scheduled) <> 0 or sum(running) <> 0 or sum(completed) <> 0
        or sum(failed) <> 0 or sum(cancelled) <> 0
      returning 1
    )
    select case when (select count(*) from sums) * 2 < count(*) then count(*) else 0 end as folded
    from folded`,
  examples: [[10]],
});

/** The queue's tasks: leases that run out, due jobs, unused lanes, statistics and events. */
export function jobTasks(db: Executor, queue: JobQueue): MaintenanceTask[] {
  const jobs = new QueueMaintenance(db, queue);
  return [
    {
      name: "leases and due jobs",
      everyMs: limits.queueMaintenanceMs,
      run: () => jobs.watchOver(),
      // Somebody who asks for it does not wait out the term that leases get after an outage.
      runNow: () => jobs.run(),
    },
    { name: "lanes", everyMs: limits.lanesTidyMs, run: () => tidyLanes(db) },
    { name: "turns of fair keys", everyMs: limits.lanesTidyMs, run: () => tidyTurns(db) },
    { name: "queue history", everyMs: limits.queueHistoryMs, run: () => keepHistory(db) },
    { name: "job statistics and events", everyMs: limits.maintenanceIntervalMs, run: () => jobs.tidy() },
  ];
}

/** Looks after the queue, on every server; what one has in hand the others pass over. */
export class QueueMaintenance {
  readonly #db: Executor;
  readonly #queue: JobQueue;
  readonly #termMs: number;
  #answeredAt = 0;
  #databaseStart: string | undefined;
  /** The database's clock, and ours just before it was read, of the round before. */
  #clocks: { database: number; ours: number } | undefined;
  #backSince: string | null = null;

  /** @param options.termMs how long leases from before an outage are left alone after it. Default: 30,000. */
  constructor(db: Executor, queue: JobQueue, { termMs = limits.leaseMs as number } = {}) {
    this.#db = db;
    this.#queue = queue;
    this.#termMs = termMs;
  }

  /**
   * Ends the leases that have run out and the pauses whose time is over, puts the jobs that are due into
   * line, cancels those that were to start by now, and tells those that wait for others of the ends of these.
   * @param due what to look for. Default: all
   */
  async run({ isLeaseOver, isJobDue, isPauseOver, isStartOver, isDependencyOver } = all): Promise<void> {
    let changed = 0;
    if (isLeaseOver) changed += await this.#expire();
    if (isJobDue) changed += await inBatches(async (rows) => (await this.#db.any(readyDueJobs(rows))).length);
    if (isPauseOver) changed += await inBatches(async (rows) => (await this.#db.any(endPauses(rows))).length);
    if (isStartOver) changed += await inBatches((rows) => cancelUnstarted(this.#db, rows));
    if (isDependencyOver) changed += await this.#queue.settler.settle();
    if (changed > 0) this.#queue.announce();
  }

  /**
   * Does one round of a server's, several times a second. After an outage (of the database, or of this
   * server) it leaves the leases from before it alone for one more term: no worker could renew them. The same
   * goes for a database whose clock has jumped ahead of ours, as it does where a machine with both was
   * suspended, in which our monotonic clock stood still. Each server notices by itself, so that none is
   * faster than another that knows. A server that was cut off alone, or that fails and starts again and
   * again, holds up nothing that others see to.
   */
  async watchOver(): Promise<void> {
    const askedAt = performance.now();
    const { at, databaseStart, isAwaited, ...due } = await this.#db.one(lookAtClock());
    const wasAway = performance.now() - this.#answeredAt > limits.outageMs;
    const hasJumped = this.#jumpMs(Date.parse(at), askedAt) > limits.outageMs;
    if (wasAway || hasJumped || databaseStart !== this.#databaseStart) this.#backSince = at;
    this.#databaseStart = databaseStart;
    this.#queue.settler.isAwaited = isAwaited;
    this.#queue.outages.note(this.#backSince, this.#termMs);
    await this.run(due);
    this.#answeredAt = performance.now();
  }

  /** Folds the statistics and forgets old events. */
  async tidy(): Promise<void> {
    await inBatches(async (rows) => (await this.#db.one(foldStats(rows))).folded);
    await forgetOldEvents(this.#db, jobEvents);
  }

  /** By how much, at least, the database's clock has gained on ours since the round before. */
  #jumpMs(database: number, askedAt: number): number {
    const before = this.#clocks;
    this.#clocks = { database, ours: askedAt };
    return before ? database - before.database - (performance.now() - before.ours) : 0;
  }

  #expire(): Promise<number> {
    return inBatches(async (rows) => {
      const ended = await this.#db.any(expireLeases(rows, this.#backSince, this.#termMs));
      this.#queue.counts.addExpired(ended);
      return ended.length;
    });
  }
}
