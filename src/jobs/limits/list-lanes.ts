import { z } from "zod";
import type { Executor } from "../../database/statement/executor.ts";
import type { Page, PageOptions } from "../../database/statement/page.ts";
import { example, sql, statement } from "../../database/statement/sql.ts";
import { limits } from "../../limits.ts";
import { parseInput, parseLimit } from "../../validation.ts";
import { type LaneFilter, type LanePosition, laneFilter } from "../input.ts";
import { laneHeads, readySince } from "../lists/query.ts";
import { clockTime } from "../parts.ts";

/** A lane that has jobs now, which are ready or running, and what holds them up. */
const laneRow = z.object({
  id: z.string(),
  jobType: z.string(),
  requiredTags: z.array(z.string()),
  limitKey: z.string().nullable(),
  /** Ready jobs, counted up to `limits.laneJobsCounted`. */
  ready: z.number(),
  /** How long the one of them has waited that waits the longest, in milliseconds; null without any. */
  oldestReadyAgeMs: z.number().nullable(),
  running: z.number(),
  /** Whether any pause covers it. */
  paused: z.boolean(),
  /** Whether the limit of its key lets none of its jobs start now. */
  atLimit: z.boolean(),
  /** Workers that are alive, do not drain and are registered for its type and tags. */
  matchingWorkers: z.number(),
});

export type JobLane = z.output<typeof laneRow>;

// The lane of a job that runs for long may be gone by now: the job tells it. Ready jobs and workers are
// counted for the lanes of the page alone.
export const pageLanes = statement("job_lane_page", {
  row: laneRow,
  prepared: false,
  build: ({ jobType, limitKey }: LaneFilter, limit: number, after: LanePosition | undefined) => sql.fragment`
    with recursive run as materialized (
      select j.lane_id as id, j.job_type, j.required_tags, j.limit_key, count(*) as running
      from job_leases lease join jobs j on j.id = lease.job_id group by 1, 2, 3, 4
    ), lane as materialized (
      select * from (
        select id, job_type, required_tags, limit_key from job_lanes lane
        where exists (select from job_ready ready where ready.lane_id = lane.id)
        union select id, job_type, required_tags, limit_key from run
      ) lane
      where ${sql.and([
        jobType !== undefined && sql.fragment`job_type = ${jobType}`,
        limitKey !== undefined && sql.fragment`limit_key = ${limitKey}`,
        after &&
          sql.fragment`(job_type, coalesce(limit_key, ''), id)
            > (${after.jobType}::text, ${after.limitKey}::text, ${after.id}::uuid)`,
      ])}
      order by job_type, coalesce(limit_key, ''), id limit ${limit}
    ), ${laneHeads(sql.fragment`lane`)}, oldest as (
      select lane_id, min(${readySince}) as since from head group by lane_id
    )
    select
      lane.id, lane.job_type, lane.required_tags, lane.limit_key, ready.count as ready,
      case when oldest.since is not null
        then greatest(extract(epoch from clock_timestamp() - oldest.since) * 1000, 0) end::double precision
        as oldest_ready_age_ms,
      coalesce(run.running, 0) as running, exists (
        select from job_pauses pause
        where pause.job_type in ('', lane.job_type) and pause.limit_key in ('', coalesce(lane.limit_key, ''))
          and (pause.limit_key = '' or lane.limit_key is not null)
      ) as paused, exists (
        select from job_limits lim
        where lim.limit_key = lane.limit_key and (
          lim.max_running <= (select count(*) from job_leases lease where lease.limit_key = lim.limit_key)
          or lim.per_minute <= (
            select coalesce(sum(start.started), 0) from job_limit_starts start
            where start.limit_key = lim.limit_key and start.started_at > ${clockTime} - interval '1 minute'
          )
          or lim.tokens_per_minute < (
            select coalesce(sum(start.tokens), 0) from job_limit_starts start
            where start.limit_key = lim.limit_key and start.started_at > ${clockTime} - interval '1 minute'
          ) + least(greatest(lim.tokens_per_minute, 1), coalesce((
            select j.tokens from job_ready ready join jobs j on j.id = ready.job_id
            where ready.lane_id = lane.id order by ready.priority desc, ready.turn, ready.sequence limit 1
          ), 1))
        )
      ) as at_limit, (
        select count(*) from workers w
        where w.last_heartbeat > statement_timestamp() - ${limits.workerOfflineMs} * interval '1 ms'
          and not w.draining and (w.job_types = '{}' or lane.job_type = any (w.job_types))
          and lane.required_tags <@ w.tags
      ) as matching_workers
    from lane
    cross join lateral (
      select count(*) from (
        select from job_ready where lane_id = lane.id limit ${limits.laneJobsCounted}
      ) counted
    ) ready
    left join oldest on oldest.lane_id = lane.id
    left join run on run.id = lane.id
    order by lane.job_type, coalesce(lane.limit_key, ''), lane.id`,
  examples: [
    [{}, 10, undefined],
    [{ jobType: "t", limitKey: "k" }, 10, { jobType: "t", limitKey: "", id: example.id }],
  ],
});

/** See `JobRepository.listLanes`. */
export async function listLanes(
  db: Executor,
  filter: LaneFilter,
  { limit, after }: PageOptions<LanePosition>,
): Promise<Page<JobLane, LanePosition>> {
  const size = parseLimit(limit);
  const rows = await db.any(pageLanes(parseInput(laneFilter, filter), size + 1, after));
  const items = rows.slice(0, size);
  const last = rows.length > size ? items.at(-1) : undefined;
  const next = last && { jobType: last.jobType, limitKey: last.limitKey ?? "", id: last.id };
  return { items, next };
}
