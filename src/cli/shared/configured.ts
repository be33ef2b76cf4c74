import { existsSync } from "node:fs";
import type { Config } from "../../config.ts";
import type { ConfiguredDatabase } from "../../configured-database.ts";
import type { Connection } from "../../database/connection/connect.ts";
import type { Patience } from "../../database/statement/patience.ts";
import { CliError, UsageError } from "./errors.ts";
import { note, noteLog } from "./output.ts";
import { commandLine } from "./shell.ts";

/** Options of the commands that look into the configured database. */
export interface DatabaseOptions {
  config?: string;
  json?: boolean;
}

/**
 * Runs `work` with the configured database: DATABASE_URL and its kin, else the embedded one in LTB_DATA_DIR,
 * which is started for as long as that takes, or joined where a service runs on it.
 * @param file JSON file with settings
 * @param options.create whether to make the embedded database if there is none. Default: false
 * @throws CliError if there is none
 */
export async function withConfiguredDatabase<T>(
  file: string | undefined,
  work: (database: ConfiguredDatabase, config: Config) => Promise<T>,
  { create = false } = {},
): Promise<T> {
  const { loadConfig } = await import("../../config.ts");
  const { embeddedFolder, startConfiguredDatabase } = await import("../../configured-database.ts");
  const config = loadConfig({ ...(file !== undefined && { file }), listens: false });
  for (const warning of config.warnings) note(`warning: ${warning}`);
  if (!create && config.database.kind === "embedded" && !existsSync(embeddedFolder(config)))
    throw new CliError(
      `there is no embedded database in ${config.dataDir}: name its folder (LTB_DATA_DIR) or another database ` +
        `(DATABASE_URL), or make one: ${commandLine("serve")}`,
    );
  const database = await startConfiguredDatabase(config, { join: true });
  try {
    return await work(database, config);
  } finally {
    await database.stop();
  }
}

/** Runs `work` with the connection of the configured database that migrations, backups and indexes use. */
export function withMigrationConnection<T>(
  { config }: { config?: string | undefined },
  work: (connection: Connection) => Promise<T>,
  options: { create?: boolean } = {},
): Promise<T> {
  return withConfiguredDatabase(
    config,
    async (database, settings) => work(await database.migrationConnection(await patienceOf(settings))),
    options,
  );
}

/** The patience of a command with its database: as that of a server, told to the person who waits. */
export async function patienceOf({ startupTimeoutSeconds }: Config): Promise<Patience> {
  const { Patience } = await import("../../database/statement/patience.ts");
  return new Patience(startupTimeoutSeconds * 1000, { log: noteLog });
}

/** Runs `work` with the connection of the replica, which must be configured. */
export function withReplicaConnection<T>(
  { config: file }: { config?: string | undefined },
  work: (connection: Connection) => Promise<T>,
): Promise<T> {
  return withConfiguredDatabase(file, async (_, config) => {
    const replica = config.database.kind === "external" ? config.database.replica : undefined;
    if (!replica) throw new UsageError("--replica needs the address of one: set DATABASE_REPLICA_URL");
    const { findConnection } = await import("../../database/connection/connect.ts");
    return work(await findConnection(replica, await patienceOf(config)));
  });
}
