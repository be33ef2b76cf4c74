import { z } from "zod";
import type { Executor } from "../../database/statement/executor.ts";
import { sql, statement } from "../../database/statement/sql.ts";
import { jobColumns } from "../rows.ts";
import { type Lease, leaseRow } from "./claim.ts";
import { heard } from "./implicit-heartbeat.ts";

/** What a worker can be given. */
export interface WorkerOffer {
  tags: string[];
  jobTypes: string[];
  draining: boolean;
  /** The highest id of a lane that was committed by then; 0 for none. */
  newestLane: number;
}

/** Null if the worker is not registered. A claim is a sign of life too. */
export function workerOffer(db: Executor, workerId: string): Promise<WorkerOffer | null> {
  return db.maybeOne(readOffer(workerId));
}

/** The leases that a claim with this request id was given, as far as they are still held; null if there was none. */
export async function repeatedClaim(
  db: Executor,
  workerId: string,
  requestId: string,
): Promise<readonly Lease[] | null> {
  if (!(await db.maybeOne(findClaim(workerId, requestId)))) return null;
  return db.any(readClaim(workerId, requestId));
}

const readOffer = statement("job_worker_offer", {
  row: z.object({
    tags: z.array(z.string()),
    jobTypes: z.array(z.string()),
    draining: z.boolean(),
    newestLane: z.number(),
  }),
  build: (workerId: string) => sql.fragment`
    with ${heard(sql.fragment`select ${workerId}`)}
    select tags, job_types as "jobTypes", draining, (select coalesce(max(id), 0) from job_lanes) as "newestLane"
    from workers where worker_id = ${workerId}`,
  examples: [["w"]],
});

const findClaim = statement("job_find_claim", {
  row: z.object({ requestId: z.string() }),
  build: (workerId: string, requestId: string) => sql.fragment`
    select request_id as "requestId" from requests
    where actor = ${workerId} and method = 'ClaimJobs' and request_id = ${requestId}`,
  examples: [["w", "r"]],
});

const readClaim = statement("job_read_claim", {
  row: leaseRow,
  build: (workerId: string, requestId: string) => sql.fragment`
    select
      ${jobColumns(true)},
      greatest(extract(epoch from l.expires_at - clock_timestamp()) * 1000, 0)::double precision as "expiresInMs",
      case when l.deadline_at is not null
        then greatest(extract(epoch from l.deadline_at - clock_timestamp()) * 1000, 0)::double precision end as "deadlineInMs"
    from requests r
    cross join lateral jsonb_array_elements(r.result) with ordinality as e (lease, place)
    join job_leases l on l.job_id = (e.lease ->> 0)::uuid and l.epoch = (e.lease ->> 1)::integer and l.worker_id = r.actor
    join jobs j on j.id = l.job_id
    left join job_finished f on false
    where r.actor = ${workerId} and r.method = 'ClaimJobs' and r.request_id = ${requestId}
    order by e.place`,
  examples: [["w", "r"]],
});
