import type { MessageInitShape } from "@bufbuild/protobuf";
import { LeaseOutcome, LeaseOutcomeSchema } from "../../../gen/ltb/v1/job_pb.ts";
import type { CompleteJobsItem, FailJobsItem, NextClaimSchema } from "../../../gen/ltb/v1/job_service_pb.ts";
import { limits } from "../../limits.ts";
import { messageOf } from "../../thrown.ts";
import { toDuration } from "../../wire/duration.ts";
import type { LtbClient } from "../client.ts";
import type { Claims } from "./claims.ts";
import type { HeldLease } from "./leases.ts";
import { Outbox } from "./outbox.ts";
import { JobError, type RetryLater } from "./outcome.ts";
import type { ReportingWorker } from "./progress.ts";
import { failed, type Outcome } from "./run-job.ts";

/** Bytes of a batch, below the 4 MiB that the service accepts by default. */
const BATCH_BYTES = 3 * 1024 * 1024;
const TIMEOUT_MS = 30_000;

interface Answer {
  outcome: LeaseOutcome;
  field?: string;
  reason?: string;
}

type NextClaim = MessageInitShape<typeof NextClaimSchema>;

type Sent<Item> = { held: HeldLease; item: Item };

/** Delivers the outcomes of jobs to the service, and ends their leases when it has answered. */
export interface Deliveries {
  deliver(held: HeldLease, outcome: Outcome): void;
  /** Number of outcomes without an answer. */
  readonly size: number;
  /** Says what time is left. The service may ask to wait for half of it each time, and no longer. */
  hurry(ms: number): void;
  /** Gives up the items without an answer. */
  abandon(): void;
}

/**
 * @param claims claims jobs along with reports
 * @param settled called after each answer
 */
export function deliveries(
  { jobs }: LtbClient,
  { workerId, leases, log }: Pick<ReportingWorker, "workerId" | "leases" | "log">,
  claims: Claims,
  settled: () => void,
): Deliveries {
  const about = (held: HeldLease) => ({ jobId: held.job.id, epoch: held.lease.epoch });
  const end = (held: HeldLease, { outcome, field, reason }: Answer, what: string) => {
    leases.remove(held);
    if (outcome === LeaseOutcome.REJECTED)
      log.error({ ...about(held), field, reason }, `${what} was rejected, which ended the attempt`);
    else if (outcome !== LeaseOutcome.OK)
      log.info(
        { ...about(held), outcome: LeaseOutcomeSchema.value[outcome]?.localName },
        `${what} was not accepted: the job is no longer ours`,
      );
  };
  const delayed = (error: unknown, { length }: readonly unknown[]) =>
    log.warn({ err: error, items: length }, "could not be delivered yet; trying again");
  const giveUp = ({ held }: { held: HeldLease }, error: unknown) => {
    leases.remove(held);
    log.error({ ...about(held), err: error }, "the outcome was refused; the lease is left to expire");
  };

  const completions = new Outbox<Sent<CompleteJobsItem> & { bytes: number }, Answer>({
    send: async (batch, signal) => {
      const items = batch.map(({ item }) => item);
      const options = { signal, timeoutMs: TIMEOUT_MS };
      const send = (next?: NextClaim) => jobs.completeJobs({ workerId, items, next }, options);
      return (await claims.reporting(items.length, send)).results;
    },
    weigh: ({ item, bytes }) => weigh(bytes) + item.evaluations.length / limits.batchItems,
    answered: ({ held }, answer) => end(held, answer, "the result"),
    refused: ({ held }, error) => {
      const message = `the result was refused: ${messageOf(error)}`;
      failures.add({ held, item: failed(held, new JobError(message, { retryable: false })).item });
    },
    delayed,
    settled,
  });

  const failures = new Outbox<Sent<FailJobsItem>, Answer>({
    send: async (batch, signal) => {
      const items = batch.map(({ item }) => item);
      const options = { signal, timeoutMs: TIMEOUT_MS };
      const send = (next?: NextClaim) => jobs.failJobs({ workerId, items, next }, options);
      return (await claims.reporting(items.length, send)).results;
    },
    // A character of the error takes up to three bytes.
    weigh: ({ item }) => weigh(item.error.length * 3),
    answered: ({ held }, answer) => end(held, answer, "the failure"),
    refused: giveUp,
    delayed,
    settled,
  });

  const releases = new Outbox<{ held: HeldLease; later: RetryLater | undefined }, Answer>({
    send: async (batch, signal) => {
      const items = batch.map(({ held, later }) => ({ ...about(held), ...(later && putOff(later)) }));
      return (await jobs.releaseJobs({ workerId, items }, { signal, timeoutMs: TIMEOUT_MS })).results;
    },
    weigh: () => 1 / limits.batchItems,
    answered: ({ held }, answer) => end(held, answer, "the release"),
    refused: giveUp,
    delayed,
    settled,
  });

  return {
    deliver(held, outcome) {
      if (outcome.kind === "completed") completions.add({ held, ...outcome });
      else if (outcome.kind === "failed") failures.add({ held, item: outcome.item });
      else if (outcome.kind === "timed_out") leases.remove(held);
      else releases.add({ held, later: outcome.later });
    },
    get size() {
      return completions.size + failures.size + releases.size;
    },
    hurry(ms) {
      for (const outbox of [completions, failures, releases]) outbox.hurry(ms);
    },
    abandon() {
      for (const outbox of [completions, failures, releases]) outbox.abandon();
    },
  };
}

function putOff({ afterMs, holdLimitKey }: RetryLater) {
  return { delay: toDuration(Math.min(Math.max(afterMs, 1), limits.retryAfterMs)), holdLimitKey };
}

function weigh(bytes: number): number {
  return Math.max(bytes / BATCH_BYTES, 1 / limits.batchItems);
}
