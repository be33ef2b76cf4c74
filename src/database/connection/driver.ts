import net from "node:net";
import { createDriverFactory, type DriverCommand } from "@slonik/driver";
import { BackendTerminatedError } from "@slonik/errors";
import pg from "pg";
import { currentSignal } from "../../call-scope.ts";
import { cancelled } from "../../errors.ts";
import { limits } from "../../limits.ts";
import { endsConnection, sqlState } from "../statement/errors.ts";
import { camelCase } from "../statement/sql.ts";
import { prepareSession } from "./session.ts";

/**
 * The settings of each session. A plan made while a table is small, which reads all of it, outlives that
 * state: with plans of a new queue, 131 instead of 19,000 jobs/s were claimed and completed. `enable_seqscan`
 * keeps such plans away. The rest costs 1e10, for which older servers compile it (jit): 400 ms at each run.
 *
 * PostgreSQL's default of 4 for a page out of order is that of spinning disks. With it, a narrow range of
 * scores, newest first, walks the benchmark by time and passes over 500 rows for each that it wants.
 */
export const sessionSettings = "set enable_seqscan = off; set jit = off; set random_page_cost = 1.1";

/**
 * Makes Slonik's driver over `pg`. The stock one takes only a URL (no free choice of password, socket or TLS
 * fallback), opens a connection of its own to look up type ids, and cannot cancel a query.
 */
export function createDriver(clientConfig: pg.ClientConfig, prepared: boolean) {
  return createDriverFactory(async () => ({
    createPoolClient: async ({ clientEventEmitter }) => {
      const client = new pg.Client({ ...clientConfig, types: typeParsers });
      let lost = false;
      client.on("error", (error) => {
        lost = true;
        // Slonik does not listen to a client that it gave up; an error without a listener ends the process.
        if (clientEventEmitter.listenerCount("error") === 0) return;
        clientEventEmitter.emit("error", new BackendTerminatedError(error));
      });
      return {
        connect: async () => {
          await client.connect();
          await prepareSession(client);
          if (prepared) await client.query(sessionSettings);
        },
        end: () => client.end(),
        query: async (text, values, options) => {
          const name = prepared ? options?.name : undefined;
          const query = { text, ...(values && { values }), ...(name && { name }) };
          const result = await runCancellable(client, text, () => runQuery(client, query)).catch((error) => {
            throw lost || endsConnection(error) ? new BackendTerminatedError(error) : error;
          });
          return {
            command: result.command as DriverCommand,
            fields: result.fields.map(({ name, dataTypeID }) => ({ name, dataTypeId: dataTypeID })),
            rowCount: result.rowCount,
            rows: result.rows,
          };
        },
        stream: () => {
          throw new Error("row streams hold a snapshot as long as the reader likes: read pages instead");
        },
      };
    },
  }));
}

async function runCancellable<T>(client: pg.Client, text: string, query: () => Promise<T>): Promise<T> {
  const signal = currentSignal();
  if (!signal) return query();
  // A rollback is sent all the same: the connection must not go back to the pool in an open transaction.
  if (signal.aborted && text !== "ROLLBACK") throw cancelled(signal);
  let cancelling: Promise<void> | undefined;
  let grace: NodeJS.Timeout | undefined;
  const cancel = () => {
    if (text !== "COMMIT" && text !== "ROLLBACK") cancelling = requestCancel(client);
    // A server that does not even stop the query is out of reach, which TCP would notice only much later.
    grace = setTimeout(() => internals(client).connection.stream.destroy(), limits.cancelGraceMs);
  };
  if (signal.aborted) cancel();
  else signal.addEventListener("abort", cancel, { once: true });
  try {
    return await query();
  } catch (error) {
    throw cancelling && sqlState(error) === "57014" ? cancelled(signal) : error;
  } finally {
    signal.removeEventListener("abort", cancel);
    clearTimeout(grace);
    // The cancel request may arrive after the query's end: the connection must not run another one before.
    await cancelling;
  }
}

/** Asks the server to stop what `client` runs, by the protocol's CancelRequest on a connection of its own. */
function requestCancel(client: pg.Client): Promise<void> {
  const { processID, secretKey } = internals(client);
  const request = Buffer.alloc(16);
  request.writeInt32BE(16, 0);
  request.writeInt32BE(80877102, 4);
  request.writeInt32BE(processID, 8);
  request.writeInt32BE(secretKey, 12);
  const socket = client.host.startsWith("/")
    ? net.connect({ path: `${client.host}/.s.PGSQL.${client.port}` })
    : net.connect({ host: client.host, port: client.port });
  return new Promise((resolve) => {
    socket.setTimeout(limits.cancelGraceMs, () => socket.destroy());
    socket.once("connect", () => socket.end(request));
    socket.on("error", () => resolve());
    // The server hangs up once it has passed the request on.
    socket.once("close", () => resolve());
    socket.resume();
  });
}

/** The fields of a client that the types of `pg` leave out. */
function internals(client: pg.Client) {
  return client as unknown as { processID: number; secretKey: number; connection: { stream: net.Socket } };
}

/** A query with its handler of a result's description, which the types of `pg` leave out. */
interface Described {
  handleRowDescription: (message: { fields: pg.FieldDef[] }) => void;
}

/**
 * Runs a query whose rows have the names of our fields, `limitKey` for `limit_key`. Renaming the columns
 * before `pg` makes the rows takes nothing. Slonik's interceptor renames the keys of each row: 0.2 s for
 * 100,000.
 */
export function runQuery(client: pg.ClientBase, config: pg.QueryConfig): Promise<pg.QueryResult> {
  return new Promise((resolve, reject) => {
    const query = new pg.Query(config, (error, result) => (error ? reject(error) : resolve(result)));
    const described = query as unknown as Described;
    const describe = described.handleRowDescription;
    described.handleRowDescription = (message) => {
      for (const field of message.fields) field.name = camelCase(field.name);
      describe.call(query, message);
    };
    client.query(query);
  });
}

const { builtins } = pg.types;
const microsecond =
  /^(\d{4,}-\d\d-\d\d) (\d\d:\d\d:\d\d)(?:\.(\d{1,6}))?([+-]\d\d)(?::?(\d\d))?(?::?(\d\d))?$/;

/**
 * Turns PostgreSQL's text of a timestamptz, in any time zone, into ISO 8601 in UTC with all six digits. A
 * `Date` would drop three of them, and a keyset page on the result would skip rows.
 */
export function parseTimestamp(text: string): string {
  const match = microsecond.exec(text);
  if (!match) throw new RangeError(`timestamp out of the supported range: ${text}`);
  const [, day, time, fraction = "", hours = "+00", minutes = "00", seconds = "00"] = match;
  const micros = fraction.padEnd(6, "0");
  if (hours === "+00" && minutes === "00" && seconds === "00") return `${day}T${time}.${micros}Z`;
  const offset = Math.abs(Number(hours)) * 3600 + Number(minutes) * 60 + Number(seconds);
  const utc = Date.parse(`${day}T${time}Z`) - (hours.startsWith("-") ? -1 : 1) * offset * 1000;
  return `${new Date(utc).toISOString().slice(0, 19)}.${micros}Z`;
}

function parseInt8(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw new RangeError(`bigint beyond 2^53: ${text}`);
  return value;
}

const parsers: Record<number, (text: string) => unknown> = {
  [builtins.TIMESTAMPTZ]: parseTimestamp,
  [builtins.INT8]: parseInt8,
};

/** Finds a column's parser for `pg`: ours if the default loses something, else the default. */
export const typeParsers: pg.CustomTypesConfig = {
  getTypeParser(oid: number, format?: string) {
    const own = format === "binary" ? undefined : parsers[oid];
    return own ?? pg.types.getTypeParser(oid, format as "text");
  },
};
