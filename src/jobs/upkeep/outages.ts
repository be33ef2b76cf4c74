import { limits } from "../../limits.ts";

/** A time in which no worker could be heard. */
export interface Outage {
  /** When it ended, by the database's clock; `infinity`: not yet, as far as is known. */
  backSince: string;
  /** How long workers and leases from before it are left alone after that, in milliseconds. */
  termMs: number;
}

/** Outages that maintenance has noticed. Code that treats silence as death asks here first. */
export class Outages {
  #latest: Outage | null = null;
  #lookedAt = Number.POSITIVE_INFINITY;

  /** Notes what a round has found, once the database has answered it. */
  note(backSince: string | null, termMs: number): void {
    this.#latest = backSince === null ? null : { backSince, termMs };
    this.#lookedAt = performance.now();
  }

  /** The latest; null where there was none, or nobody watches out for them. */
  get latest(): Outage | null {
    // Rounds have stopped, so the one who asks now may be the first to find the database back.
    const isUnheard = performance.now() - this.#lookedAt > limits.outageMs;
    return isUnheard ? { backSince: "infinity", termMs: 0 } : this.#latest;
  }
}
