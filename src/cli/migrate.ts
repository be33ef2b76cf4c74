import type { Command } from "commander";
import { withConfiguredDatabase } from "./configured.ts";
import { examples } from "./examples.ts";
import { note, print, printJson, table } from "./output.ts";

interface Options {
  config?: string;
  json?: boolean;
}

export function migrateCommand(program: Command): void {
  const migrate = program
    .command("migrate")
    .summary("bring the database's schema up to date, or tell how it stands")
    .description(
      "Applies migrations to the configured database (DATABASE_URL and its kin, else the embedded one in LTB_DATA_DIR). " +
        "`serve` applies them too, at each start.",
    );
  const configured = (command: Command) =>
    command
      .option("--config <file>", "JSON file with settings (LTB_CONFIG_FILE)")
      .option("--json", "print JSON: one object on stdout, errors on stderr");
  configured(migrate.command("up"))
    .description(
      "Applies every migration that the database does not have yet. Safe beside servers that do the same.",
    )
    .addHelpText("after", examples(["ltb migrate up", ""], ["DATABASE_URL=postgres://… ltb migrate up", ""]))
    .action(async (options: Options) => {
      const { migrateUp } = await import("../database/migrate.ts");
      const { applied } = await withConfiguredDatabase(options.config, async (database) =>
        migrateUp(await database.migrationConnection(), { logger: { info: note, warn: note } }),
      );
      if (options.json) printJson({ applied });
      else print(applied.length === 0 ? "The schema is up to date." : `Applied ${applied.join(", ")}.`);
    });
  configured(migrate.command("status"))
    .description("Lists the migrations and when each was applied. Changes nothing.")
    .addHelpText("after", examples(["ltb migrate status", ""]))
    .action(async (options: Options) => {
      const { migrationStatus } = await import("../database/migrate.ts");
      const migrations = await withConfiguredDatabase(options.config, async (database) =>
        migrationStatus(await database.migrationConnection()),
      );
      if (options.json)
        return printJson({
          migrations: migrations.map(({ name, appliedAt }) => ({ name, applied_at: appliedAt })),
        });
      print(
        table(
          ["migration", "applied"],
          migrations.map(({ name, appliedAt }) => [name, appliedAt ?? "not yet"]),
        ),
      );
    });
  migrate
    .command("add")
    .description("Writes an empty migration into migrations/ and prints its path.")
    .argument("<name>", "lower-case words joined by _")
    .addHelpText("after", examples(["ltb migrate add add_prompt_versions", ""]))
    .action(async (name: string) => {
      const { addMigration } = await import("../database/migrate.ts");
      print(await addMigration(name));
    });
}
