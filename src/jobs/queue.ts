import type { Executor } from "../database/executor.ts";
import { Claimer } from "./claimer.ts";
import { Lanes } from "./lanes.ts";
import { gatheredWrites, type JobWrites } from "./writes.ts";

/** What one process knows and does about the queue, whichever repository it goes through. */
export class JobQueue {
  readonly lanes: Lanes;
  readonly writes: JobWrites;
  readonly claimer: Claimer;
  readonly #listeners = new Set<() => void>();

  constructor(db: Executor) {
    this.lanes = new Lanes(db);
    this.writes = gatheredWrites(db);
    this.claimer = new Claimer(db, this.lanes, (workerId, leases) => {
      const ends = leases.map(({ id, epoch }) => ({ jobId: id, epoch, workerId }));
      // If this fails the leases run out by themselves.
      this.writes.release(ends).then(
        () => this.changed(),
        () => {},
      );
    });
  }

  /** To be called after jobs have become ready, slots free, or jobs otherwise changed. */
  changed(): void {
    this.claimer.wake();
    for (const listener of this.#listeners) listener();
  }

  /** Calls `listener` on every change that this process makes or hears of, until the function it returns is called. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}
