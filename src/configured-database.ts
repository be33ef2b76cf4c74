import { join } from "node:path";
import { type Config, type DatabaseConfig, describeDatabase, embeddedDatabaseConfig } from "./config.ts";
import { type Connection, findConnection } from "./database/connection/connect.ts";
import { findRunning, startEmbedded } from "./database/embedded/start-embedded.ts";
import { limits } from "./limits.ts";
import type { Logger } from "./log.ts";

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
  options: { log?: Logger; signal?: AbortSignal | undefined; join?: boolean } = {},
): Promise<ConfiguredDatabase> {
  const { database, dataDir } = config;
  const reachable = (connection: DatabaseConfig, description: string, migration = connection) => ({
    connection,
    description,
    gone: new Promise<never>(() => undefined),
    migrationConnection: () => findConnection(migration, config.startupTimeoutSeconds * 1000),
    stop: async () => undefined,
  });
  if (database.kind === "external")
    return reachable(database.connection, describeDatabase(database.connection), database.migration);
  const folder = join(dataDir, "postgres");
  const running = options.join ? await findRunning(dataDir) : undefined;
  if (running) {
    const connection = embeddedDatabaseConfig(database.pool, running);
    return reachable(connection, `${folder} (embedded, of the running service)`);
  }
  const needed = database.pool.poolSize + limits.spareConnections;
  const embedded = await startEmbedded({
    dataDir,
    ...(options.log && { logger: options.log }),
    ...(options.signal && { signal: options.signal }),
    ...(needed > limits.embeddedConnections && { settings: { max_connections: String(needed) } }),
  });
  const connection = embeddedDatabaseConfig(database.pool, embedded.connection);
  return {
    ...reachable(connection, `${folder} (embedded PostgreSQL ${embedded.version})`),
    gone: new Promise((resolve) => embedded.onExit(resolve)),
    stop: () => embedded.stop(),
  };
}
