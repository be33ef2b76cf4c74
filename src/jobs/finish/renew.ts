import { z } from "zod";
import { exampleId } from "../../database/statement/examples.ts";
import { type Fragment, sql, statement } from "../../database/statement/sql.ts";
import { arrayOf } from "../../database/statement/table.ts";
import { jobEvents } from "../../watch/events.ts";
import { implicitHeartbeat } from "../claim/implicit-heartbeat.ts";
import { type End, leaseArrays } from "./finish.ts";

export interface Progress extends End {
  progress: number | null;
  message: string | null;
  leaseMs: number;
}

export interface Renewal extends End {
  leaseMs: number;
}

const example = { jobId: exampleId, epoch: 1, workerId: "w", leaseMs: 30_000 };

// `expires_at` is in no index, so renewals stay on their page. Locked by job, like everywhere. `locked` has the items whose
// lease is held: a job may be there twice, as calls share the statement, and the last item counts.
const renewed = (ends: readonly Renewal[], columns: Fragment, more: Fragment): Fragment => sql.fragment`
  i as materialized (
    select * from unnest(
      ${leaseArrays(ends)},
      ${arrayOf(
        "int4",
        ends.map((end) => end.leaseMs),
      )}
      ${more}
    ) with ordinality as i (job_id, epoch, worker_id, lease_ms ${columns}, ordinality)
  ), locked as materialized (
    select i.*
    from job_leases l join i on i.job_id = l.job_id and i.epoch = l.epoch and i.worker_id = l.worker_id
    order by l.job_id for update of l
  ), clock as materialized (
    select clock_timestamp() as at, count(*) from locked
  ), renewed as (
    update job_leases l set expires_at = clock.at + i.lease_ms * interval '1 ms'
    from (select distinct on (job_id) * from locked order by job_id, ordinality desc) i, clock
    where l.job_id = i.job_id and l.epoch = i.epoch
  )`;

export const renewLeases = statement("job_renew", {
  row: z.object({ position: z.number() }),
  build: (items: readonly Renewal[]) => sql.fragment`
    with ${renewed(items, sql.fragment``, sql.fragment``)}
    select ordinality as position from locked`,
  examples: [[[example]]],
});

export const reportProgress = statement("job_progress", {
  row: z.object({ position: z.number() }),
  build: (items: readonly Progress[]) => sql.fragment`
    with ${renewed(
      items,
      sql.fragment`, progress, message`,
      sql.fragment`,
        ${arrayOf(
          "float8",
          items.map((item) => item.progress),
        )},
        ${arrayOf(
          "text",
          items.map((item) => item.message),
        )}`,
    )}, said as (
      select job_id, epoch,
        (array_agg(progress order by ordinality desc) filter (where progress is not null))[1] as progress,
        (array_agg(message order by ordinality desc) filter (where message is not null))[1] as message
      from locked group by job_id, epoch
    ), reported as (
      update jobs j
      set progress = coalesce(r.progress, j.progress), progress_message = coalesce(r.message, j.progress_message),
        updated_at = clock.at
      from said r, clock
      where j.id = r.job_id and j.status = 'running' and j.epoch = r.epoch
      returning j.id
    ), ${jobEvents.record(sql.fragment`reported`)}, ${implicitHeartbeat(sql.fragment`select worker_id from locked`)}
    select l.ordinality as position from locked l join reported r on r.id = l.job_id`,
  examples: [[[{ ...example, progress: 0.5, message: "m" }]]],
});
