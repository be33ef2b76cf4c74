import { z } from "zod";
import { sealLagSeconds } from "./audit/seal/statements.ts";
import type { Executor } from "./database/statement/executor.ts";
import { sql, statement } from "./database/statement/sql.ts";
import { jobStatsRow, statsByType } from "./jobs/lists/query.ts";
import { limits } from "./limits.ts";
import { type Family, gauge } from "./metrics/family.ts";
import { keepRecent } from "./metrics/recent.ts";
import { benchmarkEvents, jobEvents } from "./watch/events.ts";
import { statusOf, workerStatuses } from "./workers/rows.ts";

const jobStates = ["pending", "scheduled", "running", "completed", "failed", "cancelled"] as const;

/** Stands for the job types that have no series of their own. */
const otherTypes = "other";

// Only the types with most to do have rows by name, so that who makes up job types makes up no series.
export const readQueue = statement("metrics_queue", {
  row: jobStatsRow,
  prepared: false,
  build: (types: number) => sql.fragment`
    with s as materialized (${statsByType(undefined, undefined)}), named as (
      select s.*, case
        when row_number() over (order by pending + scheduled + running desc,
        completed + failed + cancelled desc, job_type) <= ${types}
        then job_type else ${otherTypes} end as name
      from s
    )
    select name as job_type, sum(pending) as pending, sum(scheduled) as scheduled, sum(running) as running,
      sum(completed) as completed, sum(failed) as failed, sum(cancelled) as cancelled,
      max(oldest_pending_age_ms) as oldest_pending_age_ms
    from named group by name order by name`,
  examples: [[50]],
});

const readOthers = statement("metrics_others", {
  row: z.object({
    idle: z.number(),
    busy: z.number(),
    draining: z.number(),
    offline: z.number(),
    sealLagSeconds: z.number(),
    jobEventsWaitMs: z.number(),
    benchmarkEventsWaitMs: z.number(),
  }),
  build: () => sql.fragment`
    select
      count(*) filter (where status = 'idle') as idle, count(*) filter (where status = 'busy') as busy,
      count(*) filter (where status = 'draining') as draining, count(*)
        filter (where status = 'offline') as offline,
      ${sealLagSeconds} as seal_lag_seconds,
      ${jobEvents.waitMs} as job_events_wait_ms, ${benchmarkEvents.waitMs} as benchmark_events_wait_ms
    from (select ${statusOf()} as status from workers w join worker_slots s on s.worker_id = w.worker_id) w`,
  examples: [[]],
});

const readSize = statement("metrics_size", {
  row: z.object({ bytes: z.number() }),
  build: () => sql.fragment`select pg_database_size(current_database()) as bytes`,
  examples: [[]],
});

/**
 * The metrics of the database's contents, of which every server reports the same. They are read when somebody
 * asks, at most every 5 s and for 2 s, and left out while the database does not answer.
 */
export function storedFamilies(db: Executor): Family[] {
  const { metricsAgeMs: ageMs, metricsTimeoutMs: timeoutMs, metricsSizeAgeMs } = limits;
  const queue = keepRecent(() => db.any(readQueue(limits.metricsJobTypes)), { ageMs, timeoutMs });
  const others = keepRecent(() => db.one(readOthers()), { ageMs, timeoutMs });
  const size = keepRecent(() => db.one(readSize()), { ageMs: metricsSizeAgeMs, timeoutMs });
  return [
    gauge(
      "ltb_jobs",
      "Jobs in the database by status and type; scheduled ones are pending, for later.",
      async () =>
        (await queue())?.flatMap((row) =>
          jobStates.map((status) => ({ labels: { status, job_type: row.jobType }, value: row[status] })),
        ),
    ),
    gauge(
      "ltb_job_oldest_pending_age_seconds",
      "How long the oldest job that is ready has waited; 0 where none is.",
      async () =>
        (await queue())?.map(({ jobType, oldestPendingAgeMs }) => ({
          labels: { job_type: jobType },
          value: (oldestPendingAgeMs ?? 0) / 1000,
        })),
    ),
    gauge("ltb_workers", "Registered workers by status.", async () => {
      const row = await others();
      return row && workerStatuses.map((status) => ({ labels: { status }, value: row[status] }));
    }),
    gauge(
      "ltb_audit_seal_lag_seconds",
      "How long the oldest entry of the audit trail has waited for its seal; 0 where none waits.",
      async () => (await others())?.sealLagSeconds,
    ),
    gauge(
      "ltb_watch_lag_seconds",
      "How long the oldest change has waited that watches cannot be told yet; 0 where none waits.",
      async () => {
        const row = await others();
        return (
          row && [
            { labels: { entity: jobEvents.entity }, value: row.jobEventsWaitMs / 1000 },
            { labels: { entity: benchmarkEvents.entity }, value: row.benchmarkEventsWaitMs / 1000 },
          ]
        );
      },
    ),
    gauge(
      "ltb_database_size_bytes",
      "Size of the database on disk, at most a minute old.",
      async () => (await size())?.bytes,
    ),
  ];
}
