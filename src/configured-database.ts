import { join } from "node:path";
import {
  type Config,
  type DatabaseConfig,
  describeConfiguredDatabase,
  embeddedDatabaseConfig,
} from "./config.ts";
import { type Connection, findConnection } from "./database/connection/connect.ts";
import { findRunning, startEmbedded } from "./database/embedded/start-embedded.ts";
import type { Logger } from "./log.ts";

/** Connections of the embedded PostgreSQL by default, and those that the pool leaves to others. */
const EMBEDDED_CONNECTIONS = 60;
const SPARE_CONNECTIONS = 10;

/** The database that the configuration names, running. */
export interface ConfiguredDatabase {
  connection: DatabaseConfig;
  /** Where it is, for people; without secrets. */
  description: string;
  /** Resolves with the cause when the embedded PostgreSQL ends by itself; never for another database. */
  gone: Promise<string>;
  /** The connection of migrations, which must not lead through a pooler. */
  migrationConnection(): Promise<Connection>;
  /** Stops PostgreSQL if it is the embedded one. */
  stop(): Promise<void>;
}

/**
 * Starts the embedded PostgreSQL, unless the configuration names another database, which is left as it is.
 * @param options.join uses the embedded PostgreSQL of a service that runs on the same folder, if there is one
 */
export async function startConfiguredDatabase(
  config: Config,
  {
    log,
    signal,
    join: joins = false,
  }: { log?: Logger; signal?: AbortSignal | undefined; join?: boolean } = {},
): Promise<ConfiguredDatabase> {
  const { database } = config;
  const timeoutMs = config.startupTimeoutSeconds * 1000;
  if (database.kind === "external") {
    const { connection, migration = connection } = database;
    return {
      connection,
      description: describeConfiguredDatabase(config),
      gone: new Promise(() => undefined),
      migrationConnection: () => findConnection(migration, timeoutMs),
      stop: async () => undefined,
    };
  }
  const running = joins ? await findRunning(config.dataDir) : undefined;
  if (running) {
    const connection = embeddedDatabaseConfig(database.pool, running);
    return {
      connection,
      description: `${join(config.dataDir, "postgres")} (embedded, of the running service)`,
      gone: new Promise(() => undefined),
      migrationConnection: () => findConnection(connection, timeoutMs),
      stop: async () => undefined,
    };
  }
  const needed = database.pool.poolSize + SPARE_CONNECTIONS;
  const embedded = await startEmbedded({
    dataDir: config.dataDir,
    ...(log && { logger: log }),
    ...(signal && { signal }),
    ...(needed > EMBEDDED_CONNECTIONS && { settings: { max_connections: String(needed) } }),
  });
  const connection = embeddedDatabaseConfig(database.pool, embedded.connection);
  return {
    connection,
    description: `${join(config.dataDir, "postgres")} (embedded PostgreSQL ${embedded.version})`,
    gone: new Promise((resolve) => embedded.onExit(resolve)),
    migrationConnection: () => findConnection(connection, timeoutMs),
    stop: () => embedded.stop(),
  };
}
