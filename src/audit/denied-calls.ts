import type { Origin } from "../call-scope.ts";
import type { Executor } from "../database/statement/executor.ts";
import { codeName, type ServiceError } from "../errors.ts";
import { limits } from "../limits.ts";
import type { Log } from "../log.ts";
import { type AuditEntry, recordAudit } from "./record.ts";

/** A call that was refused because of its caller: UNAUTHENTICATED or PERMISSION_DENIED. */
export interface DeniedCall {
  /** For example `ltb.v1.BenchmarkService/DeleteBenchmark`. */
  readonly method: string;
  /** The error as the caller got it, which has no secrets. */
  readonly error: Pick<ServiceError, "code" | "reason" | "message" | "metadata">;
  /** The caller and its address; without a user if nobody was authenticated. */
  readonly origin: Origin;
}

interface Denied {
  first: DeniedCall;
  count: number;
  firstAt: string;
  lastAt: string;
}

/**
 * Records denied calls: every few seconds one entry for each caller, method and reason, with their number.
 * Beyond a bound the callers of a method share one, so a flood of refused calls is neither a flood of writes
 * nor invisible. Calls that the database does not take are kept, and recorded later.
 */
export class DeniedCalls {
  readonly #db: Executor;
  readonly #log: Log;
  readonly #waiting = new Map<string, Denied>();
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> = Promise.resolve();

  constructor(db: Executor, log: Log) {
    this.#db = db;
    this.#log = log;
  }

  /** Notes a denied call at once, without throwing, in bounded memory: anybody can make any number. */
  recordDenied(denied: DeniedCall): void {
    const { method, error, origin } = denied;
    const { code, reason, message } = error;
    // A failed login has an entry of its own, about the user.
    if (reason === "INVALID_CREDENTIALS") return;
    const caller = origin.userId ?? origin.ipAddress ?? "";
    const own = JSON.stringify([method, reason, caller, origin.keyId]);
    if (this.#waiting.has(own) || this.#waiting.size < limits.deniedCallers) this.#note(own, denied);
    // Beyond the bound only method and reason are kept, whose number is limited.
    else
      this.#note(`${method} ${reason}`, {
        method,
        error: { code, reason, message, metadata: {} },
        origin: { actor: "several" },
      });
    this.#schedule();
  }

  #schedule(): void {
    this.#timer ??= setTimeout(() => void this.flush(), limits.deniedIntervalMs).unref();
  }

  /** Records the calls noted so far. Never throws. */
  flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#writing = this.#writing.then(() => this.#write());
    return this.#writing;
  }

  #note(key: string, first: DeniedCall): void {
    const now = new Date().toISOString();
    const known = this.#waiting.get(key) ?? { first, count: 0, firstAt: now };
    this.#waiting.set(key, { ...known, count: known.count + 1, lastAt: now });
  }

  async #write(): Promise<void> {
    const taken = [...this.#waiting];
    this.#waiting.clear();
    try {
      const entries = taken.map(([, denied]) => entryOf(denied));
      await recordAudit(this.#db, entries);
    } catch (error) {
      this.#log.warn({ err: error, denied: taken.length }, "denied calls could not be recorded yet");
      for (const [key, denied] of taken) {
        const newer = this.#waiting.get(key);
        const count = denied.count + (newer?.count ?? 0);
        this.#waiting.set(key, { ...denied, count, lastAt: newer?.lastAt ?? denied.lastAt });
      }
      this.#schedule();
    }
  }
}

function entryOf({ first, count, firstAt, lastAt }: Denied): AuditEntry {
  const { method: entityId, error, origin } = first;
  const { reason, message, metadata } = error;
  const about = Object.keys(metadata).length > 0 ? { about: metadata } : {};
  const code = codeName(error.code);
  const changes = { after: { code, reason, message, count, firstAt, lastAt, ...about } };
  return { action: "denied", entityType: "method", entityId, changes, origin };
}
