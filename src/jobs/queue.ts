import { withoutScope } from "../call-scope.ts";
import type { Hint } from "../database/connection/notifier.ts";
import type { Executor } from "../database/statement/executor.ts";
import type { ServiceError } from "../errors.ts";
import { Counts } from "../metrics/counts.ts";
import { jobEvents } from "../watch/events.ts";
import { ChangeFeed } from "../watch/feed.ts";
import { Claimer } from "./claim/claimer.ts";
import { HandOver } from "./claim/hand-over.ts";
import { Offers } from "./claim/offers.ts";
import type { Lease } from "./claim/taking.ts";
import { createJobs } from "./create.ts";
import { Settler } from "./dependencies/settler.ts";
import { completeAndClaimTogether } from "./finish/complete-and-claim.ts";
import { Lanes } from "./limits/lanes.ts";
import { Outages } from "./upkeep/outages.ts";
import { type JobWrites, writeTogether } from "./writes.ts";

/** What of a job is its fair key, if it is created without one. */
export type FairBy = "none" | "benchmark" | "user";

/** The state and work of one process for the queue, shared by all its repositories. */
export class JobQueue {
  readonly lanes: Lanes;
  readonly writes: JobWrites;
  readonly claimer: Claimer;
  readonly handOver: HandOver;
  readonly offers: Offers;
  readonly completeAndClaim: ReturnType<typeof completeAndClaimTogether>;
  /** Releases leases that do not reach their worker. */
  readonly giveBack: (workerId: string, leases: readonly Lease[]) => void;
  /** New events, for watchers. */
  readonly feed: ChangeFeed;
  /** Ends that other jobs wait for. */
  readonly settler: Settler;
  readonly outages = new Outages();
  readonly counts: Counts;
  readonly fairBy: FairBy;
  readonly #listeners = new Set<(hint: Hint) => void>();

  /** @param options.fairBy what jobs without a fair key take turns by. Default: nothing */
  constructor(db: Executor, { counts = new Counts(), fairBy = "none" as FairBy } = {}) {
    this.counts = counts;
    this.fairBy = fairBy;
    this.lanes = new Lanes(db);
    this.offers = new Offers(db);
    this.feed = new ChangeFeed(db, jobEvents);
    this.settler = new Settler(db, () => this.announce());
    this.giveBack = (workerId, leases) => {
      const ends = leases.map(({ id, epoch }) => ({ jobId: id, epoch, workerId, byWorker: false }));
      // If this fails the leases run out by themselves.
      const announce = () => this.announce();
      this.writes.release(ends).then(announce, () => {});
    };
    this.claimer = new Claimer(db, this.lanes, this.giveBack);
    this.handOver = new HandOver(this.claimer, this.lanes);
    this.writes = writeTogether(db, (jobs) =>
      // Mostly nobody waits.
      this.claimer.wanted(jobs).length > 0
        ? this.handOver.run((create) => create(db, jobs))
        : createJobs(db, jobs),
    );
    this.completeAndClaim = completeAndClaimTogether(db, this.lanes, this.giveBack);
  }

  /**
   * Wakes who waits for a change that was committed here.
   * @param hint "claimable" if jobs may have become ready or slots free, else "watchable". Default: claimable
   */
  announce(hint: Hint = "claimable"): void {
    this.#wake(hint);
    if (this.settler.isAwaited) this.settler.poke();
    for (const listener of this.#listeners) listener(hint);
  }

  /** Wakes who waits for a change that another server has made. */
  receive(hint: Hint): void {
    const wake = () => this.#wake(hint);
    // Ready jobs may be in a lane that this server has not seen yet.
    if (hint === "claimable") withoutScope(() => this.lanes.refresh()).then(wake, wake);
    else wake();
  }

  /** Calls `listener` on every change that this process makes, until the function it returns is called. */
  onChange(listener: (hint: Hint) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Ends the claims and watches that wait. */
  stop(reason: ServiceError): void {
    this.claimer.stop(reason);
    this.feed.stop(reason);
  }

  #wake(hint: Hint): void {
    if (hint === "claimable") this.claimer.wake();
    this.feed.poke();
  }
}
