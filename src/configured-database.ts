import { join } from "node:path";
import { type Config, type DatabaseConfig, describeDatabase, embeddedDatabaseConfig } from "./config.ts";
import { type Connection, findConnection } from "./database/connection/connect.ts";
import { FolderInUse, findRunning, startEmbedded } from "./database/embedded/start-embedded.ts";
import type { Patience } from "./database/statement/patience.ts";
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
  migrationConnection(patience: Patience): Promise<Connection>;
  /** Stops PostgreSQL if it is the embedded one. */
  stop(): Promise<void>;
}

/** Where the embedded database is, if there is one. */
export function embeddedFolder({ dataDir }: Config): string {
  return join(dataDir, "postgres");
}

/**
 * Starts the embedded PostgreSQL, unless the configuration names another database, which is left as it is.
 * @param options.join uses the embedded PostgreSQL of a process that serves the same folder, if there is one
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
    migrationConnection: (patience: Patience) => findConnection(migration, patience),
    stop: async () => undefined,
  });
  if (database.kind === "external")
    return reachable(database.connection, describeDatabase(database.connection), database.migration);
  const folder = embeddedFolder(config);
  const needed = database.pool.poolSize + limits.spareConnections;
  const starting = startEmbedded({
    dataDir,
    ...(options.log && { logger: options.log }),
    ...(options.signal && { signal: options.signal }),
    ...(needed > limits.embeddedConnections && { settings: { max_connections: String(needed) } }),
  });
  const embedded = await starting.catch(async (error: unknown) => {
    // Only the lock tells: the PostgreSQL of a service that was killed runs on for nobody.
    const running = options.join && error instanceof FolderInUse ? await findRunning(dataDir) : undefined;
    if (!running) throw error;
    return { running, pid: (error as FolderInUse).pid };
  });
  if ("running" in embedded) {
    const connection = embeddedDatabaseConfig(database.pool, embedded.running);
    return reachable(connection, `${folder} (embedded, run by process ${embedded.pid})`);
  }
  const connection = embeddedDatabaseConfig(database.pool, embedded.connection);
  return {
    ...reachable(connection, `${folder} (embedded PostgreSQL ${embedded.version})`),
    gone: new Promise((resolve) => embedded.onExit(resolve)),
    stop: () => embedded.stop(),
  };
}
