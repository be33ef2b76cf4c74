import { setImmediate } from "node:timers/promises";
import { withoutScope } from "../call-scope.ts";
import { limits } from "../limits.ts";
import { waitFor } from "../wait.ts";
import { beforeAll, comparePositions, type EventPosition } from "./events.ts";

/** States that one statement read; undefined for deleted entities. */
interface Batch<State> {
  states: ReadonlyMap<string, State | undefined>;
  /** Start of the read, in milliseconds of `performance.now()`. */
  readAt: number;
  /** The read began after the events up to this position. */
  upTo: EventPosition;
}

interface NextBatch {
  ids: Set<string>;
  upTo: EventPosition;
  done: Promise<void>;
}

/** The required age of a state. */
export interface Needed {
  /** It must be read after the events up to this position. */
  upTo: EventPosition;
  /** Its read must not have begun before this time, in milliseconds of `performance.now()`. */
  since: number;
}

/**
 * Reads present states for all watchers of one server together: what a thousand of them want at the same
 * moment is read once. One statement runs at a time, so a state is never followed by an older one.
 */
export class LatestStates<State> {
  readonly #read: (ids: readonly string[]) => Promise<ReadonlyMap<string, State | undefined>>;
  /** The latest reads, newest first. Their number is bounded, and each is bounded like a page. */
  #batches: Batch<State>[] = [];
  #next: NextBatch | undefined;
  #reading: Promise<unknown> = Promise.resolve();

  /** @param read answers at least the first of the ids, of which there are at most `limits.watchStates` */
  constructor(read: (ids: readonly string[]) => Promise<ReadonlyMap<string, State | undefined>>) {
    this.#read = read;
  }

  /**
   * Returns the state of the id at `index`, undefined if it is deleted. If it has to be read, the ids after
   * it are read too, because they are likely to be asked for next.
   */
  async get(
    ids: readonly string[],
    index: number,
    needed: Needed,
    signal: AbortSignal | undefined,
  ): Promise<State | undefined> {
    const id = ids[index];
    if (id === undefined) throw new RangeError(`there is no id ${index}`);
    const oldest = Math.max(needed.since, performance.now() - limits.watchStateMs);
    for (;;) {
      const batch = this.#batches.find(({ states }) => states.has(id));
      if (batch && batch.readAt >= oldest && comparePositions(batch.upTo, needed.upTo) >= 0)
        return batch.states.get(id);
      // The read belongs to all watchers, and goes on when this caller goes.
      await waitFor(this.#load(ids.slice(index, index + limits.watchStates), needed.upTo), { signal });
    }
  }

  #load(ids: readonly string[], upTo: EventPosition): Promise<void> {
    this.#next ??= withoutScope(() => this.#begin());
    for (const id of ids) this.#next.ids.add(id);
    if (comparePositions(upTo, this.#next.upTo) > 0) this.#next.upTo = upTo;
    return this.#next.done;
  }

  #begin(): NextBatch {
    const before = this.#reading;
    const next: NextBatch = { ids: new Set(), upTo: beforeAll, done: Promise.resolve() };
    next.done = (async () => {
      await before;
      // Watchers that wake together ask together.
      await setImmediate();
      this.#next = undefined;
      const readAt = performance.now();
      const [newest] = this.#batches;
      const upTo = newest && comparePositions(newest.upTo, next.upTo) > 0 ? newest.upTo : next.upTo;
      const states = await this.#read([...next.ids].slice(0, limits.watchStates));
      this.#batches = [{ states, readAt, upTo }, ...this.#batches.slice(0, limits.watchStateReads - 1)];
    })();
    this.#reading = next.done.catch(() => undefined);
    return next;
  }
}
