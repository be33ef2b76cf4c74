import { setTimeout as sleep } from "node:timers/promises";
import { Client, type ClientConfig } from "pg";
import { limits } from "../../limits.ts";
import { isConnectionFailure } from "../statement/errors.ts";
import { closeClient, runningQueryOf, runOrCut, sessionOf, socketOf } from "./client.ts";

/** A statement that a connection waited for at the last look, and what had come until then. */
interface Wait {
  query: object | undefined;
  bytes: number;
  since: number;
}

interface Times {
  /** Statements are looked at this often, in milliseconds. */
  checkMs: number;
  /** An answer may be under way for so long. */
  graceMs: number;
  /** A statement is given up after this time where no new connection can be made. */
  unreachableMs: number;
}

const usualTimes: Times = {
  checkMs: limits.silenceCheckMs,
  graceMs: limits.silenceGraceMs,
  unreachableMs: limits.silenceUnreachableMs,
};

/**
 * Cuts the connections to PostgreSQL whose statements get no answer any more. A host without power, a
 * failover or a firewall closes nothing, and TCP finds out after a quarter of an hour, or never. A statement
 * that has run for a while is therefore looked up over a new connection. One that PostgreSQL does not work
 * on, or whose server cannot be reached at all, fails then as on any lost connection; a slow one runs on.
 *
 * All connections must lead to one server. A pooler's are left alone: it knows sessions by other numbers.
 */
export class SilenceWatch {
  readonly #config: ClientConfig;
  readonly #times: Times;
  readonly #waits = new Map<Client, Wait>();
  #timer: NodeJS.Timeout | undefined;
  #isLooking = false;

  constructor(config: ClientConfig, times = usualTimes) {
    this.#config = config;
    this.#times = times;
  }

  /** Watches over a connection until it ends. */
  add(client: Client): void {
    this.#note(client);
    this.#timer ??= setInterval(() => void this.#look(), this.#times.checkMs).unref();
    client.once("end", () => {
      this.#waits.delete(client);
      if (this.#waits.size > 0) return;
      clearInterval(this.#timer);
      this.#timer = undefined;
    });
  }

  async #look(): Promise<void> {
    if (this.#isLooking) return;
    const waiting = [...this.#waits.keys()].filter((client) => !this.#note(client));
    if (waiting.length === 0) return;
    this.#isLooking = true;
    const lost = await this.#findLost(waiting);
    // An answer may be on its way.
    if (lost.length > 0) await sleep(this.#times.graceMs, undefined, { ref: false });
    for (const client of lost) if (this.#waits.has(client) && !this.#note(client)) socketOf(client).destroy();
    this.#isLooking = false;
  }

  /** Notes what the connection waits for. @returns whether anything has come, or begun, since the last one */
  #note(client: Client): boolean {
    const query = runningQueryOf(client);
    const bytes = socketOf(client).bytesRead;
    const before = this.#waits.get(client);
    if (query !== undefined && before?.query === query && before.bytes === bytes) return false;
    this.#waits.set(client, { query, bytes, since: performance.now() });
    return true;
  }

  async #findLost(waiting: readonly Client[]): Promise<Client[]> {
    try {
      const working = await findWorking(this.#config, waiting);
      return waiting.filter((client) => !working.has(client));
    } catch (error) {
      // A server that answers, if only to refuse one more connection, may work on the statement.
      if (!isConnectionFailure(error)) return [];
      const oldest = performance.now() - this.#times.unreachableMs;
      return waiting.filter((client) => (this.#waits.get(client)?.since ?? 0) < oldest);
    }
  }
}

// A statement of ours that has begun leaves its session neither idle nor waiting for the next. Where the
// server keeps no states, or hides them, the session counts as working.
const workingSessions = `
  select pg_catalog.pg_backend_pid() as own, array(
    select pid from pg_catalog.pg_stat_activity
    where pid = any ($1::pg_catalog.int4[]) and coalesce(state, '') not like 'idle%'
  ) as working`;

/** Finds the clients whose statements PostgreSQL works on; all of them where a pooler hides that. */
async function findWorking(config: ClientConfig, clients: readonly Client[]): Promise<ReadonlySet<Client>> {
  const asker = new Client({ ...config, connectionTimeoutMillis: limits.cancelGraceMs });
  asker.on("error", () => undefined);
  try {
    await asker.connect();
    const ids = clients.map((client) => sessionOf(client).processId);
    const { rows } = await runOrCut(asker, limits.cancelGraceMs, () =>
      asker.query<{ own: number; working: number[] }>(workingSessions, [ids]),
    );
    const [answer] = rows;
    if (answer?.own !== sessionOf(asker).processId) return new Set(clients);
    return new Set(clients.filter((client) => answer.working.includes(sessionOf(client).processId)));
  } finally {
    void closeClient(asker);
  }
}
