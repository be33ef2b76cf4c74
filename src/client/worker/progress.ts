import { create } from "@bufbuild/protobuf";
import { LeaseOutcome } from "../../../gen/ltb/v1/job_pb.ts";
import {
  type UpdateJobProgressItem,
  UpdateJobProgressItemSchema,
} from "../../../gen/ltb/v1/job_service_pb.ts";
import { limits } from "../../limits.ts";
import { cutText } from "../../text.ts";
import { durationMs, toDuration } from "../../wire/duration.ts";
import type { LtbClient } from "../client.ts";
import type { HeldLease, Leases } from "./leases.ts";
import type { WorkerLog } from "./log.ts";

/** The part of the worker that reports need; its signal ends them. */
export interface ReportingWorker {
  workerId: string;
  leaseMs: number;
  leases: Leases;
  log: WorkerLog;
  signal: AbortSignal;
}

/** Shortest time between reports. Only the latest report of each job is sent. */
const INTERVAL_MS = 1_000;

/**
 * Reports the progress of jobs to the service, and learns whether they were cancelled or lost. A report that
 * cannot be sent is dropped in favour of the next.
 */
export class ProgressReports {
  readonly #client: LtbClient;
  readonly #worker: ReportingWorker;
  #latest = new Map<HeldLease, UpdateJobProgressItem>();
  #lastSent = Number.NEGATIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;

  constructor(client: LtbClient, worker: ReportingWorker) {
    this.#client = client;
    this.#worker = worker;
  }

  report(held: HeldLease, fraction: number | undefined, message: string | undefined): void {
    if (held.state !== "running" || this.#worker.signal.aborted) return;
    const item =
      this.#latest.get(held) ??
      create(UpdateJobProgressItemSchema, { jobId: held.job.id, epoch: held.lease.epoch });
    if (fraction !== undefined && !Number.isNaN(fraction)) item.progress = Math.min(1, Math.max(0, fraction));
    if (message !== undefined)
      item.message = cutText(String(message), limits.messageLength).replaceAll("\0", "\ufffd").toWellFormed();
    this.#latest.set(held, item);
    this.#arm();
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#latest.clear();
  }

  #arm(): void {
    if (this.#timer !== undefined || this.#latest.size === 0) return;
    this.#timer = setTimeout(
      () => {
        void this.#send().finally(() => {
          this.#timer = undefined;
          if (!this.#worker.signal.aborted) this.#arm();
        });
      },
      Math.max(0, this.#lastSent + INTERVAL_MS - performance.now()),
    );
  }

  async #send(): Promise<void> {
    const { workerId, leaseMs, leases, log, signal } = this.#worker;
    const sentAt = performance.now();
    this.#lastSent = sentAt;
    const running = [...this.#latest].filter(([{ state }]) => state === "running");
    const batch = running.slice(0, limits.batchItems);
    this.#latest = new Map(running.slice(limits.batchItems));
    if (batch.length === 0) return;
    try {
      const { results } = await this.#client.jobs.updateJobProgress(
        { workerId, items: batch.map(([, item]) => item), lease: toDuration(leaseMs) },
        { signal, timeoutMs: 10_000 },
      );
      for (const [index, [held]] of batch.entries()) {
        const result = results[index];
        if (result === undefined) continue;
        if (result.cancelRequested || result.outcome === LeaseOutcome.CANCELLED)
          leases.drop(held, "cancelled");
        else if (result.outcome === LeaseOutcome.OK) held.expiresAt = sentAt + durationMs(result.expiresIn);
        else if (result.outcome !== LeaseOutcome.REJECTED) leases.drop(held, "lost");
      }
    } catch (error) {
      log.debug({ err: error }, "progress could not be reported");
    }
  }
}
