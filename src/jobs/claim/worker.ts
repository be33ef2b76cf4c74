import type { Executor } from "../../database/statement/executor.ts";
import { columnsOf, type Fragment, sql, statement } from "../../database/statement/sql.ts";
import { notFound } from "../../errors.ts";
import { parseInput } from "../../validation.ts";
import type { CompletionAndClaim } from "../finish/complete-and-claim.ts";
import * as input from "../input.ts";
import type { JobQueue } from "../queue.ts";
import type { Offer } from "./offers.ts";
import { type Lease, leaseRow } from "./taking.ts";

/** The answer to a worker's claim. */
export interface WorkerClaim {
  leases: readonly Lease[];
  /** Whether the worker is to finish what it holds and claim no more. */
  drain: boolean;
}

const leftMs = (until: Fragment) => sql.fragment`
  greatest(extract(epoch from ${until} - clock_timestamp()) * 1000, 0)::double precision`;

const leaseColumns = columnsOf(leaseRow, "j", {
  workerId: sql.fragment`lease.worker_id`,
  expiresInMs: leftMs(sql.fragment`lease.expires_at`),
  deadlineInMs: sql.fragment`
    case when lease.deadline_at is not null then ${leftMs(sql.fragment`lease.deadline_at`)} end`,
});

// The leases that a claim with this request id was given, as far as they are still held.
const readClaim = statement("job_read_claim", {
  row: leaseRow,
  build: (workerId: string, requestId: string) => sql.fragment`
    select ${leaseColumns}
    from requests req
    cross join lateral jsonb_array_elements(req.result) with ordinality as given (lease, place)
    join job_leases lease on lease.job_id = (given.lease ->> 0)::uuid
      and lease.epoch = (given.lease ->> 1)::integer and lease.worker_id = req.actor
    join jobs j on j.id = lease.job_id
    where req.actor = ${workerId} and req.method = 'ClaimJobs' and req.request_id = ${requestId}
    order by given.place`,
  examples: [["w", "r"]],
});

/** See `JobRepository.claim`. */
export async function claimForWorker(
  db: Executor,
  queue: JobQueue,
  claim: input.ClaimInput,
): Promise<WorkerClaim> {
  const { workerId, maxJobs, leaseMs, requestId, waitMs, jobTypes } = parseInput(input.claimInput, claim);
  const worker = await queue.offers.current(workerId);
  if (!worker) throw notFound("worker", workerId);
  const readEarlier = async () => (requestId === undefined ? [] : db.any(readClaim(workerId, requestId)));
  if (worker.draining) return { leases: await readEarlier(), drain: true };
  await refreshLanes(queue, worker);
  const filter = { jobTypes: jobTypes.length > 0 ? jobTypes : worker.jobTypes, tags: worker.tags };
  const claimed = await queue.claimer.claim({ workerId, maxJobs, leaseMs, requestId }, filter, waitMs);
  if (claimed === "repeat") return { leases: await readEarlier(), drain: worker.draining };
  queue.counts.addClaimed(claimed);
  if (claimed.length > 0) queue.announce("watchable");
  // A drain may have been ordered while the claim waited.
  const waited = claimed.length === 0 && waitMs > 0;
  const now = waited ? await queue.offers.current(workerId) : worker;
  return { leases: claimed, drain: now?.draining ?? false };
}

/** What a worker claims along with completions, and what is believed of it. */
export type ClaimAlong = Omit<CompletionAndClaim, "items">;

/**
 * The claim that comes with completions, for one statement that checks what is believed here of the worker;
 * undefined if it has to be made by itself.
 */
export async function claimAlong(queue: JobQueue, claim: input.ClaimInput): Promise<ClaimAlong | undefined> {
  const { workerId, maxJobs, leaseMs, requestId, jobTypes } = parseInput(input.claimInput, claim);
  const worker = await queue.offers.recent(workerId);
  if (!worker || worker.draining) return undefined;
  await refreshLanes(queue, worker);
  const ownTypes = jobTypes.length === 0;
  return {
    demand: { workerId, maxJobs, leaseMs, requestId },
    believed: { jobTypes: ownTypes ? worker.jobTypes : jobTypes, tags: worker.tags, ownTypes },
  };
}

/** Jobs of a lane that another server has just made are in the order too. */
async function refreshLanes({ lanes }: JobQueue, { newestLane }: Offer): Promise<void> {
  if (newestLane > lanes.highest) await lanes.refresh();
}
