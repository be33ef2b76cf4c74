import { withoutScope } from "../call-scope.ts";
import { Gate } from "../database/connection/gate.ts";
import type { Executor } from "../database/statement/executor.ts";
import { limits } from "../limits.ts";
import { Waiter } from "../wait.ts";
import {
  afterAll,
  beforeAll,
  type ChangeEvent,
  comparePositions,
  type EventLog,
  type EventPosition,
} from "./events.ts";

/** The latest events: all after `from` and up to `upTo`. */
interface Window {
  from: EventPosition;
  upTo: EventPosition;
  events: ChangeEvent[];
  /** Ids in all events together. */
  ids: number;
}

/** A watcher that waits for events. */
interface Waiting {
  after: EventPosition;
  /** The ids that it waits for; empty for all. */
  ids: ReadonlySet<string> | undefined;
  waiter: Waiter<void>;
}

/**
 * The feed of events that the watchers of one server share. While there are any, one poll reads new events
 * for all of them and keeps the latest in memory. A watcher that lags further behind reads its own from the
 * database, so memory is bounded however slow it is.
 */
export class ChangeFeed {
  readonly log: EventLog;
  readonly #db: Executor;
  /** Bounds concurrent reads: a thousand watchers that wake together must not take the whole pool. */
  readonly #gate = new Gate(limits.watchReads, {
    maxWaiting: Number.POSITIVE_INFINITY,
    maxWaitMs: limits.watchSilenceMs,
  });
  readonly #waiting = new Set<Waiting>();
  #window: Window | undefined;
  #watchers = 0;
  #timer: NodeJS.Timeout | undefined;
  #isPolling = false;
  #isPoked = false;
  #polledAt = 0;
  #workedAt = 0;
  #isStalled = false;
  #stallSoughtAt = 0;
  #stopped: { reason: unknown } | undefined;
  readonly #messagesPerSecond: number | undefined;
  /** Number of messages sent ahead of the allowed rate, as of `#countedAt`. */
  #ahead = 0;
  #countedAt = 0;

  /** @param options.messagesPerSecond most messages that all watchers together may send. Default: any. */
  constructor(db: Executor, log: EventLog, { messagesPerSecond }: { messagesPerSecond?: number } = {}) {
    this.#db = db;
    this.log = log;
    this.#messagesPerSecond = messagesPerSecond;
  }

  /** Registers a watcher, before its first read. The watcher calls the returned function when it ends. */
  join(): () => void {
    if (this.#watchers++ === 0) {
      this.#window = undefined;
      this.#isStalled = false;
      this.#workedAt = Date.now();
      this.#schedule(0);
    }
    return () => {
      if (--this.#watchers > 0) return;
      clearTimeout(this.#timer);
      this.#timer = undefined;
      this.#window = undefined;
    };
  }

  /** Looks for new events now rather than at the next poll. */
  poke(): void {
    if (this.#watchers === 0 || this.#isPoked) return;
    this.#isPoked = true;
    if (!this.#isPolling) this.#schedule(Math.max(0, this.#polledAt + limits.watchPokeMs - Date.now()));
  }

  /**
   * True while a transaction that stays open, of any database of the server, keeps newer events from being
   * read. Watchers of named ids are then woken every now and then, to look at these by themselves.
   */
  get isStalled(): boolean {
    return this.#isStalled;
  }

  /** Reads the position after every event that is readable now. */
  async now(): Promise<EventPosition> {
    return (await this.#db.maybeOne(this.log.last())) ?? beforeAll;
  }

  /** Reads the next events after a position, a bounded number of them. */
  async read(after: EventPosition, signal: AbortSignal | undefined): Promise<readonly ChangeEvent[]> {
    const window = this.#window;
    if (!window || comparePositions(after, window.from) < 0)
      return this.load((db) => db.any(this.#next(after)), signal);
    const first = window.events.findLastIndex((event) => comparePositions(event, after) <= 0) + 1;
    let ids = 0;
    let end = first;
    while (end < window.events.length && ids < limits.watchPortionIds)
      ids += window.events[end++]?.ids.length ?? 0;
    return window.events.slice(first, end);
  }

  /**
   * Waits, at most `ms`, until there is an event after the position, of one of the `ids` if any are given.
   * Answers the position to read on from; events that did not concern the watcher are before it.
   */
  async wait(
    after: EventPosition,
    ids: ReadonlySet<string> | undefined,
    ms: number,
    signal: AbortSignal | undefined,
  ): Promise<EventPosition> {
    const waiter = new Waiter<void>({
      onTimeout: () => waiter.resolve(),
      onEnd: () => this.#waiting.delete(waiting),
    });
    const waiting: Waiting = { after, ids, waiter };
    if (!this.#stopped && !this.#isNew(after)) {
      this.#waiting.add(waiting);
      await waiter.wait(signal, ms);
    }
    if (this.#stopped) throw this.#stopped.reason;
    return waiting.after;
  }

  /**
   * Holds back a watcher that has sent messages, if all watchers together are more than a second ahead of
   * their rate; the longer, the more it has sent itself. Changes during this time coalesce.
   */
  async rest(messages: number, signal: AbortSignal | undefined): Promise<void> {
    const rate = this.#messagesPerSecond;
    if (rate === undefined) return;
    const now = performance.now();
    this.#ahead = Math.max(0, this.#ahead - ((now - this.#countedAt) / 1_000) * rate) + messages;
    this.#countedAt = now;
    const aheadMs = (this.#ahead / rate - 1) * 1_000;
    const ms = Math.min(aheadMs, messages * limits.watchPollMs, limits.watchRestMs);
    if (ms > 0) await this.wait(afterAll, undefined, ms, signal);
  }

  #isNew(after: EventPosition): boolean {
    return this.#window !== undefined && comparePositions(this.#window.upTo, after) > 0;
  }

  /** Wakes the watchers that wait for one of these events, which have just been added. */
  #tell(before: EventPosition, events: readonly ChangeEvent[], upTo: EventPosition): void {
    const changed = new Set(events.flatMap(({ ids }) => ids));
    for (const waiting of [...this.#waiting]) {
      if (comparePositions(upTo, waiting.after) <= 0) continue;
      // Only if the watcher has read everything before: a new window does not begin at its position.
      const isNext = comparePositions(waiting.after, before) >= 0;
      if (isNext && waiting.ids?.isDisjointFrom(changed)) waiting.after = upTo;
      else waiting.waiter.resolve();
    }
  }

  /** Ends every waiting watch, and the others as soon as they would wait. */
  stop(reason: unknown): void {
    this.#stopped = { reason };
    clearTimeout(this.#timer);
    for (const { waiter } of [...this.#waiting]) waiter.resolve();
  }

  /** Runs a read of one watcher. Only a few run at once. */
  load<T>(read: (db: Executor) => Promise<T>, signal: AbortSignal | undefined): Promise<T> {
    return this.#gate.pass(() => read(this.#db), signal);
  }

  #schedule(ms: number): void {
    if (this.#stopped) return;
    clearTimeout(this.#timer);
    // The poll belongs to all watchers, so it does not run in the scope of the one that caused it.
    this.#timer = withoutScope(() => setTimeout(() => void this.#tick(), ms));
  }

  async #tick(): Promise<void> {
    if (this.#isPolling) {
      this.#isPoked = true;
      return;
    }
    this.#isPolling = true;
    this.#isPoked = false;
    this.#polledAt = Date.now();
    try {
      await this.#poll();
      this.#workedAt = Date.now();
    } catch {
      // Watchers survive a short outage. After a longer one each ends with the error of a read of its own.
      if (Date.now() - this.#workedAt > limits.watchPatienceMs) this.#window = undefined;
    } finally {
      this.#isPolling = false;
      for (const { after, waiter } of [...this.#waiting])
        if (!this.#window || this.#isNew(after)) waiter.resolve();
      if (this.#watchers > 0) this.#schedule(this.#isPoked ? limits.watchPokeMs : limits.watchPollMs);
    }
  }

  async #poll(): Promise<void> {
    // The window is forgotten when the last watcher goes; a poll under way ends with the one it began with.
    if (!this.#window) {
      const from = await this.now();
      this.#window = { from, upTo: from, events: [], ids: 0 };
    }
    const window = this.#window;
    for (;;) {
      const events = await this.#db.any(this.#next(window.upTo));
      if (events.some(({ ids }) => ids.length === 0)) {
        this.#window = undefined;
        return;
      }
      const last = events.at(-1);
      if (!last) return this.#seekStall();
      this.#isStalled = false;
      const before = window.upTo;
      append(window, events, last);
      if (this.#window !== window) return;
      this.#tell(before, events, last);
      // The poll ends with the first read that was not full. Otherwise, while new events keep coming, it
      // would never end, and would wake watchers for each event.
      if (!isFull(events)) return;
    }
  }

  async #seekStall(): Promise<void> {
    if (Date.now() - this.#stallSoughtAt < limits.watchStallMs) return;
    this.#stallSoughtAt = Date.now();
    const { ms } = await this.#db.one(this.log.wait());
    this.#isStalled = ms >= limits.watchStallMs;
    if (!this.#isStalled) return;
    for (const { ids, waiter } of [...this.#waiting]) if (ids) waiter.resolve();
  }

  #next(after: EventPosition) {
    return this.log.read(after, limits.watchPortionEvents, limits.watchPortionIds);
  }
}

/** True if there may be more events after these. */
function isFull(events: readonly ChangeEvent[]): boolean {
  const ids = events.reduce((sum, event) => sum + event.ids.length, 0);
  return events.length >= limits.watchPortionEvents || ids >= limits.watchPortionIds;
}

function append(window: Window, events: readonly ChangeEvent[], last: EventPosition): void {
  window.events.push(...events);
  window.upTo = last;
  for (const { ids } of events) window.ids += ids.length;
  let dropped = 0;
  while (window.ids > limits.watchWindowIds) {
    const oldest = window.events[dropped++];
    if (!oldest) break;
    window.ids -= oldest.ids.length;
    window.from = oldest;
  }
  window.events.splice(0, dropped);
}
