import type { MessageInitShape } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import type { Lease } from "../../../gen/ltb/v1/job_pb.ts";
import type { ClaimJobsResponse, NextClaimSchema } from "../../../gen/ltb/v1/job_service_pb.ts";
import { JsonFormat } from "../../../gen/ltb/v1/json_pb.ts";
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
  /** Number of jobs that there is room for once `freed` of those held have ended; 0: claim none. */
  wanted(freed: number): number;
  /** Waits until that may have changed. */
  changed(signal: AbortSignal): Promise<void>;
  /** Wakes who waits for that. */
  notify(): void;
  received(leases: readonly Lease[], receivedAt: number): void;
  ordered(drain: boolean): void;
  unknown(): Promise<void>;
}

/** The leases that a call has brought. */
type Granted = Pick<ClaimJobsResponse, "leases" | "drain">;

/**
 * Claims jobs while there is room for them: along with reports that make room, and else by one long poll
 * after another. One claim is under way at a time. One whose answer was lost is sent again with the same
 * request id, by either way, and so gets the same leases.
 */
export class Claims {
  readonly #client: LtbClient;
  readonly #settings: WorkerSettings;
  readonly #claimant: Claimant;
  readonly #log: WorkerLog;
  #requestId = newId();
  #most: number = limits.batchItems;
  #isAsking = false;

  constructor(client: LtbClient, settings: WorkerSettings, claimant: Claimant, log: WorkerLog) {
    this.#client = client;
    this.#settings = settings;
    this.#claimant = claimant;
    this.#log = log;
  }

  /**
   * Sends a report that frees so many places, along with a claim for these if none is under way.
   * @param send sends it, with what it is to claim
   */
  async reporting<Answer extends Granted>(
    freed: number,
    send: (next: MessageInitShape<typeof NextClaimSchema> | undefined) => Promise<Answer>,
  ): Promise<Answer> {
    const next = this.#isAsking ? undefined : this.#ask(freed);
    return next ? this.#claim(() => send(next)) : send(undefined);
  }

  /** Claims by long polls until the signal aborts. */
  async poll(signal: AbortSignal): Promise<void> {
    let vain = 0;
    let asked = 0;
    while (!signal.aborted) {
      const claim = this.#isAsking ? undefined : this.#ask(0);
      if (!claim) {
        await this.#claimant.changed(signal);
        continue;
      }
      const sentAt = performance.now();
      try {
        const { leases } = await this.#claim(() =>
          this.#client.jobs.claimJobs(
            { workerId: this.#settings.workerId, ...claim, wait: toDuration(WAIT_MS) },
            { signal, timeoutMs: TIMEOUT_MS },
          ),
        );
        const empty = leases.length === 0 && performance.now() - sentAt < EMPTY_MS;
        vain = empty ? vain + 1 : 0;
        asked = 0;
      } catch (error) {
        if (signal.aborted) return;
        vain++;
        const code = error instanceof ConnectError ? error.code : undefined;
        const retryAfterMs = retryAfterMsOf(error);
        asked = retryAfterMs ?? 0;
        if (code === Code.NotFound) await this.#claimant.unknown();
        else this.#log.warn({ err: error }, "could not claim jobs; trying again");
        if (code === Code.ResourceExhausted && retryAfterMs === undefined) {
          // The answer was too large, and the next answer would be as large. The leases of this one expire.
          this.#requestId = newId();
          this.#most = Math.max(1, claim.maxJobs >> 1);
        }
      }
      if (vain > 0) await pause(asked + backoffMs(vain, 50, 1_000), signal);
    }
  }

  #ask(freed: number) {
    const maxJobs = Math.min(this.#claimant.wanted(freed), this.#most);
    if (maxJobs <= 0) return undefined;
    const { jobTypes, leaseMs } = this.#settings;
    const jsonFormat = JsonFormat.TEXT;
    return { requestId: this.#requestId, maxJobs, jobTypes, lease: toDuration(leaseMs), jsonFormat };
  }

  async #claim<Answer extends Granted>(send: () => Promise<Answer>): Promise<Answer> {
    this.#isAsking = true;
    try {
      const answer = await send();
      this.#requestId = newId();
      this.#most = Math.min(this.#most * 2, limits.batchItems);
      this.#claimant.received(answer.leases, performance.now());
      this.#claimant.ordered(answer.drain);
      return answer;
    } finally {
      this.#isAsking = false;
      this.#claimant.notify();
    }
  }
}
