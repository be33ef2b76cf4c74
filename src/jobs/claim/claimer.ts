import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { type Caller, currentCaller, currentSignal, onBehalfOf, withoutScope } from "../../call-scope.ts";
import type { Executor } from "../../database/statement/executor.ts";
import { sql, statement } from "../../database/statement/sql.ts";
import { table } from "../../database/statement/table.ts";
import { limits } from "../../limits.ts";
import { Waiter, waitFor } from "../../wait.ts";
import type { JobToCreate } from "../create.ts";
import { type Lane, type LaneFilter, type Lanes, matches } from "../limits/lanes.ts";
import { claimJobs, hasReadyJobs } from "./claim.ts";
import type { Demand, Lease } from "./taking.ts";

/** Of claims that wait, those that are over: another was answered for them, or their worker gets no jobs. */
const findOver = statement("job_claims_over", {
  row: z.object({ position: z.number(), isAnswered: z.boolean() }),
  build: (claims: readonly { workerId: string; requestId: string | undefined }[]) => sql.fragment`
    select item.ordinality as position, req.request_id is not null as is_answered
    from ${table("item", claims, { workerId: "text", requestId: "text", ordinality: true })}
    left join workers w on w.worker_id = item.worker_id
    left join requests req on req.actor = item.worker_id and req.method = 'ClaimJobs'
      and req.request_id = item.request_id
    where w.worker_id is null or w.draining or req.request_id is not null`,
  examples: [[[{ workerId: "w", requestId: "r" }]]],
});

const findClaim = statement("job_find_claim", {
  row: z.object({ requestId: z.string() }),
  build: (workerId: string, requestId: string) => sql.fragment`
    select request_id from requests
    where actor = ${workerId} and method = 'ClaimJobs' and request_id = ${requestId}`,
  examples: [["w", "r"]],
});

/** Leases, or `repeat`: an earlier claim with the same request id was given some, which answer this too. */
type Claimed = readonly Lease[] | "repeat";

/** A claim that waits. */
export interface Poll {
  demand: Demand;
  caller: Caller;
  /** Polls with the same filter can take the same jobs. */
  group: string;
  filter: LaneFilter;
  /** True once a claim has included it. */
  tried: boolean;
  /** True while a statement that claims for it, or creates jobs for it, is under way. */
  isClaiming: boolean;
  /** False once it was left out where a job was created for it: it has no free slot, or better jobs wait. */
  isOffered: boolean;
  /** Whether it goes on waiting after a claim that brought nothing. */
  waits: boolean;
  /** True once it was told to wait no more, rather than its time being up. */
  isDismissed: boolean;
  waiter: Waiter<Claimed>;
}

/** Jobs that are created for a claim that waits, and those of them that it was given. */
export interface Offer {
  readonly poll: Poll;
  readonly jobs: JobToCreate[];
  readonly leases: Lease[];
}

/** A claim with a request id, and how many calls wait for its answer. */
interface Shared {
  /** Undefined while it is looked up whether the claim was answered before. */
  poll: Poll | undefined;
  answer: Promise<Claimed>;
  callers: number;
  /** True once the time of a caller is up. */
  isOver: boolean;
  readonly left: AbortController;
}

/**
 * Fills the claims of one server. Claims that wait are parked here without a connection; one statement at a
 * time a group serves as many of them as there are jobs. They are woken when jobs become ready or slots free,
 * by hints from other servers, and by a look at the queue at least once a second, which alone is enough to
 * find everything.
 */
export class Claimer {
  readonly #db: Executor;
  readonly #lanes: Lanes;
  readonly #giveBack: (workerId: string, leases: readonly Lease[]) => void;
  /** By group; those that have waited longest come first. */
  readonly #parked = new Map<string, Set<Poll>>();
  /** By worker and request id. */
  readonly #shared = new Map<string, Shared>();
  readonly #busy = new Set<string>();
  /** Groups to be served again, because something happened while they were being served. */
  readonly #again = new Set<string>();
  #timer: NodeJS.Timeout | undefined;
  /** When groups are served next whose jobs wait for a limit. */
  readonly #later = new Map<string, NodeJS.Timeout>();
  #draining = false;

  /** @param giveBack releases leases whose caller has gone */
  constructor(db: Executor, lanes: Lanes, giveBack: (workerId: string, leases: readonly Lease[]) => void) {
    this.#db = db;
    this.#lanes = lanes;
    this.#giveBack = giveBack;
  }

  /**
   * Leases jobs to a worker; waits up to `waitMs` for a first one. A claim whose request id waits here shares
   * the answer of the one before, whose caller may be gone without a sign.
   */
  async claim(demand: Demand, filter: LaneFilter, waitMs: number): Promise<Claimed> {
    const signal = currentSignal();
    if (demand.requestId === undefined) return this.#park(demand, filter, waitMs, signal).claimed;
    const until = performance.now() + waitMs;
    const key = JSON.stringify([demand.workerId, demand.requestId]);
    for (;;) {
      const left = Math.max(until - performance.now(), 0);
      const earlier = this.#shared.get(key);
      const shared = earlier ?? this.#share(key, demand, filter, left);
      const claimed = await this.#join(shared, signal, left);
      if (claimed === "repeat" || claimed.length > 0) return earlier ? "repeat" : claimed;
      // Another's time may have been up.
      if (left === 0 || shared.poll?.isDismissed || this.#draining) return claimed;
    }
  }

  #share(key: string, demand: Demand, filter: LaneFilter, waitMs: number): Shared {
    const left = new AbortController();
    const shared: Shared = { poll: undefined, answer: Promise.resolve([]), callers: 0, isOver: false, left };
    this.#shared.set(key, shared);
    shared.answer = this.#begin(shared, demand, filter, waitMs).finally(() => this.#shared.delete(key));
    return shared;
  }

  /**
   * Claims, unless that was done before. It is asked only when those that come now are waiting here: a claim
   * that was answered between the question and this would be made again, for jobs that then have to go back.
   */
  async #begin(shared: Shared, demand: Demand, filter: LaneFilter, waitMs: number): Promise<Claimed> {
    // The answer is that of others too, whose caller may stay longer than this one.
    const find = () => this.#db.maybeOne(findClaim(demand.workerId, demand.requestId ?? ""));
    if (await withoutScope(find)) return "repeat";
    const { poll, claimed } = this.#park(demand, filter, waitMs, shared.left.signal);
    shared.poll = poll;
    if (shared.isOver) this.#stopWaiting(poll);
    return claimed;
  }

  /** Waits with others for the answer of a claim. It ends when the time of one is up, or all have gone. */
  #join(shared: Shared, signal: AbortSignal | undefined, waitMs: number): Promise<Claimed> {
    shared.callers++;
    return waitFor(shared.answer, {
      signal,
      timeoutMs: waitMs,
      onTimeout: () => {
        shared.isOver = true;
        if (shared.poll) this.#stopWaiting(shared.poll);
      },
      onEnd: () => {
        if (--shared.callers === 0) shared.left.abort();
      },
    });
  }

  #park(demand: Demand, filter: LaneFilter, waitMs: number, signal: AbortSignal | undefined) {
    const waiter = new Waiter<Claimed>({
      onTimeout: () => this.#stopWaiting(poll),
      onEnd: () => this.#leave(poll),
    });
    const poll: Poll = {
      demand,
      caller: currentCaller(),
      filter,
      group: JSON.stringify([filter.jobTypes, filter.tags]),
      tried: false,
      isClaiming: false,
      isOffered: true,
      waits: waitMs > 0 && !this.#draining,
      isDismissed: false,
      waiter,
    };
    const polls = this.#parked.get(poll.group) ?? new Set();
    this.#parked.set(poll.group, polls.add(poll));
    const claimed = waiter.wait(signal, waitMs);
    this.#arm();
    this.#serve(poll.group);
    return { poll, claimed };
  }

  /** Claims that wait for jobs. */
  get waiting(): number {
    return this.#polls.length;
  }

  /** Looks for jobs, when some may have become ready, or slots free. */
  wake(): void {
    for (const group of this.#parked.keys()) this.#serve(group);
  }

  /** Those of the jobs that claims which wait would be offered. */
  wanted(jobs: readonly JobToCreate[]): JobToCreate[] {
    return this.#match(jobs).flatMap((offer) => offer.jobs);
  }

  /** Offers jobs that are being created to claims that wait, which get no others until `settle`. */
  offer(jobs: readonly JobToCreate[]): Offer[] {
    const offers = this.#match(jobs);
    for (const { poll } of offers) poll.isClaiming = true;
    return offers;
  }

  /** Answers claims with what they were given, if that was committed. The others go on waiting. */
  settle(offers: readonly Offer[], isCommitted: boolean): void {
    for (const { poll, leases } of offers) {
      poll.isClaiming = false;
      if (isCommitted && leases.length > 0) this.#answer(poll, leases);
      else {
        poll.isOffered = !isCommitted;
        // What has become ready meanwhile, or its end, went past it.
        this.#serve(poll.group);
      }
    }
  }

  /** The best of the jobs for each claim that can take some, as many as one answer holds. */
  #match(jobs: readonly JobToCreate[]): Offer[] {
    if (this.#parked.size === 0) return [];
    let left = jobs.filter(startsAtOnce).toSorted((a, b) => b.priority - a.priority);
    const offers: Offer[] = [];
    for (const polls of this.#parked.values()) {
      const [first] = polls;
      const fitting = first ? left.filter(matches(first.filter)) : [];
      let end = 0;
      for (const poll of polls) {
        if (end === fitting.length) break;
        if (!poll.tried || !poll.waits || poll.isClaiming || !poll.isOffered) continue;
        const start = end;
        const most = Math.min(fitting.length, start + poll.demand.maxJobs);
        let bytes = 0;
        do bytes += fitting[end++]?.bytes ?? 0;
        while (end < most && bytes + (fitting[end]?.bytes ?? 0) <= limits.pageBytes);
        offers.push({ poll, jobs: fitting.slice(start, end), leases: [] });
      }
      const offered = new Set(fitting.slice(0, end));
      left = left.filter((job) => !offered.has(job));
    }
    return offers;
  }

  /** Answers the waiting claims of a worker that gets no more jobs. Other servers find out by themselves. */
  dismiss(workerId: string): void {
    for (const poll of this.#polls) if (poll.demand.workerId === workerId) this.#dismiss(poll);
  }

  /** Answers every waiting claim, with nothing where there is nothing; from now on claims do not wait. */
  drain(): void {
    this.#draining = true;
    for (const poll of this.#polls) this.#stopWaiting(poll);
  }

  /** Fails every waiting claim. */
  stop(reason: unknown): void {
    clearTimeout(this.#timer);
    for (const timer of this.#later.values()) clearTimeout(timer);
    for (const poll of this.#polls) poll.waiter.reject(reason);
  }

  get #polls(): Poll[] {
    return [...this.#parked.values()].flatMap((polls) => [...polls]);
  }

  #leave(poll: Poll): void {
    const polls = this.#parked.get(poll.group);
    polls?.delete(poll);
    if (polls?.size === 0) this.#parked.delete(poll.group);
  }

  #dismiss(poll: Poll): void {
    poll.isDismissed = true;
    this.#stopWaiting(poll);
  }

  #stopWaiting(poll: Poll): void {
    poll.waits = false;
    // A claim that is just being made may still bring something.
    if (poll.tried && !poll.isClaiming && !this.#busy.has(poll.group)) poll.waiter.resolve([]);
  }

  #arm(): void {
    this.#timer ??= setTimeout(
      () => {
        this.#timer = undefined;
        if (this.#parked.size === 0) return;
        this.#arm();
        const wake = () => this.wake();
        withoutScope(() => Promise.all([this.#lanes.refresh(), this.#endOver()])).then(wake, wake);
      },
      limits.claimPollMs * (0.5 + Math.random() / 2),
    );
  }

  /** Ends the claims that wait in vain: another server has answered them, or was told that they get none. */
  async #endOver(): Promise<void> {
    const polls = this.#polls;
    for (const { position, isAnswered } of await this.#db.any(findOver(polls.map(({ demand }) => demand)))) {
      const poll = polls[position - 1];
      // What was found may be what a claim of this server has just been given.
      if (!poll || poll.isClaiming) continue;
      if (isAnswered) poll.waiter.resolve("repeat");
      else this.#dismiss(poll);
    }
  }

  /** Serves a group once a limit lets more jobs start, if that is before the queue is looked at anyway. */
  #serveIn(group: string, ms = Number.POSITIVE_INFINITY): void {
    clearTimeout(this.#later.get(group));
    this.#later.delete(group);
    if (ms > limits.claimPollMs || !this.#parked.has(group)) return;
    // A timer may ring up to a millisecond early.
    const timer = setTimeout(() => {
      this.#later.delete(group);
      if (this.#parked.has(group)) this.#serve(group);
    }, Math.max(ms, 0) + 1);
    this.#later.set(group, timer);
  }

  /** One claim at a time a group: two of one server would only take turns at the same jobs. */
  #serve(group: string): void {
    if (this.#busy.has(group)) {
      this.#again.add(group);
      return;
    }
    this.#busy.add(group);
    void withoutScope(() => this.#serveRounds(group)).finally(() => {
      this.#busy.delete(group);
      if (this.#again.delete(group) && this.#parked.has(group)) return this.#serve(group);
      for (const poll of [...(this.#parked.get(group) ?? [])])
        if (poll.tried && !poll.waits && !poll.isClaiming) poll.waiter.resolve([]);
    });
  }

  /** Serves a few polls first and more while there are jobs: a claim locks the slots of all it includes. */
  async #serveRounds(group: string): Promise<void> {
    const served = new Set<Poll>();
    let contentions = 0;
    for (let size: number = limits.claimPollsFirst; ; size = Math.min(size * 4, limits.claimPollsMost)) {
      const present = [...(this.#parked.get(group) ?? [])].filter(({ isClaiming }) => !isClaiming);
      const open = present.filter((poll) => !served.has(poll));
      const polls = open.slice(0, size);
      const [first] = polls;
      if (!first) return;
      try {
        const lanes = this.#lanes.matching(first.filter);
        for (const poll of polls) Object.assign(poll, { tried: true, isClaiming: true });
        const { contended, hasMore, moreInMs } = await this.#claimFor(lanes, polls).finally(() => {
          for (const poll of polls) poll.isClaiming = false;
        });
        this.#serveIn(group, moreInMs);
        if (hasMore) continue;
        if (contended && contentions++ < limits.claimContentions) {
          await sleep(Math.random() * 2);
          continue;
        }
        // If all have been served, nobody is left whose turn it could be, so there is nothing to ask.
        if (polls.length === open.length || !(await hasReadyJobs(this.#db, lanes))) {
          // Nothing for any of those that were there when this was asked.
          for (const poll of present) poll.tried = true;
          return;
        }
        // There are jobs, but these have no free slot: the others' turn, now and the next time.
        for (const poll of polls) {
          served.add(poll);
          const parked = this.#parked.get(group);
          if (parked?.delete(poll)) parked.add(poll);
        }
      } catch (error) {
        const isOver = ({ waits, isClaiming }: Poll) => !waits && !isClaiming;
        for (const poll of present) if (isOver(poll) || polls.includes(poll)) poll.waiter.reject(error);
        return;
      }
    }
  }

  #answer(poll: Poll, leases: readonly Lease[], isRepeat = false): void {
    if (isRepeat || !this.#parked.get(poll.group)?.has(poll)) this.#giveBack(poll.demand.workerId, leases);
    poll.waiter.resolve(isRepeat ? "repeat" : leases);
  }

  async #claimFor(lanes: readonly Lane[], polls: readonly Poll[]) {
    const demands = polls.map(({ demand }) => demand);
    const callers = polls.map(({ caller }) => caller);
    const claim = await onBehalfOf(callers, () => claimJobs(this.#db, lanes, demands));
    const { leases, contended, isFull, repeats, moreInMs } = claim;
    const byWorker = Map.groupBy(leases, ({ workerId }) => workerId);
    for (const poll of polls) {
      const { workerId, maxJobs } = poll.demand;
      const own = byWorker.get(workerId)?.splice(0, maxJobs) ?? [];
      if (own.length === 0) continue;
      this.#answer(poll, own, repeats.has(poll.demand));
    }
    const wanted = demands.reduce((sum, { maxJobs }) => sum + maxJobs, 0);
    return { contended, hasMore: isFull || leases.length === wanted, moreInMs };
  }
}

/** Whether a job may start as soon as it is made, whatever else runs or is made. */
function startsAtOnce({ limitKey, uniqueKey, runAt, delayMs }: JobToCreate): boolean {
  return [limitKey, uniqueKey, runAt, delayMs].every((condition) => condition == null);
}
