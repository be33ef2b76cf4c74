import type { Executor } from "../database/statement/executor.ts";
import { limits } from "../limits.ts";
import type { Log } from "../log.ts";
import type { Denials, DeniedCall } from "./denials.ts";
import { type AuditEntry, recordAudit } from "./record.ts";

interface Denied {
  first: DeniedCall;
  count: number;
  firstAt: string;
  lastAt: string;
}

/**
 * Records denied calls: every few seconds one entry for each caller, method and reason, with their number.
 * Callers have entries of their own up to a bound; beyond it the callers of a method share one. So a flood of
 * refused calls, from however many addresses, is neither a flood of writes nor invisible. Calls that the
 * database does not take are kept, and recorded later.
 */
export class DeniedCalls implements Denials {
  readonly #db: Executor;
  readonly #log: Log;
  readonly #waiting = new Map<string, Denied>();
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> = Promise.resolve();

  constructor(db: Executor, log: Log) {
    this.#db = db;
    this.#log = log;
  }

  recordDenied(denied: DeniedCall): void {
    const { method, reason, origin } = denied;
    // A failed login has an entry of its own, about the user.
    if (reason === "INVALID_CREDENTIALS") return;
    const caller = origin.userId ?? origin.ipAddress ?? "";
    const own = JSON.stringify([method, reason, caller, origin.keyId]);
    const isKnown = this.#waiting.has(own) || this.#waiting.size < limits.deniedCallers;
    // Beyond the bound only method and reason are kept, whose number is limited.
    if (isKnown) this.#note(own, denied);
    else
      this.#note(JSON.stringify([method, reason]), { ...denied, metadata: {}, origin: { actor: "several" } });
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
    const known = this.#waiting.get(key);
    if (known) {
      known.count++;
      known.lastAt = now;
    } else {
      this.#waiting.set(key, { first, count: 1, firstAt: now, lastAt: now });
    }
  }

  async #write(): Promise<void> {
    const taken = [...this.#waiting];
    this.#waiting.clear();
    try {
      await recordAudit(
        this.#db,
        taken.map(([, denied]) => entryOf(denied)),
      );
    } catch (error) {
      this.#log.warn({ err: error, denied: taken.length }, "denied calls could not be recorded yet");
      for (const [key, denied] of taken) {
        const newer = this.#waiting.get(key);
        const count = denied.count + (newer?.count ?? 0);
        this.#waiting.set(key, { ...denied, count, lastAt: newer?.lastAt ?? denied.lastAt });
      }
      this.#timer ??= setTimeout(() => void this.flush(), limits.deniedIntervalMs).unref();
    }
  }
}

function entryOf({ first, count, firstAt, lastAt }: Denied): AuditEntry {
  const { method, code, reason, message, metadata, origin } = first;
  const about = Object.keys(metadata).length > 0 ? { about: metadata } : {};
  return {
    action: "denied",
    entityType: "method",
    entityId: method,
    changes: { after: { code, reason, message, count, firstAt, lastAt, ...about } },
    origin,
  };
}
