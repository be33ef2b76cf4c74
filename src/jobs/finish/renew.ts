import { z } from "zod";
import { example, type Fragment, sql, statement } from "../../database/statement/sql.ts";
import { table } from "../../database/statement/table.ts";
import { jobEvents } from "../../watch/events.ts";
import { clockAfter, implicitHeartbeat } from "../parts.ts";
import { type End, leaseColumns } from "./finish.ts";

export interface Renewal extends End {
  leaseMs: number;
}

export interface Progress extends Renewal {
  progress: number | null;
  message: string | null;
}

const exampleRenewal = { jobId: example.id, epoch: 1, workerId: "w", leaseMs: 30_000 };

const renewalColumns = { ...leaseColumns, leaseMs: "int4" } as const;
const progressColumns = { ...renewalColumns, progress: "float8", message: "text" } as const;

const clock = clockAfter("locked");

// `expires_at` is in no index, so renewals stay on their page. `locked` has the items whose lease is held, in
// the order of all locks. A job may be there twice, as calls share the statement, and the last item counts.
const renewal = (items: Fragment): Fragment => sql.fragment`
  item as materialized (
    select * from ${items}
  ), locked as materialized (
    select item.*
    from job_leases lease
    join item on item.job_id = lease.job_id and item.epoch = lease.epoch and item.worker_id = lease.worker_id
    order by lease.job_id for update of lease
  ), ${clock}, renewed as (
    update job_leases lease set expires_at = clock.at + item.lease_ms * interval '1 ms'
    from (select distinct on (job_id) * from locked order by job_id, ordinality desc) item, clock
    where lease.job_id = item.job_id and lease.epoch = item.epoch
  )`;

export const renewLeases = statement("job_renew", {
  row: z.object({ position: z.number() }),
  build: (items: readonly Renewal[]) => sql.fragment`
    with ${renewal(table("item", items, { ...renewalColumns, ordinality: true }))}
    select ordinality as position from locked`,
  examples: [[[exampleRenewal]]],
});

export const reportProgress = statement("job_progress", {
  row: z.object({ position: z.number() }),
  build: (items: readonly Progress[]) => sql.fragment`
    with ${renewal(table("item", items, { ...progressColumns, ordinality: true }))}, latest as (
      select job_id, epoch,
        (array_agg(progress order by ordinality desc) filter (where progress is not null))[1] as progress,
        (array_agg(message order by ordinality desc) filter (where message is not null))[1] as message
      from locked group by job_id, epoch
    ), reported as (
      update jobs j
      set progress = coalesce(latest.progress, j.progress),
        progress_message = coalesce(latest.message, j.progress_message), updated_at = clock.at
      from latest, clock
      where j.id = latest.job_id and j.status = 'running' and j.epoch = latest.epoch
      returning j.id
    ), ${jobEvents.record(sql.fragment`reported`)},
    ${implicitHeartbeat(sql.fragment`select worker_id from locked`)}
    select locked.ordinality as position from locked join reported on reported.id = locked.job_id`,
  examples: [[[{ ...exampleRenewal, progress: 0.5, message: "m" }]]],
});
