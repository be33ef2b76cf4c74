import { Code, ConnectError } from "@connectrpc/connect";
import { backoffMs } from "../../backoff.ts";
import { retryAfterMsOf } from "../errors.ts";
import { pause } from "./notifier.ts";

/** The callbacks of an outbox, for sending and for the answers. */
export interface OutboxOptions<Item, Result> {
  /** Sends a batch. The answers are in its order. */
  send(items: Item[], signal: AbortSignal): Promise<readonly Result[]>;
  /** Weight of an item. The weights of a batch add up to at most 1, unless the item is alone. */
  weigh(item: Item): number;
  answered(item: Item, result: Result): void;
  /** Called for an item that the service will never accept. */
  refused(item: Item, error: unknown): void;
  /** Called when a batch could not be sent and will be tried again. */
  delayed(error: unknown, items: readonly Item[]): void;
  /** Called when items were answered or refused. */
  settled(): void;
}

/** Number of batches that may be on their way at once, because a slow one should not delay the others. */
const SENDERS = 4;
/** Time that items gather while another batch is on its way. */
const GATHER_MS = 5;
const LONGEST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_SUSPECT_MS = 10_000;

/**
 * Delivers items in batches: at once if none is on its way, else gathered for a few milliseconds. A batch
 * that fails for a passing reason is sent again; a refused one is halved until the wrong item stands alone.
 */
export class Outbox<Item, Result> {
  readonly #options: OutboxOptions<Item, Result>;
  readonly #abandoned = new AbortController();
  readonly #hurried = new AbortController();
  /** When the time for the last deliveries is over, once that is known. */
  #wantedBy = Infinity;
  #waiting: Item[] = [];
  #sending = 0;
  /** Items on their way. */
  #sent = 0;
  #timer: NodeJS.Immediate | NodeJS.Timeout | undefined;

  constructor(options: OutboxOptions<Item, Result>) {
    this.#options = options;
  }

  /** Number of items without an answer. */
  get size(): number {
    return this.#waiting.length + this.#sent;
  }

  add(item: Item): void {
    this.#waiting.push(item);
    this.#arm();
  }

  /** Says what time is left. The service may ask to wait for half of it each time, and no longer. */
  hurry(ms: number): void {
    this.#wantedBy = performance.now() + ms;
    this.#hurried.abort();
  }

  /** Gives up the items without an answer. */
  abandon(): void {
    this.#abandoned.abort();
    this.#waiting = [];
  }

  #arm(): void {
    if (this.#timer !== undefined || this.#waiting.length === 0 || this.#sending >= SENDERS) return;
    const flush = () => {
      this.#timer = undefined;
      this.#flush();
    };
    // Handlers that end in the same turn of the event loop share a batch.
    this.#timer = this.#sending === 0 ? setImmediate(flush) : setTimeout(flush, GATHER_MS);
  }

  #flush(): void {
    const items = this.#take();
    if (items.length === 0) return;
    this.#sending++;
    this.#sent += items.length;
    void this.#deliver(items).finally(() => {
      this.#sending--;
      this.#arm();
    });
    this.#arm();
  }

  #take(): Item[] {
    let weight = 0;
    const end = this.#waiting.findIndex((item, index) => {
      weight += this.#options.weigh(item);
      return weight > 1 && index > 0;
    });
    return this.#waiting.splice(0, end < 0 ? this.#waiting.length : end);
  }

  async #deliver(items: Item[]): Promise<void> {
    const { signal } = this.#abandoned;
    const [only] = items.length === 1 ? items : [];
    for (let attempt = 1; !signal.aborted; attempt++) {
      try {
        const results = await this.#options.send(items, signal);
        if (results.length !== items.length)
          throw new Error(`${items.length} items got ${results.length} answers`);
        for (const [index, item] of items.entries()) {
          const result = results[index];
          if (result !== undefined) this.#settle(() => this.#options.answered(item, result));
        }
        return;
      } catch (error) {
        if (signal.aborted) return;
        const verdict = judge(error);
        if (verdict === "refused" && only !== undefined)
          return this.#settle(() => this.#options.refused(only, error));
        if (verdict !== "later" && items.length > 1) return this.#deliverHalves(items);
        this.#options.delayed(error, items);
        const longest = verdict === "later" ? LONGEST_PAUSE_MS : LONGEST_PAUSE_SUSPECT_MS;
        await this.#waitAsked(retryAfterMsOf(error) ?? 0, signal);
        await pause(backoffMs(attempt, 50, longest), signal);
      }
    }
  }

  async #waitAsked(ms: number, signal: AbortSignal): Promise<void> {
    const end = performance.now() + ms;
    // Whoever hurries ends the first pause, and shortens the second.
    for (const until of [AbortSignal.any([signal, this.#hurried.signal]), signal]) {
      const now = performance.now();
      await pause(Math.max(0, Math.min(end - now, (this.#wantedBy - now) / 2)), until);
    }
  }

  async #deliverHalves(items: Item[]): Promise<void> {
    const middle = items.length >> 1;
    await Promise.all([this.#deliver(items.slice(0, middle)), this.#deliver(items.slice(middle))]);
  }

  #settle(report: () => void): void {
    this.#sent--;
    report();
    this.#options.settled();
  }
}

/**
 * Judges a batch by its error. `later`: the error says nothing about the batch. `refused`: the service will
 * never accept an item of it. `suspect`: perhaps one item is wrong, so each should be tried alone.
 */
function judge(error: unknown): "later" | "refused" | "suspect" {
  if (!(error instanceof ConnectError)) return "suspect";
  if (error.code === Code.ResourceExhausted) return retryAfterMsOf(error) === undefined ? "refused" : "later";
  return verdicts.get(error.code) ?? "suspect";
}

const verdicts = new Map<Code, "later" | "refused">([
  [Code.Unavailable, "later"],
  [Code.Aborted, "later"],
  [Code.Canceled, "later"],
  // A revoked key or a removed worker may come back.
  [Code.Unauthenticated, "later"],
  [Code.PermissionDenied, "later"],
  [Code.NotFound, "later"],
  [Code.InvalidArgument, "refused"],
  [Code.OutOfRange, "refused"],
  [Code.FailedPrecondition, "refused"],
]);
