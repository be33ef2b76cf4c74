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
  /** How often each method was denied to a stranger. */
  methods: Map<string, number>;
}

/**
 * Records denied calls: every few seconds one entry for each caller, method and reason, with their number,
 * and once a minute one for each address that calls without being anybody, with its methods. Beyond a bound
 * callers share one, so a flood of refused calls is neither a flood of writes nor invisible. Calls that the
 * database does not take are kept, and recorded later.
 */
export class DeniedCalls {
  readonly #db: Executor;
  readonly #log: Log;
  readonly #waiting = new Map<string, Denied>();
  readonly #strangers = new Map<string, Denied>();
  #strangersAt = Number.NEGATIVE_INFINITY;
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
    const isStranger = origin.userId === undefined;
    const kept = isStranger ? this.#strangers : this.#waiting;
    const most = isStranger ? limits.deniedStrangers : limits.deniedCallers;
    const own = isStranger
      ? (origin.ipAddress ?? "")
      : JSON.stringify([method, reason, origin.userId, origin.keyId]);
    if (kept.has(own) || kept.size < most) note(kept, own, denied);
    // Beyond the bound only method and reason are kept, whose number is limited.
    else
      note(kept, isStranger ? "several" : `${method} ${reason}`, {
        method,
        error: { code, reason, message, metadata: {} },
        origin: { actor: "several" },
      });
    this.#schedule();
  }

  #schedule(): void {
    this.#timer ??= setTimeout(() => void this.#writeDue(), limits.deniedIntervalMs).unref();
  }

  #writeDue(): Promise<void> {
    const isDue = performance.now() - this.#strangersAt >= limits.deniedStrangersMs;
    return this.#writeAll(isDue ? [this.#waiting, this.#strangers] : [this.#waiting]);
  }

  /** Records the calls noted so far. Never throws. */
  flush(): Promise<void> {
    return this.#writeAll([this.#waiting, this.#strangers]);
  }

  #writeAll(kinds: Map<string, Denied>[]): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#writing = this.#writing.then(() => this.#write(kinds));
    return this.#writing;
  }

  async #write(kinds: Map<string, Denied>[]): Promise<void> {
    const taken = kinds.flatMap((kind) => [...kind].map(([key, denied]) => ({ kind, key, denied })));
    if (this.#strangers.size > 0 && kinds.includes(this.#strangers)) this.#strangersAt = performance.now();
    for (const kind of kinds) kind.clear();
    try {
      await recordAudit(
        this.#db,
        taken.map(({ denied }) => entryOf(denied)),
      );
    } catch (error) {
      this.#log.warn({ err: error, denied: taken.length }, "denied calls could not be recorded yet");
      this.#strangersAt = Number.NEGATIVE_INFINITY;
      for (const { kind, key, denied } of taken) kind.set(key, merge(denied, kind.get(key)));
    }
    if (this.#waiting.size + this.#strangers.size > 0) this.#schedule();
  }
}

function note(kept: Map<string, Denied>, key: string, first: DeniedCall): void {
  const now = new Date().toISOString();
  const known = kept.get(key) ?? { first, count: 0, firstAt: now, lastAt: now, methods: new Map() };
  kept.set(key, { ...known, count: known.count + 1, lastAt: now });
  countMethod(known.methods, first.method, 1);
}

function merge(older: Denied, newer: Denied | undefined): Denied {
  if (!newer) return older;
  for (const [method, count] of newer.methods) countMethod(older.methods, method, count);
  return { ...older, count: older.count + newer.count, lastAt: newer.lastAt };
}

/** Values of entries are bounded, so of many methods the last ones share a name. */
function countMethod(methods: Map<string, number>, method: string, count: number): void {
  const name = methods.has(method) || methods.size < limits.deniedMethods ? method : "others";
  methods.set(name, (methods.get(name) ?? 0) + count);
}

function entryOf({ first, count, firstAt, lastAt, methods }: Denied): AuditEntry {
  const { method, error, origin } = first;
  const { reason, message, metadata } = error;
  const about = Object.keys(metadata).length > 0 ? { about: metadata } : {};
  const each = methods.size > 1 ? { methods: Object.fromEntries(methods) } : {};
  const code = codeName(error.code);
  const changes = { after: { code, reason, message, count, firstAt, lastAt, ...each, ...about } };
  const entityId = methods.size > 1 ? null : method;
  return { action: "denied", entityType: "method", entityId, changes, origin };
}
