import { z } from "zod";
import type { Executor } from "../../database/statement/executor.ts";
import { sql, statement } from "../../database/statement/sql.ts";
import { notFound } from "../../errors.ts";
import { parseInput } from "../../validation.ts";
import * as input from "../input.ts";
import type { JobQueue } from "../queue.ts";
import { jobColumns } from "../rows.ts";
import { type Lease, leaseRow } from "./claim.ts";
import { implicitHeartbeat } from "./implicit-heartbeat.ts";

/** What a worker's claim is answered with. */
export interface WorkerClaim {
  leases: readonly Lease[];
  /** Whether the worker is to finish what it holds and claim no more. */
  drain: boolean;
}

/** See `JobRepository.claim`. */
export async function claimForWorker(
  db: Executor,
  queue: JobQueue,
  claim: input.ClaimInput,
): Promise<WorkerClaim> {
  const { workerId, maxJobs, leaseMs, requestId, waitMs, jobTypes } = parseInput(input.claimInput, claim);
  const worker = await db.maybeOne(readOffer(workerId));
  if (!worker) throw notFound("worker", workerId);
  if (requestId !== undefined) {
    const isRepeated = await db.maybeOne(findClaim(workerId, requestId));
    if (isRepeated) {
      return { leases: await db.any(readClaim(workerId, requestId)), drain: worker.draining };
    }
  }
  if (worker.draining) return { leases: [], drain: true };
  // Jobs of a lane that another server has just made are in the order too.
  if (worker.newestLane > queue.lanes.highest) await queue.lanes.refresh();
  const filter = { jobTypes: jobTypes.length > 0 ? jobTypes : worker.jobTypes, tags: worker.tags };
  const leases = await queue.claimer.claim({ workerId, maxJobs, leaseMs, requestId }, filter, waitMs);
  queue.counts.addClaimed(leases);
  if (leases.length > 0) queue.announce("watchable");
  // A drain may have been ordered while the claim waited.
  const waited = leases.length === 0 && waitMs > 0;
  const now = waited ? await db.maybeOne(readOffer(workerId)) : worker;
  return { leases, drain: now?.draining ?? false };
}

// What a worker can be given; no row if it is not registered. A claim is a sign of life too.
const readOffer = statement("job_worker_offer", {
  row: z.object({
    tags: z.array(z.string()),
    jobTypes: z.array(z.string()),
    draining: z.boolean(),
    /** The highest id of a lane that was committed by then; 0 for none. */
    newestLane: z.number(),
  }),
  build: (workerId: string) => sql.fragment`
    with ${implicitHeartbeat(sql.fragment`select ${workerId}`)}
    select tags, job_types, draining, (select coalesce(max(id), 0) from job_lanes) as newest_lane
    from workers where worker_id = ${workerId}`,
  examples: [["w"]],
});

const findClaim = statement("job_find_claim", {
  row: z.object({ requestId: z.string() }),
  build: (workerId: string, requestId: string) => sql.fragment`
    select request_id from requests
    where actor = ${workerId} and method = 'ClaimJobs' and request_id = ${requestId}`,
  examples: [["w", "r"]],
});

// The leases that a claim with this request id was given, as far as they are still held.
const readClaim = statement("job_read_claim", {
  row: leaseRow,
  build: (workerId: string, requestId: string) => sql.fragment`
    select
      ${jobColumns(true)},
      greatest(extract(epoch from l.expires_at - clock_timestamp()) * 1000, 0)::double precision as expires_in_ms,
      case when l.deadline_at is not null
        then greatest(extract(epoch from l.deadline_at - clock_timestamp()) * 1000, 0)::double precision end as deadline_in_ms
    from requests r
    cross join lateral jsonb_array_elements(r.result) with ordinality as e (lease, place)
    join job_leases l on l.job_id = (e.lease ->> 0)::uuid and l.epoch = (e.lease ->> 1)::integer and l.worker_id = r.actor
    join jobs j on j.id = l.job_id
    left join job_finished f on false
    where r.actor = ${workerId} and r.method = 'ClaimJobs' and r.request_id = ${requestId}
    order by e.place`,
  examples: [["w", "r"]],
});
