import type { ServiceError } from "../errors.ts";
import type { Credential } from "./credentials.ts";
import type { Permission } from "./permissions.ts";
import { Bucket, type RateLimit } from "./rate-limit.ts";
import { rateLimited, serverFull, tooManyOfKey } from "./refusals.ts";

/** Limits of the calls that a server accepts at once. */
export interface CallLimits {
  /** Most calls in progress of all callers together, without those that wait for an event. */
  readonly maxCalls: number;
  /** The same for one credential. */
  readonly maxCallsPerKey: number;
  /** Rate of calls of one credential; undefined: any. */
  readonly rate: RateLimit | undefined;
}

/** An admitted call. */
export interface Admission {
  readonly permission: Permission | undefined;
  /** Undefined if callers need no credential. */
  readonly credential: Credential | undefined;
  /** Must be called at the end of the call. */
  leave(): void;
}

/**
 * Counts the calls in progress. Calls beyond the limits are refused at once, because waiting would only make
 * them older.
 */
export class Room {
  readonly #limits: CallLimits;
  #inProgress = 0;

  constructor(limits: CallLimits) {
    this.#limits = limits;
  }

  get inProgress(): number {
    return this.#inProgress;
  }

  get maxCalls(): number {
    return this.#limits.maxCalls;
  }

  /** @throws RESOURCE_EXHAUSTED, with the time after which to try again */
  admit(permission: Permission | undefined, credential: Credential | undefined): Admission {
    if (credential) this.#meter(credential);
    const counts = permission?.waits !== true;
    const refusal = counts ? this.#refusal(credential) : undefined;
    if (refusal) throw refusal;
    const weight = counts ? 1 : 0;
    this.#inProgress += weight;
    if (credential) {
      credential.running++;
      credential.inProgress += weight;
    }
    return {
      permission,
      credential,
      leave: () => {
        this.#inProgress -= weight;
        if (!credential) return;
        credential.running--;
        credential.inProgress -= weight;
      },
    };
  }

  #meter(credential: Credential): void {
    const { rate } = this.#limits;
    if (!rate) return;
    const now = performance.now();
    credential.bucket ??= new Bucket(rate, now);
    const waitMs = credential.bucket.take(rate, now);
    if (waitMs > 0) throw rateLimited(rate.perSecond, waitMs);
  }

  #refusal(credential: Credential | undefined): ServiceError | undefined {
    const { maxCalls, maxCallsPerKey } = this.#limits;
    if (this.#inProgress >= maxCalls) return serverFull(maxCalls);
    if (credential && credential.inProgress >= maxCallsPerKey) return tooManyOfKey(maxCallsPerKey);
    return undefined;
  }
}
