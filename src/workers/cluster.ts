import { z } from "zod";
import { type Fragment, fragmentOf, sql, statement } from "../database/statement/sql.ts";
import { stateSums, stateSumsRow } from "../jobs/lists/query.ts";
import { limits } from "../limits.ts";
import { type HealthStatus, healthOf, healthStatuses, statusOf, workerStatuses } from "./rows.ts";

const clusterRow = z.object({
  totalWorkers: z.number(),
  idleWorkers: z.number(),
  busyWorkers: z.number(),
  drainingWorkers: z.number(),
  offlineWorkers: z.number(),
  healthyWorkers: z.number(),
  degradedWorkers: z.number(),
  unhealthyWorkers: z.number(),
  /** Sum of the capacities of the workers that are idle or busy. */
  totalCapacity: z.number(),
  /** Jobs that these workers run now. */
  usedCapacity: z.number(),
  /** Exact up to `limits.completionsCounted`; beyond, computed from the pace of the latest ones. */
  completedLastMinute: z.number(),
  /** From claim to completion, of the latest `limits.durationSample` jobs of the last minute. */
  averageDurationMs: z.number().nullable(),
  checkedAt: z.string(),
});

const readRow = clusterRow.extend(stateSumsRow.shape);

/** Figures of all workers and the queue. */
export interface ClusterStats extends z.output<typeof clusterRow> {
  availableCapacity: number;
  /** usedCapacity / totalCapacity; 0 without any capacity. */
  load: number;
  /** How many jobs are in each state, as of the same moment as the rest. */
  jobs: z.output<typeof stateSumsRow>;
  /** Null while no worker is registered. */
  health: HealthStatus | null;
}

const countsBy = (column: string, values: readonly string[]): Fragment =>
  fragmentOf(
    values.map((value) => `count(*) filter (where ${column} = '${value}') as ${value}_workers`).join(", "),
  );

// The completions of the last minute are one range of the primary key of job_finished, however many jobs
// there are. How long each took is a look-up of its own, and at 1,000 jobs/s the range alone takes 20 ms, its
// rows being too new for the visibility map: hence the bounds.
export const readCluster = statement("worker_cluster", {
  row: readRow,
  build: () => sql.fragment`
    with w as materialized (
      select ${statusOf()} as status, ${healthOf()} as health, w.capacity, s.used
      from workers w join worker_slots s on s.worker_id = w.worker_id
    ), recent as materialized (
      select job_id, finished_at from job_finished
      where status = 'completed' and finished_at > statement_timestamp() - interval '1 minute'
      order by finished_at desc, job_id desc limit ${limits.durationSample}
    ), pace as materialized (
      select count(*) as jobs, extract(epoch from statement_timestamp() - min(finished_at)) as seconds
      from (
        select finished_at from job_finished
        where status = 'completed' and finished_at > statement_timestamp() - interval '1 minute'
        order by finished_at desc, job_id desc limit ${limits.completionsCounted}
      ) r
    )
    select c.*, jobs.*
    from (
      select
        count(*) as total_workers,
        ${countsBy("status", workerStatuses)}, ${countsBy("health", healthStatuses)},
        coalesce(sum(capacity) filter (where status in ('idle', 'busy')), 0)::bigint as total_capacity,
        coalesce(sum(used) filter (where status in ('idle', 'busy')), 0)::bigint as used_capacity,
        (
          select case when jobs < ${limits.completionsCounted} then jobs
            else least(jobs * 60 / greatest(seconds, 0.001), 2147483647)::bigint end
          from pace
        ) as completed_last_minute,
        (
          select avg(extract(epoch from r.finished_at - a.started_at) * 1000)::double precision
          from recent r
          cross join lateral (
            select started_at from job_attempts where job_id = r.job_id and outcome = 'completed'
            order by epoch desc limit 1
          ) a
        ) as average_duration_ms,
        statement_timestamp() as checked_at
      from w
    ) c cross join (select ${stateSums} from job_stat_deltas where benchmark_id is null) jobs`,
  examples: [[]],
});

/** The formulas are those of ClusterMetrics and ClusterHealthStatus in the first build of the test bench. */
export function clusterStatsOf(row: z.output<typeof readRow>): ClusterStats {
  const { pending, scheduled, running, completed, failed, cancelled, ...cluster } = row;
  const { totalCapacity, usedCapacity, unhealthyWorkers, degradedWorkers, totalWorkers } = cluster;
  const load = totalCapacity > 0 ? usedCapacity / totalCapacity : 0;
  const isDegraded = degradedWorkers > 0 || load > limits.clusterLoad;
  const judged = unhealthyWorkers > 0 ? "unhealthy" : isDegraded ? "degraded" : "healthy";
  return {
    ...cluster,
    availableCapacity: Math.max(totalCapacity - usedCapacity, 0),
    load,
    jobs: { pending, scheduled, running, completed, failed, cancelled },
    health: totalWorkers > 0 ? judged : null,
  };
}
