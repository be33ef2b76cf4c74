import type { Command } from "commander";
import { withConfiguredDatabase } from "../shared/configured.ts";
import { examples } from "../shared/examples.ts";
import { noteLog, print, printJson } from "../shared/output.ts";
import { configured, type MigrateOptions } from "./options.ts";

interface DownOptions extends MigrateOptions {
  to?: string;
  yes?: boolean;
}

export function downCommand(migrate: Command): void {
  configured(migrate.command("down"))
    .description(
      "Undoes the latest migration, or all that came after one. Stop the servers first: this release would not " +
        "serve on what is left. Nothing is undone where rows would be lost, unless --yes says that they may.",
    )
    .option(
      "--to <version>",
      "the migration to go back to, by its name or its leading digits; 0: undo all of them",
    )
    .option("-y, --yes", "drop tables and columns with what is in them")
    .addHelpText(
      "after",
      examples(
        ["ltb migrate down", "one step"],
        ["ltb migrate down --to 20240320000003 --yes", "before an earlier release is put back"],
      ),
    )
    .action(async ({ config, json, to, yes = false }: DownOptions) => {
      const { migrateDown } = await import("../../database/migrate/migrate.ts");
      const { reverted } = await withConfiguredDatabase(config, async (database) =>
        migrateDown(await database.migrationConnection(), {
          to,
          dropData: yes,
          logger: noteLog,
        }),
      );
      if (json) printJson({ reverted });
      else print(reverted.length === 0 ? "There is nothing to undo." : `Undid ${reverted.join(", ")}.`);
    });
}
