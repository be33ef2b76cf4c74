import { setImmediate } from "node:timers/promises";
import { withoutScope } from "../call-scope.ts";
import { limits } from "../limits.ts";
import { waitFor } from "../wait.ts";
import { beforeAll, comparePositions, type EventPosition } from "./events.ts";

/** One statement that reads the states of many. */
interface Read<State> {
  ids: Set<string>;
  /** It begins after the events up to this position. */
  upTo: EventPosition;
  /** Its start, in milliseconds of `performance.now()`. Until then, ids may join. */
  startedAt: number;
  /** What it has found; undefined for deleted entities. */
  states: ReadonlyMap<string, State | undefined>;
  done: Promise<void>;
}

/** An entity with the position of its last event: its state must be read after that. */
export interface Changed {
  id: string;
  at: EventPosition;
}

/**
 * Reads present states for all watchers of one server together: what a thousand of them want at the same
 * moment is read once. One statement runs at a time, so a state is never followed by an older one.
 */
export class LatestStates<State> {
  readonly #read: (ids: readonly string[]) => Promise<ReadonlyMap<string, State | undefined>>;
  /** The latest reads that ended, newest first. Their number is bounded, and each is bounded like a page. */
  #ended: Read<State>[] = [];
  #running: Read<State> | undefined;
  #next: Read<State> | undefined;
  #reading: Promise<unknown> = Promise.resolve();

  /** @param read answers at least the first of the ids, of which there are at most `limits.watchStates` */
  constructor(read: (ids: readonly string[]) => Promise<ReadonlyMap<string, State | undefined>>) {
    this.#read = read;
  }

  /**
   * Returns the state of the entity at `index`, undefined if it is deleted. If it has to be read, those after
   * it are read too, because they are likely to be asked for next.
   *
   * @param changed in the order of their last events
   * @param since start of the oldest read that may answer, in milliseconds of `performance.now()`
   */
  async get(
    changed: readonly Changed[],
    index: number,
    since: number,
    signal: AbortSignal | undefined,
  ): Promise<State | undefined> {
    const one = changed[index];
    if (one === undefined) throw new RangeError(`there is no entity ${index}`);
    const { id, at } = one;
    const oldest = Math.max(since, performance.now() - limits.watchStateMs);
    const isFresh = (read: Read<State>) => read.startedAt >= oldest && comparePositions(read.upTo, at) >= 0;
    for (;;) {
      const found = this.#ended.find(({ states }) => states.has(id));
      if (found && isFresh(found)) return found.states.get(id);
      const running = this.#running?.ids.has(id) && isFresh(this.#running) ? this.#running.done : undefined;
      const done = running ?? this.#ask(changed.slice(index, index + limits.watchStates));
      // The read belongs to all watchers, and goes on when this caller goes.
      await waitFor(done, { signal });
    }
  }

  #ask(changed: readonly Changed[]): Promise<void> {
    this.#next ??= withoutScope(() => this.#begin());
    for (const { id, at } of changed) {
      this.#next.ids.add(id);
      if (comparePositions(at, this.#next.upTo) > 0) this.#next.upTo = at;
    }
    return this.#next.done;
  }

  #begin(): Read<State> {
    const read: Read<State> = {
      ids: new Set(),
      upTo: beforeAll,
      startedAt: 0,
      states: new Map(),
      done: this.#reading.then(() => this.#run(read)),
    };
    this.#reading = read.done.catch(() => undefined);
    return read;
  }

  async #run(read: Read<State>): Promise<void> {
    // Watchers that wake together ask together.
    await setImmediate();
    this.#next = undefined;
    this.#running = read;
    read.startedAt = performance.now();
    const [newest] = this.#ended;
    if (newest && comparePositions(newest.upTo, read.upTo) > 0) read.upTo = newest.upTo;
    try {
      read.states = await this.#read([...read.ids].slice(0, limits.watchStates));
      this.#ended = [read, ...this.#ended.slice(0, limits.watchStateReads - 1)];
    } finally {
      this.#running = undefined;
    }
  }
}
