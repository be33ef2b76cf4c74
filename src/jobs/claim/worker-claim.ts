import type { Executor } from "../../database/statement/executor.ts";
import { notFound } from "../../errors.ts";
import { parseInput } from "../../validation.ts";
import * as input from "../input.ts";
import type { JobQueue } from "../queue.ts";
import type { Lease } from "./claim.ts";
import { repeatedClaim, workerOffer } from "./worker-offer.ts";

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
  const worker = await workerOffer(db, workerId);
  if (!worker) throw notFound("worker", workerId);
  if (requestId !== undefined) {
    const leases = await repeatedClaim(db, workerId, requestId);
    if (leases) return { leases, drain: worker.draining };
  }
  if (worker.draining) return { leases: [], drain: true };
  // Jobs of a lane that another server has just made are in the order too.
  if (worker.newestLane > queue.lanes.highest) await queue.lanes.refresh();
  const filter = { jobTypes: jobTypes.length > 0 ? jobTypes : worker.jobTypes, tags: worker.tags };
  const leases = await queue.claimer.claim({ workerId, maxJobs, leaseMs, requestId }, filter, waitMs);
  queue.counts.claimed(leases);
  if (leases.length > 0) queue.changed("watchable");
  // A drain may have been ordered while the claim waited.
  const waited = leases.length === 0 && waitMs > 0;
  const now = waited ? await workerOffer(db, workerId) : worker;
  return { leases, drain: now?.draining ?? false };
}
