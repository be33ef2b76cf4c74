import { Code, ConnectError } from "@connectrpc/connect";
import type { Lease } from "../../../gen/ltb/v1/job_pb.ts";
import { backoffMs } from "../../backoff.ts";
import { newId } from "../../ids.ts";
import { limits } from "../../limits.ts";
import { toDuration } from "../../wire/duration.ts";
import type { LtbClient } from "../client.ts";
import { retryAfterMsOf } from "../errors.ts";
import type { WorkerLog } from "./log.ts";
import { pause } from "./notifier.ts";
import type { WorkerSettings } from "./options.ts";

/** Longest wait of a claim for a job: less than the service allows, as proxies often cut calls at 30 s. */
const WAIT_MS = 20_000;
const TIMEOUT_MS = WAIT_MS + 10_000;
/** Shortest time between empty answers; sooner ones would make a busy loop. */
const EMPTY_MS = 100;

/** The part of the worker that claims need. */
export interface Claimant {
  /** Number of jobs that there is room for; 0 while none should be claimed. */
  wanted(): number;
  /** Waits until that may have changed. */
  changed(signal: AbortSignal): Promise<void>;
  received(leases: readonly Lease[], receivedAt: number): void;
  ordered(drain: boolean): void;
  unknown(): Promise<void>;
}

/**
 * Claims jobs while there is room for them, by one long poll after another, until the signal aborts. A claim
 * whose answer was lost is sent again with the same request id, and so gets the same leases.
 */
export async function claimJobs(
  client: LtbClient,
  { workerId, jobTypes, leaseMs }: WorkerSettings,
  claimant: Claimant,
  log: WorkerLog,
  signal: AbortSignal,
): Promise<void> {
  let requestId = newId();
  let most: number = limits.batchItems;
  let vain = 0;
  let asked = 0;
  while (!signal.aborted) {
    const maxJobs = Math.min(claimant.wanted(), most);
    if (maxJobs <= 0) {
      await claimant.changed(signal);
      continue;
    }
    const sentAt = performance.now();
    try {
      const { leases, drain } = await client.jobs.claimJobs(
        { workerId, requestId, maxJobs, jobTypes, wait: toDuration(WAIT_MS), lease: toDuration(leaseMs) },
        { signal, timeoutMs: TIMEOUT_MS },
      );
      requestId = newId();
      most = Math.min(most * 2, limits.batchItems);
      const receivedAt = performance.now();
      const empty = leases.length === 0 && receivedAt - sentAt < EMPTY_MS;
      vain = empty ? vain + 1 : 0;
      asked = 0;
      claimant.received(leases, receivedAt);
      claimant.ordered(drain);
    } catch (error) {
      if (signal.aborted) return;
      vain++;
      const code = error instanceof ConnectError ? error.code : undefined;
      const retryAfterMs = retryAfterMsOf(error);
      asked = retryAfterMs ?? 0;
      if (code === Code.NotFound) await claimant.unknown();
      else log.warn({ err: error }, "could not claim jobs; trying again");
      if (code === Code.ResourceExhausted && retryAfterMs === undefined) {
        // The answer was too large, and the next answer would be as large. The leases of this one expire.
        requestId = newId();
        most = Math.max(1, maxJobs >> 1);
      }
    }
    if (vain > 0) await pause(asked + backoffMs(vain, 50, 1_000), signal);
  }
}
