/** The rate of calls that a credential may make. */
export interface RateLimit {
  readonly perSecond: number;
  /** Calls that may come at once after a pause. */
  readonly burst: number;
}

/** A token bucket. It fills by `perSecond` up to `burst`, and each call takes one token. */
export class Bucket {
  #tokens: number;
  #at: number;

  constructor({ burst }: RateLimit, now: number) {
    this.#tokens = burst;
    this.#at = now;
  }

  /** Takes a token and answers 0, or else milliseconds until there will be one. `now` in milliseconds. */
  take({ perSecond, burst }: RateLimit, now: number): number {
    this.#tokens = Math.min(burst, this.#tokens + ((now - this.#at) * perSecond) / 1000);
    this.#at = now;
    if (this.#tokens < 1) return Math.ceil(((1 - this.#tokens) * 1000) / perSecond);
    this.#tokens--;
    return 0;
  }
}
