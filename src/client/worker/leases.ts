import type { Job, Lease } from "../../../gen/ltb/v1/job_pb.ts";
import { durationMs } from "../../wire/duration.ts";
import { type AbortCause, JobAbortedError } from "./outcome.ts";

/**
 * A lease and its state here: `queued` until there is room to run it, `running`, `delivering` until the
 * service has answered its outcome, then `gone`; also as soon as it is known to be cancelled or lost.
 */
export interface HeldLease {
  readonly lease: Lease;
  readonly job: Job;
  state: "queued" | "running" | "delivering" | "gone";
  /** Local times of `performance.now()`. They are only hints, because the service's clock decides. */
  expiresAt: number;
  readonly deadlineAt: number;
  readonly aborter: AbortController;
}

const abortMessages: Record<AbortCause, (job: Job) => string> = {
  cancelled: () => "the job was cancelled",
  lost: () => "the lease was lost: the job is no longer this worker's",
  timeout: ({ timeoutSeconds }) => `timed out after ${timeoutSeconds} s`,
  stopped: () => "the worker is stopping",
};

export function abort({ aborter, job }: HeldLease, cause: AbortCause): void {
  aborter.abort(new JobAbortedError(cause, abortMessages[cause](job)));
}

/** The leases that a worker holds. */
export class Leases {
  readonly #capacity: number;
  readonly #prefetch: number;
  readonly #changed: () => void;
  readonly #held = new Map<string, HeldLease>();
  #queue: HeldLease[] = [];
  /** Number of running handlers, with or without a lease. */
  #running = 0;
  /** Number of handlers that still run although their lease is gone. */
  #stray = 0;

  constructor(capacity: number, prefetch: number, changed: () => void) {
    this.#capacity = capacity;
    this.#prefetch = prefetch;
    this.#changed = changed;
  }

  /** In the order of their claims. */
  get held(): HeldLease[] {
    return [...this.#held.values()];
  }

  get running(): number {
    return this.#running;
  }

  /**
   * Number of jobs to ask for once `freed` of those held are gone: 0 while many fetched ahead are left, as
   * few large claims are cheaper.
   */
  wantedAfter(freed: number): number {
    if (this.#queue.length > this.#prefetch / 2) return 0;
    return this.#capacity + this.#prefetch + freed - this.#held.size - this.#stray;
  }

  /** @param receivedAt the time of the claim's answer, from which the job's times run */
  add(lease: Lease, receivedAt: number): void {
    const { job } = lease;
    if (job === undefined) return;
    const former = this.#held.get(job.id);
    if (former?.lease.epoch === lease.epoch) return;
    // The service would not lease a job again that is still ours.
    if (former) this.drop(former, "lost");
    if (job.payloadJson !== "") job.payload = JSON.parse(job.payloadJson);
    if (job.metadataJson !== "") job.metadata = JSON.parse(job.metadataJson);
    const held: HeldLease = {
      lease,
      job,
      state: "queued",
      expiresAt: receivedAt + durationMs(lease.expiresIn),
      deadlineAt: lease.deadlineIn ? receivedAt + durationMs(lease.deadlineIn) : Number.POSITIVE_INFINITY,
      aborter: new AbortController(),
    };
    this.#held.set(job.id, held);
    this.#queue.push(held);
  }

  /** Takes the next job if there is room. One whose lease seems expired waits until it is renewed or lost. */
  start(): HeldLease | undefined {
    if (this.#running >= this.#capacity) return undefined;
    const now = performance.now();
    const next = this.#queue.findIndex(({ expiresAt }) => expiresAt > now);
    const [held] = next < 0 ? [] : this.#queue.splice(next, 1);
    if (held === undefined) return undefined;
    held.state = "running";
    this.#running++;
    return held;
  }

  /** Notes that a handler has ended. @returns whether its outcome is still wanted */
  ended(held: HeldLease): boolean {
    this.#running--;
    const wanted = held.state === "running";
    if (wanted) held.state = "delivering";
    else this.#stray--;
    this.#changed();
    return wanted;
  }

  /** Notes that the service no longer knows the lease. An outcome under way gets its own answer. */
  drop(held: HeldLease, cause: "cancelled" | "lost"): void {
    if (held.state === "gone" || held.state === "delivering") return;
    if (held.state === "running") this.#stray++;
    else this.#queue = this.#queue.filter((queued) => queued !== held);
    abort(held, cause);
    this.remove(held);
  }

  /** Ends a lease after the service has answered its outcome. */
  remove(held: HeldLease): void {
    held.state = "gone";
    if (this.#held.get(held.job.id) === held) this.#held.delete(held.job.id);
    this.#changed();
  }

  /** Takes all jobs that have not been started. */
  takeQueued(): HeldLease[] {
    const queued = this.#queue;
    this.#queue = [];
    for (const held of queued) held.state = "delivering";
    return queued;
  }

  find({ jobId, epoch }: { jobId: string; epoch: number }): HeldLease | undefined {
    const held = this.#held.get(jobId);
    return held?.lease.epoch === epoch ? held : undefined;
  }
}
