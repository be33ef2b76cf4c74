import type { Config } from "../../config.ts";
import type { ConfiguredDatabase } from "../../configured-database.ts";
import { note } from "./output.ts";

/** Options of the commands that look into the configured database. */
export interface DatabaseOptions {
  config?: string;
  json?: boolean;
}

/**
 * Runs `work` with the configured database: DATABASE_URL and its kin, else the embedded one in LTB_DATA_DIR,
 * which is started for as long as that takes, or joined where a service runs on it.
 * @param file JSON file with settings
 */
export async function withConfiguredDatabase<T>(
  file: string | undefined,
  work: (database: ConfiguredDatabase, config: Config) => Promise<T>,
): Promise<T> {
  const { loadConfig } = await import("../../config.ts");
  const { startConfiguredDatabase } = await import("../../configured-database.ts");
  const config = loadConfig(file === undefined ? {} : { file });
  for (const warning of config.warnings) note(`warning: ${warning}`);
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
  work: (connection: Awaited<ReturnType<ConfiguredDatabase["migrationConnection"]>>) => Promise<T>,
): Promise<T> {
  return withConfiguredDatabase(config, async (database) => work(await database.migrationConnection()));
}
