import type { Command } from "commander";
import { downCommand } from "./migrate/down.ts";
import { configured, type MigrateOptions } from "./migrate/options.ts";
import { searchIndexCommand } from "./migrate/search-index.ts";
import { verifyCommand } from "./migrate/verify.ts";
import { withConfiguredDatabase } from "./shared/configured.ts";
import { examples } from "./shared/examples.ts";
import { note, noteLog, print, printJson, table } from "./shared/output.ts";

export function migrateCommand(program: Command): void {
  const migrate = program
    .command("migrate")
    .summary("bring the database's schema up to date, or tell how it stands")
    .description(
      "Applies migrations to the configured database (DATABASE_URL and its kin, else the embedded one in " +
        "LTB_DATA_DIR). `serve` applies them too, at each start.",
    );
  configured(migrate.command("up"))
    .description(
      "Applies every migration that the database does not have yet. Safe beside servers that do the same.",
    )
    .addHelpText("after", examples(["ltb migrate up", ""], ["DATABASE_URL=postgres://… ltb migrate up", ""]))
    .action(async (options: MigrateOptions) => {
      const { migrateUp } = await import("../database/migrate/migrate.ts");
      const { applied } = await withConfiguredDatabase(options.config, async (database) =>
        migrateUp(await database.migrationConnection(), { logger: noteLog }),
      );
      if (options.json) printJson({ applied });
      else print(applied.length === 0 ? "The schema is up to date." : `Applied ${applied.join(", ")}.`);
    });
  downCommand(migrate);
  configured(migrate.command("status"))
    .description("Lists the migrations and when each was applied. Changes nothing.")
    .addHelpText("after", examples(["ltb migrate status", ""]))
    .action(async (options: MigrateOptions) => {
      const { findMismatch, migrationStatus } = await import("../database/migrate/migrate.ts");
      const migrations = await withConfiguredDatabase(options.config, async (database) =>
        migrationStatus(await database.migrationConnection()),
      );
      if (options.json)
        return printJson({
          migrations: migrations.map(({ name, appliedAt, isKnown, isChanged }) => ({
            name,
            applied_at: appliedAt,
            known: isKnown,
            changed: isChanged,
          })),
        });
      const mismatch = findMismatch(migrations);
      if (mismatch?.kind === "pre-release") note(mismatch.message);
      print(
        table(
          ["migration", "applied", ""],
          migrations.map(({ name, appliedAt, isKnown, isChanged }) => [
            name,
            appliedAt ?? "not yet",
            isKnown ? (isChanged ? "the file was changed since" : "") : "by another release",
          ]),
        ),
      );
    });
  verifyCommand(migrate);
  searchIndexCommand(migrate);
  migrate
    .command("add")
    .description(
      "Writes an empty migration into migrations/, and the file that undoes it into migrations/down/; prints their paths.",
    )
    .argument("<name>", "lower-case words joined by _")
    .addHelpText("after", examples(["ltb migrate add add_prompt_versions", ""]))
    .action(async (name: string) => {
      const { addMigration } = await import("../database/migrate/migrate.ts");
      const { up, down } = await addMigration(name);
      print(`${up}\n${down}`);
    });
}
