import { showBackup } from "./backup.ts";
import { addDatabaseCommand, type Command } from "./shared/command.ts";
import { type DatabaseOptions, withMigrationConnection } from "./shared/configured.ts";
import { withInput } from "./transfer/open-input.ts";

export function addCommand(program: Command): void {
  addDatabaseCommand(program, "restore")
    .summary("put a backup into the database")
    .description(
      "Puts a backup into the configured database: all of it, or nothing. The schema is made, and brought up to date afterwards. Stop the " +
        "service before. An older state looks like a cut to the audit trail: where that is meant, remove the .head file beside the audit key.",
    )
    .argument("<file>", "what `backup` wrote; - reads it from standard input")
    .option("--force", "replace what the database holds; without, one that holds rows is refused")
    .examples("ltb restore before-upgrade.tar", [
      "DATABASE_URL=postgres://… ltb restore before-upgrade.tar",
      "into another PostgreSQL",
    ])
    .action(async (argument: string, options: DatabaseOptions & { force?: boolean }) => {
      const { restore } = await import("../backup/restore.ts");
      await withInput(argument, async (path, file) => {
        const result = await withMigrationConnection(options, (connection) =>
          restore(connection, path, { force: options.force ?? false }),
        );
        showBackup(file, result, "is restored", options);
      });
    });
}
