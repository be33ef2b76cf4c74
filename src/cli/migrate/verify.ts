import type { Command } from "commander";
import type { MigrationFault } from "../../database/migrate/migrate.ts";
import { withConfiguredDatabase } from "../shared/configured.ts";
import { exitCodes } from "../shared/errors.ts";
import { examples } from "../shared/examples.ts";
import { note, print, printJson } from "../shared/output.ts";
import { configured, type MigrateOptions } from "./options.ts";

const WORDS: Record<MigrationFault["kind"], string> = {
  pending: "not applied yet: ltb migrate up",
  unknown: "applied by a later release, which alone knows it",
  changed: "the file is not the one that was applied: put it back as it was",
  missing: "missing",
  different: "different",
  invalid: "of no use, a build of it has failed: reindex index concurrently, or drop it",
};

export function verifyCommand(migrate: Command): void {
  configured(migrate.command("verify"))
    .description(
      "Compares the database with the migrations: their files with what was applied, and its tables, columns, " +
        "constraints, indexes, triggers and functions with what the files make in an empty schema. Changes nothing. " +
        "Exit code 1 where something differs.",
    )
    .addHelpText("after", examples(["ltb migrate verify", ""], ["ltb migrate verify --json", ""]))
    .action(async ({ config, json }: MigrateOptions) => {
      const { verifyMigrations } = await import("../../database/migrate/migrate.ts");
      const { faults, additional, isComplete } = await withConfiguredDatabase(config, async (database) =>
        verifyMigrations(await database.migrationConnection()),
      );
      if (faults.length > 0) process.exitCode = exitCodes.failure;
      if (json) return printJson({ ok: faults.length === 0, complete: isComplete, faults, additional });
      for (const { kind, name, expected, found } of faults) {
        print(`${name}: ${WORDS[kind]}`);
        if (expected) print(`  expected: ${expected}`);
        if (found !== undefined) print(`  found:    ${found}`);
      }
      if (additional.length > 0) note(`not of any migration: ${additional.join(", ")}`);
      if (!isComplete)
        note(
          "definitions were not compared: this takes a role that may create a schema, and a release that knows " +
            "all migrations",
        );
      print(
        faults.length === 0 ? "The schema is as its migrations made it." : `${faults.length} differences.`,
      );
    });
}
