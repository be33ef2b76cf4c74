import { createDriverFactory, type DriverCommand } from "@slonik/driver";
import { BackendTerminatedError } from "@slonik/errors";
import pg from "pg";
import { currentSignal, currentStatementMs } from "../../call-scope.ts";
import { cancelled } from "../../errors.ts";
import { limits } from "../../limits.ts";
import { endsConnection, sqlState, stoppedByUs } from "../statement/errors.ts";
import { camelCase } from "../statement/sql.ts";
import { closeClient, sessionOf, socketOf } from "./client.ts";
import { prepareSession } from "./session.ts";
import type { SilenceWatch } from "./silence.ts";

/**
 * The settings of each session. A plan made while a table is small, which reads all of it, outlives that
 * state: with plans of a new queue, 131 instead of 19,000 jobs/s were claimed and completed. `enable_seqscan`
 * keeps such plans away. The rest costs 1e10, for which older servers compile it (jit): 400 ms at each run.
 *
 * PostgreSQL's default of 4 for a page out of order is that of spinning disks. With it, a narrow range of
 * scores, newest first, walks the benchmark by time and passes over 500 rows for each that it wants.
 *
 * PostgreSQL's sockets probe ours after 10 s of silence: the locks of a server that has lost its power are
 * free after 25 s, rather than after the two hours of most systems.
 */
export const sessionSettings =
  "set enable_seqscan = off; set jit = off; set random_page_cost = 1.1; set tcp_keepalives_idle = 10; " +
  "set tcp_keepalives_interval = 5; set tcp_keepalives_count = 3";

/**
 * Makes Slonik's driver over `pg`. The stock one takes only a URL (no free choice of password, socket or TLS
 * fallback), opens a connection of its own to look up type ids, and cannot cancel a query.
 * @param silence watches over the connections
 */
export function createDriver(clientConfig: pg.ClientConfig, prepared: boolean, silence?: SilenceWatch) {
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
          silence?.add(client);
          await prepareSession(client);
          if (prepared) await client.query(sessionSettings);
        },
        end: () => closeClient(client),
        query: async (text, values, options) => {
          const name = prepared ? options?.name : undefined;
          const cancel = () => requestCancel(client, clientConfig.ssl);
          const query = () => runQuery(client, text, values, name);
          const result = await runCancellable(client, text, cancel, query).catch((error) => {
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

/** Runs a query to its end, to that of its caller's signal, or to that of the time which any may take. */
async function runCancellable<T>(
  client: pg.Client,
  text: string,
  requestCancel: () => Promise<void>,
  query: () => Promise<T>,
): Promise<T> {
  const signal = currentSignal();
  // A rollback is sent all the same: the connection must not go back to the pool in an open transaction.
  if (signal?.aborted && text !== "ROLLBACK") throw cancelled(signal);
  const mostMs = currentStatementMs();
  let cancelling: Promise<void> | undefined;
  let grace: NodeJS.Timeout | undefined;
  const cancel = () => {
    if (grace) return;
    if (text !== "COMMIT" && text !== "ROLLBACK") cancelling = requestCancel();
    // A server that does not even stop the query is out of reach, which TCP would notice only much later.
    grace = setTimeout(() => socketOf(client).destroy(), limits.cancelGraceMs);
  };
  const most = setTimeout(cancel, mostMs);
  if (signal?.aborted) cancel();
  else signal?.addEventListener("abort", cancel, { once: true });
  try {
    return await query();
  } catch (error) {
    if (!cancelling || sqlState(error) !== "57014") throw error;
    throw signal?.aborted ? cancelled(signal) : stoppedByUs(mostMs);
  } finally {
    signal?.removeEventListener("abort", cancel);
    clearTimeout(most);
    clearTimeout(grace);
    // The cancel request may arrive after the query's end: the connection must not run another one before.
    await cancelling;
  }
}

/** A connection of the protocol, with the methods that the types of `pg` leave out. */
type WholeConnection = pg.Connection & {
  connect(portOrPath: number | string, host?: string): void;
  requestSsl(): void;
  cancel(processId: number, secretKey: number): void;
};

/**
 * Asks the server to stop what `client` runs, by the protocol's CancelRequest on a connection of its own. It
 * has TLS where the client's has: the request holds what it takes to stop others of the session.
 */
function requestCancel(client: pg.Client, ssl: pg.ClientConfig["ssl"]): Promise<void> {
  const { processId, secretKey } = sessionOf(client);
  const connection = new pg.Connection({ ssl: ssl ?? false }) as WholeConnection;
  const send = () => connection.cancel(processId, secretKey);
  return new Promise((resolve) => {
    const late = setTimeout(() => connection.stream.destroy(), limits.cancelGraceMs);
    const done = () => {
      clearTimeout(late);
      connection.stream.destroy();
      resolve();
    };
    connection.once("connect", () => (ssl ? connection.requestSsl() : send()));
    connection.once("sslconnect", send);
    connection.on("error", done);
    // The server hangs up once it has passed the request on.
    connection.once("end", done);
    if (client.host.startsWith("/")) connection.connect(`${client.host}/.s.PGSQL.${client.port}`);
    else connection.connect(client.port, client.host);
  });
}

/** A query with its name and its handler of a result's description, which the types of `pg` leave out. */
type WholeQuery = pg.Query & {
  name: string | undefined;
  handleRowDescription: (message: { fields: pg.FieldDef[] }) => void;
};

/**
 * Runs a query whose rows have the names of our fields, `limitKey` for `limit_key`. Renaming the columns
 * before `pg` makes the rows takes nothing. Slonik's interceptor renames the keys of each row: 0.2 s for
 * 100,000.
 * @param name under which it is prepared. Default: it is not
 */
export function runQuery(
  client: pg.ClientBase,
  text: string,
  values?: unknown[],
  name?: string,
): Promise<pg.QueryResult> {
  return new Promise((resolve, reject) => {
    const done = (error: Error | undefined, result: pg.QueryResult) =>
      error ? reject(error) : resolve(result);
    // A name that comes in an object has `pg` copy that with all its properties' descriptors.
    const query = new pg.Query(text, values, done) as WholeQuery;
    query.name = name;
    const describe = query.handleRowDescription;
    query.handleRowDescription = (message) => {
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
  // Nine of ten are in UTC and have all six digits.
  if (text.length === 29 && text[10] === " " && text.endsWith("+00"))
    return `${text.slice(0, 10)}T${text.slice(11, 26)}Z`;
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

/**
 * Makes a parser of an array's text that takes it apart at the commas, where no element is quoted and none is
 * an array. The one of `pg` goes letter by letter: 1,000 ids take it 0.6 ms, and this one 0.03.
 */
function arrayParser(oid: number, parse: (element: string) => unknown): (text: string) => unknown {
  const parseAny = pg.types.getTypeParser(oid);
  return (text) => {
    if (text === "{}") return [];
    if (text.includes('"') || text.lastIndexOf("{") !== 0) return parseAny(text);
    const elements = text.slice(1, -1).split(",");
    return elements.map((element) => (element === "NULL" ? null : parse(element)));
  };
}

const asIs = (text: string) => text;
const parsers: Record<number, (text: string) => unknown> = {
  [builtins.TIMESTAMPTZ]: parseTimestamp,
  [builtins.INT8]: parseInt8,
  // Of int2, int4, float8, text, varchar and uuid.
  ...Object.fromEntries([1005, 1007, 1022].map((oid) => [oid, arrayParser(oid, Number)])),
  ...Object.fromEntries([1009, 1015, 2951].map((oid) => [oid, arrayParser(oid, asIs)])),
};

/** Finds a column's parser for `pg`: ours if the default loses something, else the default. */
export const typeParsers: pg.CustomTypesConfig = {
  getTypeParser(oid: number, format?: string) {
    const own = format === "binary" ? undefined : parsers[oid];
    return own ?? pg.types.getTypeParser(oid, format as "text");
  },
};
