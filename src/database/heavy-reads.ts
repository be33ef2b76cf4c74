import { Code } from "@connectrpc/connect";
import { currentOrigin, currentSignal, withSignal } from "../call-scope.ts";
import { ServiceError } from "../errors.ts";
import { limits } from "../limits.ts";
import { Gate } from "./connection/gate.ts";
import type { Executor } from "./statement/executor.ts";

/** The bounds of the lines in which heavy work waits. */
export const heavyGateOptions = {
  maxWaiting: limits.heavyReadsWaiting,
  maxWaitMs: limits.heavyReadWaitMs,
  refusal: (why: string) =>
    new ServiceError(Code.ResourceExhausted, "OVERLOADED", `too many reads of many rows: ${why}`, {
      retryAfterMs: limits.databaseRetryMs,
    }),
};

/** The reads of one key, while there are any. */
interface OfKey {
  gate: Gate;
  reads: number;
}

/**
 * Bounds the statements that may read millions of rows: how many run at once, of all callers and of one key,
 * and how long each takes. The rest of the pool stays for those that take milliseconds.
 */
export class HeavyReads {
  readonly #all: Gate;
  readonly #placesOfKey: number;
  readonly #keys = new Map<string, OfKey>();

  constructor(poolSize: number) {
    const places = Math.max(1, Math.floor(poolSize * limits.heavyReadShare));
    this.#all = new Gate(places, heavyGateOptions);
    this.#placesOfKey = Math.max(1, Math.floor(places * limits.heavyReadKeyShare));
  }

  /** The executor with these bounds; transactions have none. */
  bound(db: Executor): Executor {
    return {
      ...db,
      any: (query) => this.#run(() => db.any(query)),
      one: (query) => this.#run(() => db.one(query)),
      maybeOne: (query) => this.#run(() => db.maybeOne(query)),
    };
  }

  async #run<T>(read: () => Promise<T>): Promise<T> {
    const { keyId, userId, ipAddress = "" } = currentOrigin() ?? {};
    const key = keyId ?? userId ?? ipAddress;
    const own = this.#keys.get(key) ?? { gate: new Gate(this.#placesOfKey, heavyGateOptions), reads: 0 };
    this.#keys.set(key, own);
    own.reads++;
    const signal = currentSignal();
    try {
      return await own.gate.pass(() => this.#all.pass(() => withEnd(read, signal), signal), signal);
    } finally {
      if (--own.reads === 0) this.#keys.delete(key);
    }
  }
}

async function withEnd<T>(read: () => Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  const end = new AbortController();
  const timer = setTimeout(() => end.abort(tooLong()), limits.heavyReadMs);
  try {
    return await withSignal({ signal: signal ? AbortSignal.any([signal, end.signal]) : end.signal }, read);
  } finally {
    clearTimeout(timer);
  }
}

function tooLong(): ServiceError {
  const message = `a read of many rows took ${limits.heavyReadMs / 1000} s, which is the most that one may take`;
  return new ServiceError(Code.DeadlineExceeded, "DEADLINE_EXCEEDED", message);
}
