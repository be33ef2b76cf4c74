import { setTimeout as sleep } from "node:timers/promises";
import { currentSignal, withoutSignal } from "../database/cancellation.ts";
import { cancelled } from "../database/errors.ts";
import type { Executor } from "../database/executor.ts";
import { limits } from "../limits.ts";
import { claimJobs, type Demand, hasReadyJobs, type Lease } from "./claim.ts";
import type { Lane, LaneFilter, Lanes } from "./lanes.ts";

interface Poll {
  demand: Demand;
  filter: LaneFilter;
  /** Polls of one group can take from the same lanes. */
  group: string;
  /** True once a claim has included it. */
  tried: boolean;
  /** Whether it goes on waiting after a claim that brought nothing. */
  waits: boolean;
  answer: (leases: readonly Lease[]) => void;
  fail: (error: unknown) => void;
}

/**
 * Fills the claims of one server. Claims that wait are parked here without a connection; one statement at a time a group
 * serves as many of them as there are jobs. They are woken when jobs become ready or slots free, by hints from other
 * servers, and by a look at the queue at least once a second, which alone is enough to find everything.
 */
export class Claimer {
  readonly #db: Executor;
  readonly #lanes: Lanes;
  readonly #giveBack: (workerId: string, leases: readonly Lease[]) => void;
  readonly #parked = new Set<Poll>();
  readonly #busy = new Set<string>();
  #timer: NodeJS.Timeout | undefined;

  /** @param giveBack releases leases whose caller has gone meanwhile */
  constructor(db: Executor, lanes: Lanes, giveBack: (workerId: string, leases: readonly Lease[]) => void) {
    this.#db = db;
    this.#lanes = lanes;
    this.#giveBack = giveBack;
  }

  get parked(): number {
    return this.#parked.size;
  }

  /** Leases for a worker; waits up to `waitMs` for a first one. */
  claim(demand: Demand, filter: LaneFilter, waitMs: number): Promise<readonly Lease[]> {
    const signal = currentSignal();
    return new Promise((resolve, reject) => {
      const leave = (finish: () => void) => {
        this.#parked.delete(poll);
        clearTimeout(timer);
        signal?.removeEventListener("abort", abort);
        finish();
      };
      const abort = () => poll.fail(signal && cancelled(signal));
      const poll: Poll = {
        demand,
        filter,
        group: JSON.stringify([filter.jobTypes, filter.tags]),
        tried: false,
        waits: waitMs > 0,
        answer: (leases) => leave(() => resolve(leases)),
        fail: (error) => leave(() => reject(error)),
      };
      const timer = setTimeout(() => {
        poll.waits = false;
        // A claim that is just being made may still bring something.
        if (poll.tried && !this.#busy.has(poll.group)) poll.answer([]);
      }, waitMs);
      if (signal?.aborted) return abort();
      signal?.addEventListener("abort", abort, { once: true });
      this.#parked.add(poll);
      this.#arm();
      this.#serve(poll.group);
    });
  }

  /** To be called when jobs may have become ready, or slots free. */
  wake(): void {
    for (const group of new Set([...this.#parked].map((poll) => poll.group))) this.#serve(group);
  }

  /** Fails every waiting claim. */
  stop(reason: unknown): void {
    clearTimeout(this.#timer);
    for (const poll of [...this.#parked]) poll.fail(reason);
  }

  #arm(): void {
    this.#timer ??= setTimeout(
      () => {
        this.#timer = undefined;
        if (this.#parked.size === 0) return;
        this.#arm();
        withoutSignal(() => this.#lanes.refresh()).then(
          () => this.wake(),
          () => this.wake(),
        );
      },
      limits.claimPollMs * (0.5 + Math.random() / 2),
    );
  }

  readonly #again = new Set<string>();

  /** One claim at a time a group: two of one server would only take turns at the same jobs. */
  #serve(group: string): void {
    if (this.#busy.has(group)) {
      this.#again.add(group);
      return;
    }
    this.#busy.add(group);
    void withoutSignal(() => this.#rounds(group)).finally(() => {
      this.#busy.delete(group);
      const left = this.#of(group);
      if (this.#again.delete(group) && left.length > 0) return this.#serve(group);
      for (const poll of left) if (poll.tried && !poll.waits) poll.answer([]);
    });
  }

  async #rounds(group: string): Promise<void> {
    for (let size = 8, attempt = 0; ; size *= 4) {
      // Those that have not been tried come first: they may be the only ones with a free slot.
      const polls = this.#of(group)
        .sort((a, b) => Number(a.tried) - Number(b.tried))
        .slice(0, Math.min(size, limits.claimPolls));
      const [first] = polls;
      if (!first) return;
      const lanes = this.#lanes.matching(first.filter);
      try {
        const { wanted, granted, contended } = await this.#round(lanes, polls);
        if (granted === wanted) continue;
        if (contended && attempt++ < 20) {
          await sleep(Math.random() * 2);
          continue;
        }
        const untried = this.#of(group).some((poll) => !poll.tried);
        if (!untried || !(await hasReadyJobs(this.#db, lanes))) return;
      } catch (error) {
        for (const poll of polls) poll.fail(error);
        return;
      }
    }
  }

  async #round(lanes: readonly Lane[], polls: readonly Poll[]) {
    for (const poll of polls) poll.tried = true;
    const { leases, contended } = await claimJobs(
      this.#db,
      lanes,
      polls.map(({ demand }) => demand),
    );
    const byWorker = Map.groupBy(leases, ({ workerId }) => workerId);
    for (const poll of polls) {
      const { workerId, maxJobs } = poll.demand;
      const own = byWorker.get(workerId)?.splice(0, maxJobs) ?? [];
      if (own.length === 0) continue;
      if (this.#parked.has(poll)) poll.answer(own);
      else this.#giveBack(workerId, own);
    }
    const wanted = polls.reduce((sum, { demand }) => sum + demand.maxJobs, 0);
    return { wanted, granted: leases.length, contended };
  }

  #of(group: string): Poll[] {
    return [...this.#parked].filter((poll) => poll.group === group);
  }
}
