import { currentCaller, currentCallers } from "../../call-scope.ts";
import { limits } from "../../limits.ts";
import type { Log } from "../../log.ts";
import { Distribution, secondsBounds } from "../../metrics/distribution.ts";
import { counter, type Family, histogram, summary } from "../../metrics/family.ts";
import { activeTracing, type Span } from "../../tracing/tracing.ts";
import { sqlState } from "./errors.ts";

interface Options {
  /** Statements that take as long are logged; 0: none. Default: 0. */
  slowMs?: number;
  log?: Log | undefined;
}

/** Times every statement, logs the slow ones and tells traces of each: by name, never with a value. */
export class StatementWatch {
  readonly #slowMs: number;
  readonly #log: Log | undefined;
  readonly #seconds = new Map<string, Distribution>();
  readonly #waits = new Distribution(secondsBounds);
  /** When the statements began that run now and belong to no single call, the oldest first. */
  readonly #shared = new Set<{ readonly startedAt: number }>();
  #slow = 0;
  #errors = 0;
  #windowEnds = 0;
  /** Slow statements of the window, logged or not. */
  #lines = 0;

  constructor({ slowMs = 0, log }: Options = {}) {
    this.#slowMs = slowMs || Number.POSITIVE_INFINITY;
    this.#log = log;
  }

  /** Notes how long a statement or transaction waited for its connection. */
  noteWait(ms: number): void {
    this.#waits.observe(ms / 1000);
  }

  /** @param waitedMs how long it had waited for its connection */
  async run<T>(name: string, waitedMs: number, work: () => Promise<T>): Promise<T> {
    const span = beginSpan(name);
    const startedAt = performance.now();
    const shared = currentCallers() && { startedAt };
    if (shared) this.#shared.add(shared);
    try {
      const result = await work();
      this.#ended(name, performance.now() - startedAt, waitedMs, result);
      span?.end();
      return result;
    } catch (error) {
      this.#errors++;
      this.#ended(name, performance.now() - startedAt, waitedMs, undefined);
      span?.end({ type: sqlState(error) ?? (error instanceof Error ? error.name : "error"), isError: true });
      throw error;
    } finally {
      if (shared) this.#shared.delete(shared);
    }
  }

  /** How long the statement has run that others have waited behind for longest; 0 where there is none. */
  longestSharedMs(): number {
    const [oldest] = this.#shared;
    return oldest ? performance.now() - oldest.startedAt : 0;
  }

  families(): Family[] {
    return [
      summary(
        "ltb_db_statement_duration_seconds",
        "Statements by name, without the wait for a connection; `commit` is the end of a transaction.",
        () =>
          Array.from(this.#seconds, ([statement, distribution]) => ({ labels: { statement }, distribution })),
      ),
      counter("ltb_db_statement_errors_total", "Statements that failed or were stopped.", () => this.#errors),
      counter(
        "ltb_db_slow_statements_total",
        "Statements that took LTB_SLOW_QUERY_MS or longer, logged or not.",
        () => this.#slow,
      ),
      histogram(
        "ltb_db_pool_wait_seconds",
        "How long statements and transactions waited for a connection, opening one included.",
        () => this.#waits,
      ),
    ];
  }

  #ended(name: string, ms: number, waitedMs: number, result: unknown): void {
    let seconds = this.#seconds.get(name);
    if (!seconds) {
      seconds = new Distribution();
      this.#seconds.set(name, seconds);
    }
    seconds.observe(ms / 1000);
    if (ms < this.#slowMs) return;
    this.#slow++;
    if (this.#log && this.#mayLog()) this.#log.warn(detailsOf(name, ms, waitedMs, result), "slow statement");
  }

  /** A database in trouble makes every statement slow: some lines tell that as well as all. */
  #mayLog(): boolean {
    const now = performance.now();
    if (now >= this.#windowEnds) {
      const statements = this.#lines - limits.slowLogLines;
      if (statements > 0) this.#log?.warn({ statements }, "more slow statements were not logged one by one");
      this.#windowEnds = now + limits.slowLogWindowMs;
      this.#lines = 0;
    }
    return ++this.#lines <= limits.slowLogLines;
  }
}

/** A span of the statement if a call that waits for it is traced. */
function beginSpan(name: string): Span | undefined {
  const { place } = currentCaller();
  const places = currentCallers()?.map((caller) => caller.place);
  if (!place && !places?.some(Boolean)) return undefined;
  return activeTracing()?.beginStatement(name, place, places);
}

function detailsOf(statement: string, ms: number, waitedMs: number, result: unknown) {
  const callers = currentCallers() ?? [currentCaller()];
  const requestIds = callers.flatMap(({ requestId }) => requestId ?? []);
  const [requestId] = requestIds;
  return {
    statement,
    durationMs: Math.round(ms * 10) / 10,
    waitedMs: Math.round(waitedMs * 10) / 10,
    rows: rowsOf(result),
    ...(requestIds.length > 1
      ? { requestIds: requestIds.slice(0, limits.slowLogRequestIds), calls: requestIds.length }
      : { requestId }),
  };
}

/** Undefined where there was no answer. */
function rowsOf(result: unknown): number | undefined {
  if (result === undefined) return undefined;
  if (Array.isArray(result)) return result.length;
  return result === null ? 0 : 1;
}
