import type { Connection } from "../database/connect.ts";
import { note } from "./output.ts";

/**
 * Runs `work` with a way to the configured database: DATABASE_URL and its kin, else the embedded one in LTB_DATA_DIR, which
 * is started for as long as that takes, or joined where a service runs on it.
 * @param file JSON file with settings
 */
export async function withConfiguredDatabase<T>(
  file: string | undefined,
  work: (connection: Connection, description: string) => Promise<T>,
): Promise<T> {
  const { loadConfig } = await import("../config.ts");
  const { startConfiguredDatabase } = await import("../configured-database.ts");
  const config = loadConfig(file === undefined ? {} : { file });
  for (const warning of config.warnings) note(`warning: ${warning}`);
  const database = await startConfiguredDatabase(config, { join: true });
  try {
    return await work(await database.migrationConnection(), database.description);
  } finally {
    await database.stop();
  }
}
