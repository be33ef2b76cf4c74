import type { Database } from "../../storage.ts";
import type { Command } from "./command.ts";
import { patienceOf, withConfiguredDatabase } from "./configured.ts";
import { CliError } from "./errors.ts";
import { note } from "./output.ts";
import { commandLine } from "./shell.ts";

/** Options of commands that can do without the service. */
export interface DirectOptions {
  /** Write to the configured database. */
  database?: boolean;
  config?: string;
}

export function withDirectOptions(command: Command): Command {
  return command
    .option(
      "--database",
      "write to the configured database (DATABASE_URL and its kin) instead of calling the service: for the first admin and key, and where none are left",
    )
    .option("--config <file>", "with --database: JSON file with settings (LTB_CONFIG_FILE)");
}

/** Works on the configured database, as the program itself and not as any user. */
export async function onDatabase<T>(
  { config: file }: DirectOptions,
  work: (database: Database) => Promise<T>,
): Promise<T> {
  const { Database } = await import("../../storage.ts");
  const { migrationStatus, refuseMismatch } = await import("../../database/migrate/migrate.ts");
  const { withOrigin } = await import("../../call-scope.ts");
  return withConfiguredDatabase(file, async (source, config) => {
    const patience = await patienceOf(config);
    const migrations = await migrationStatus(await source.migrationConnection(patience));
    refuseMismatch(migrations, ["pre-release", "later"]);
    // Not brought up to date by the way: older servers may be running on it.
    if (migrations.some(({ appliedAt }) => appliedAt === null))
      throw new CliError(`the database's schema is not up to date; first: ${commandLine("migrate up")}`);
    const database = await Database.connect(source.connection, {
      patience,
      preparedStatements: config.preparedStatements,
    });
    try {
      note(`writing to ${source.description}`);
      return await withOrigin({ actor: "ltb" }, () => work(database));
    } finally {
      await database.close();
    }
  });
}
