import { setImmediate } from "node:timers/promises";
import { withoutScope } from "../call-scope.ts";
import { limits } from "../limits.ts";
import { waitFor } from "../wait.ts";
import { beforeAll, comparePositions, type EventPosition } from "./events.ts";

/** States that were read by one statement; undefined of what is gone. */
interface Batch<State> {
  states: ReadonlyMap<string, State | undefined>;
  /** When it was begun to be read, in milliseconds of `performance.now()`. */
  readAt: number;
  /** It was read after the events up to here. */
  upTo: EventPosition;
}

interface NextBatch {
  ids: Set<string>;
  upTo: EventPosition;
  done: Promise<void>;
}

/** How new a state must be. */
export interface Needed {
  /** Read after the events up to here were seen. */
  upTo: EventPosition;
  /** Not begun to be read before, in milliseconds of `performance.now()`. */
  since: number;
}

/**
 * How things stand, read for all watchers of one server together: what a thousand of them want at the same moment is read once. One
 * statement at a time, so that a state is never followed by an older one.
 */
export class LatestStates<State> {
  readonly #read: (ids: readonly string[]) => Promise<ReadonlyMap<string, State | undefined>>;
  /** The latest, newest first: of a bounded number, each bounded as a page is. */
  #batches: Batch<State>[] = [];
  #next: NextBatch | undefined;
  #reading: Promise<unknown> = Promise.resolve();

  /** @param read answers of the ids, of which there are at most `limits.watchStates`, at least the first */
  constructor(read: (ids: readonly string[]) => Promise<ReadonlyMap<string, State | undefined>>) {
    this.#read = read;
  }

  /**
   * How the one at `index` stands, undefined if it is gone. Those that follow it are read with it if it has to be read: they are likely to
   * be asked for next.
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
      // The read is everyone's, and goes on when this caller goes.
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
      // Those that were woken together ask together.
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
