import { callerOf } from "../../auth/access.ts";
import { requestLate, tooManyBytes, tooManyBytesOfCaller } from "../../auth/refusals.ts";
import type { ServiceError } from "../../errors.ts";
import { limits, transportLimits } from "../../limits.ts";
import type { Call } from "./call.ts";

/** What one call holds. */
interface Held {
  readonly caller: string;
  bytes: number;
  /** When it began to hold them, or was last relieved of some (`performance.now()`). */
  since: number;
}

/**
 * The bytes of requests that have come and that no handler has taken yet, of all calls on both ports. A
 * caller, which is a credential or else an address, has at most half of what there is room for. Where all of
 * it is taken, the caller that holds the most loses its oldest request, so that nobody keeps out one who
 * holds less.
 */
export class Intake {
  readonly #most: number;
  readonly #held = new Map<Call, Held>();
  readonly #ofCaller = new Map<string, number>();
  #bytes = 0;
  #timer: NodeJS.Timeout | undefined;

  /** @param maxMessageBytes four such messages have room in any case */
  constructor(maxMessageBytes: number) {
    this.#most = Math.max(limits.requestBytes, 4 * maxMessageBytes);
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Notes bytes that have come, or, below 0, were handed on. Ends calls with more than there is room for. */
  add(call: Call, bytes: number): void {
    // What still comes of a call that was stopped is thrown away.
    if (call.hasEnded || call.stopReason) return;
    let held = this.#held.get(call);
    if (!held) {
      if (bytes <= 0) return;
      held = { caller: callerOf(call), bytes: 0, since: performance.now() };
      this.#held.set(call, held);
      this.#timer ??= setTimeout(() => this.#endLate(), transportLimits.requestSweepMs).unref();
    }
    this.#count(held, Math.max(bytes, -held.bytes));
    if (held.bytes === 0) this.#held.delete(call);
    if (bytes < 0) held.since = performance.now();
    else this.#makeRoom(call, held.caller);
  }

  /** Forgets what the call holds: its handler has taken it, or the call has ended. */
  release(call: Call): void {
    const held = this.#held.get(call);
    if (!held) return;
    this.#count(held, -held.bytes);
    this.#held.delete(call);
  }

  #makeRoom(call: Call, caller: string): void {
    const share = this.#most / 2;
    if ((this.#ofCaller.get(caller) ?? 0) > share) this.#stop(call, tooManyBytesOfCaller(share));
    while (this.#bytes > this.#most) {
      const [most] = [...this.#ofCaller].reduce((one, other) => (other[1] > one[1] ? other : one));
      const [victim] = this.#held.entries().find(([, held]) => held.caller === most) ?? [call];
      this.#stop(victim, tooManyBytes(this.#most));
    }
  }

  #stop(call: Call, reason: ServiceError): void {
    // A stream's handler ends later, but what the stream has sent goes at once.
    this.release(call);
    call.stop(reason);
  }

  #count(held: Held, by: number): void {
    held.bytes += by;
    this.#bytes += by;
    const bytes = (this.#ofCaller.get(held.caller) ?? 0) + by;
    if (bytes > 0) this.#ofCaller.set(held.caller, bytes);
    else this.#ofCaller.delete(held.caller);
  }

  #endLate(): void {
    const until = performance.now() - transportLimits.requestTimeoutMs;
    for (const [call, { since }] of this.#held)
      if (since < until) this.#stop(call, requestLate(transportLimits.requestTimeoutMs));
    this.#timer =
      this.#held.size === 0
        ? undefined
        : setTimeout(() => this.#endLate(), transportLimits.requestSweepMs).unref();
  }
}
