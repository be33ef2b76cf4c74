import { withoutScope } from "../../call-scope.ts";
import type { Executor } from "../../database/statement/executor.ts";
import { settleEnds } from "./settle.ts";

/**
 * Settles the ends of jobs that others wait for: right after what this server has committed, as long as
 * anything is known to wait, and when upkeep has found some. One run follows the other.
 */
export class Settler {
  readonly #db: Executor;
  readonly #onChange: () => void;
  #latest: Promise<unknown> = Promise.resolve();
  #isQueued = false;
  /** Whether jobs wait for others, as far as this server knows. If none does, nobody pokes. */
  isAwaited = false;

  /** @param onChange is called after a run by `poke` that changed jobs */
  constructor(db: Executor, onChange: () => void) {
    this.#db = db;
    this.#onChange = onChange;
  }

  /** Settles what has ended by now. Answers how many changes that took. */
  settle(): Promise<number> {
    const run = this.#latest.then(() => {
      this.#isQueued = false;
      return settleEnds(this.#db);
    });
    this.#latest = run.catch(() => {});
    return run;
  }

  /** Settles soon what this server may have ended. If that fails, upkeep does it. */
  poke(): void {
    if (this.#isQueued) return;
    this.#isQueued = true;
    withoutScope(() => this.settle()).then(
      (changes) => changes > 0 && this.#onChange(),
      () => {},
    );
  }
}
