import { z } from "zod";
import { binaryArray } from "../database/binary-array.ts";
import { type Fragment, sql, statement } from "../database/sql.ts";
import { recordEvent } from "./changes.ts";
import type { End } from "./finish.ts";

export interface Progress extends End {
  progress: number | null;
  message: string | null;
  leaseMs: number;
}

export interface Renewal extends End {
  leaseMs: number;
}

const example = { jobId: "01890a5d-ac96-774b-bcce-b302099a8057", epoch: 1, workerId: "w", leaseMs: 30_000 };

// `expires_at` is in no index, so renewals stay on their page. Locked by job, like everywhere.
const renewed = (ends: readonly Renewal[], columns: Fragment, more: Fragment): Fragment => sql.fragment`
  i as materialized (
    select * from unnest(
      ${sql.binary(
        binaryArray(
          "uuid",
          ends.map((end) => end.jobId),
        ),
      )}::uuid[],
      ${sql.binary(
        binaryArray(
          "int4",
          ends.map((end) => end.epoch),
        ),
      )}::int4[],
      ${sql.binary(
        binaryArray(
          "text",
          ends.map((end) => end.workerId),
        ),
      )}::text[],
      ${sql.binary(
        binaryArray(
          "int4",
          ends.map((end) => end.leaseMs),
        ),
      )}::int4[]
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
    from locked i, clock where l.job_id = i.job_id and l.epoch = i.epoch
    returning i.*
  )`;

export const renewLeases = statement("job_renew", {
  row: z.object({ position: z.number() }),
  build: (items: readonly Renewal[]) => sql.fragment`
    with ${renewed(items, sql.fragment``, sql.fragment``)}
    select ordinality as position from renewed`,
  examples: [[[example]]],
});

export const reportProgress = statement("job_progress", {
  row: z.object({ position: z.number() }),
  build: (items: readonly Progress[]) => sql.fragment`
    with ${renewed(
      items,
      sql.fragment`, progress, message`,
      sql.fragment`,
        ${sql.binary(
          binaryArray(
            "float8",
            items.map((item) => item.progress),
          ),
        )}::float8[],
        ${sql.binary(
          binaryArray(
            "text",
            items.map((item) => item.message),
          ),
        )}::text[]`,
    )}, reported as (
      update jobs j
      set progress = coalesce(r.progress, j.progress), progress_message = coalesce(r.message, j.progress_message),
        updated_at = clock.at
      from renewed r, clock
      where j.id = r.job_id and j.status = 'running' and j.epoch = r.epoch
      returning j.id, r.ordinality
    ), ${recordEvent(sql.fragment`reported`)}
    select ordinality as position from reported`,
  examples: [[[{ ...example, progress: 0.5, message: "m" }]]],
});

// After an outage every live lease gets one more term, since its worker had no way to renew it.
export const extendLeases = statement("job_extend_leases", {
  row: z.object({ extended: z.number() }),
  build: (termMs: number) => sql.fragment`
    with extended as (
      update job_leases set expires_at = clock_timestamp() + ${termMs} * interval '1 ms'
      where expires_at < clock_timestamp() + ${termMs} * interval '1 ms'
      returning 1
    )
    select count(*) as extended from extended`,
  examples: [[30_000]],
});
