import { randomUUID } from "node:crypto";
import pg from "pg";
import { backoffMs } from "../../backoff.ts";
import { limits } from "../../limits.ts";
import type { Log } from "../../log.ts";
import { OutageLog } from "../../outage-log.ts";
import { closeClient } from "./client.ts";
import type { Connection } from "./connect.ts";
import { prepareSession } from "./session.ts";

const channel = "ltb_jobs";

/** A change as other servers see it: there may be something to claim, or only something to watch. */
export type Hint = "claimable" | "watchable";

/**
 * Tells the other servers on the database that something changed, and hears it from them, by LISTEN and
 * NOTIFY on a connection of its own. A hint only spares them a wait: it may be lost, and nothing may depend
 * on it. The changing transactions send none, because NOTIFY takes a lock at commit that all of a database
 * share.
 */
export class Notifier {
  readonly #connection: Connection;
  readonly #onHint: (hint: Hint) => void;
  readonly #outage: OutageLog;
  readonly #self = randomUUID();
  #client: pg.Client | undefined;
  #connecting: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #checks: NodeJS.Timeout | undefined;
  #failures = 0;
  #isStopped = false;

  #pending: Hint | undefined;
  #isSending = false;
  #sentAt = Number.NEGATIVE_INFINITY;
  #sendTimer: NodeJS.Timeout | undefined;

  /**
   * @param connection leads to PostgreSQL itself, or to a pooler that keeps sessions
   * @param onHint is called for hints of others, and after each connection, before which some may be lost
   */
  constructor(connection: Connection, onHint: (hint: Hint) => void, log?: Log) {
    this.#connection = connection;
    this.#onHint = onHint;
    this.#outage = new OutageLog(log, "hints between servers work again");
  }

  /** Connects, and reconnects from then on. Resolves after the first attempt, however it ends. */
  start(): Promise<void> {
    this.#checks = setInterval(() => this.#check(), limits.hintCheckMs).unref();
    return this.#connect();
  }

  /** Sends a hint soon. Hints close to each other are sent as one; without a connection none is sent. */
  notify(hint: Hint): void {
    if (!this.#client) return;
    if (this.#pending !== "claimable") this.#pending = hint;
    if (this.#isSending || this.#sendTimer) return;
    const ms = this.#sentAt + limits.hintIntervalMs - performance.now();
    this.#sendTimer = setTimeout(() => void this.#send(), Math.max(0, ms));
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    clearTimeout(this.#sendTimer);
    clearInterval(this.#checks);
    await this.#connecting;
    const client = this.#client;
    this.#client = undefined;
    if (client) await closeClient(client);
  }

  async #send(): Promise<void> {
    this.#sendTimer = undefined;
    const [client, hint] = [this.#client, this.#pending];
    this.#pending = undefined;
    if (!client || !hint) return;
    this.#isSending = true;
    this.#sentAt = performance.now();
    try {
      const values = [channel, `${hint} ${this.#self}`];
      await client.query({ name: "notify", text: "select pg_notify($1, $2)", values });
    } catch (error) {
      this.#giveUp(client, error);
    } finally {
      this.#isSending = false;
      if (this.#pending) this.notify(this.#pending);
    }
  }

  #connect(): Promise<void> {
    this.#connecting ??= this.#listen().finally(() => {
      this.#connecting = undefined;
    });
    return this.#connecting;
  }

  async #listen(): Promise<void> {
    const client = new pg.Client({ ...this.#connection, query_timeout: limits.hintTimeoutMs });
    client.on("error", (error) => this.#giveUp(client, error));
    client.on("end", () => this.#giveUp(client, new Error("the connection was closed")));
    client.on("notification", ({ payload = "" }) => {
      const [hint, sender] = payload.split(" ");
      if (sender !== this.#self) this.#onHint(hint === "watchable" ? hint : "claimable");
    });
    try {
      await client.connect();
      await prepareSession(client);
      await client.query(`listen ${channel}`);
      if (this.#isStopped) return void (await closeClient(client));
      this.#client = client;
      this.#outage.works();
      this.#failures = 0;
      this.#onHint("claimable");
    } catch (error) {
      void closeClient(client);
      this.#retry(error);
    }
  }

  /** Sends a query that a peer which is gone without a word does not answer. */
  #check(): void {
    const client = this.#client;
    client?.query(`listen ${channel}`).catch((error) => this.#giveUp(client, error));
  }

  #giveUp(client: pg.Client, error: unknown): void {
    if (this.#client !== client) return;
    this.#client = undefined;
    void closeClient(client);
    this.#retry(error);
  }

  #retry(error: unknown): void {
    if (this.#isStopped) return;
    this.#failures++;
    this.#outage.failed({ err: error }, "hints between servers do not work; jobs are found by polling");
    const ms = backoffMs(this.#failures, limits.hintRetryFirstMs, limits.hintRetryMs);
    this.#timer = setTimeout(() => void this.#connect(), ms);
  }
}
