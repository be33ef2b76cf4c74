import { resolve } from "node:path";
import type { MigrationFault } from "../database/migrate/migrate.ts";
import { addIndexCommands } from "./migrate/search-index.ts";
import { addDatabaseCommand, type Command } from "./shared/command.ts";
import { type DatabaseOptions, withMigrationConnection } from "./shared/configured.ts";
import { exitCodes } from "./shared/errors.ts";
import { formatTable, note, noteLog, print, printJson } from "./shared/output.ts";

type DownOptions = DatabaseOptions & { to?: string; yes?: boolean };

const WORDS: Record<MigrationFault["kind"], string> = {
  pending: "not applied yet: ltb migrate up",
  unknown: "applied by a later release, which alone knows it",
  changed: "the file is not the one that was applied: put it back as it was",
  missing: "missing",
  different: "different",
  invalid: "of no use, a build of it has failed: reindex index concurrently, or drop it",
};

export function addCommand(program: Command): void {
  const migrate = program
    .command("migrate")
    .summary("bring the database's schema up to date, or tell how it stands")
    .description(
      "Applies migrations to the configured database (DATABASE_URL and its kin, else the embedded one in " +
        "LTB_DATA_DIR). `serve` applies them too, at each start.",
    );
  addDatabaseCommand(migrate, "up")
    .description(
      "Applies every migration that the database does not have yet. Safe beside servers that do the same.",
    )
    .examples("ltb migrate up", "DATABASE_URL=postgres://… ltb migrate up")
    .action(async (options: DatabaseOptions) => {
      const { migrateUp } = await import("../database/migrate/migrate.ts");
      const { applied } = await withMigrationConnection(
        options,
        (connection) => migrateUp(connection, { logger: noteLog }),
        { create: true },
      );
      if (options.json) printJson({ applied });
      else print(applied.length === 0 ? "The schema is up to date." : `Applied ${applied.join(", ")}.`);
    });
  addDatabaseCommand(migrate, "down")
    .description(
      "Undoes the latest migration, or all that came after one. Stop the servers first: this release would not " +
        "serve on what is left. Nothing is undone where rows would be lost, unless --yes says that they may.",
    )
    .option(
      "--to <version>",
      "the migration to go back to, by its name or its leading digits; 0: undo all of them",
    )
    .option("-y, --yes", "drop tables and columns with what is in them")
    .examples(
      ["ltb migrate down", "one step"],
      ["ltb migrate down --to 20240320000003 --yes", "before an earlier release is put back"],
    )
    .action(async ({ json, to, yes = false, ...options }: DownOptions) => {
      const { migrateDown } = await import("../database/migrate/migrate.ts");
      const { reverted } = await withMigrationConnection(options, (connection) =>
        migrateDown(connection, { to, dropData: yes, logger: noteLog }),
      );
      if (json) printJson({ reverted });
      else print(reverted.length === 0 ? "There is nothing to undo." : `Undid ${reverted.join(", ")}.`);
    });
  addDatabaseCommand(migrate, "status")
    .description("Lists the migrations and when each was applied. Changes nothing.")
    .examples("ltb migrate status")
    .action(async (options: DatabaseOptions) => {
      const { findMismatch, migrationStatus } = await import("../database/migrate/migrate.ts");
      const migrations = await withMigrationConnection(options, (connection) => migrationStatus(connection));
      if (options.json) {
        const told = migrations.map(({ name, appliedAt, isKnown, isChanged }) => {
          return { name, applied_at: appliedAt, known: isKnown, changed: isChanged };
        });
        return printJson({ migrations: told });
      }
      const mismatch = findMismatch(migrations);
      const isEarly = mismatch?.kind === "pre-release";
      if (isEarly) note(mismatch.message);
      const foreign = isEarly ? "by a pre-release" : "by a later release";
      const rows = migrations.map(({ name, appliedAt, isKnown, isChanged }) => {
        const change = isChanged ? "the file was changed since" : "";
        return [name, appliedAt ?? "not yet", isKnown ? change : foreign];
      });
      print(formatTable(["migration", "applied", ""], rows));
    });
  addDatabaseCommand(migrate, "verify")
    .description(
      "Compares the database with the migrations: their files with what was applied, and its tables, columns, " +
        "constraints, indexes, triggers and functions with what the files make in an empty schema. Changes nothing. " +
        "Exit code 1 where something differs.",
    )
    .examples("ltb migrate verify", "ltb migrate verify --json")
    .action(async ({ json, ...options }: DatabaseOptions) => {
      const { verifyMigrations } = await import("../database/migrate/migrate.ts");
      const answer = await withMigrationConnection(options, (connection) => verifyMigrations(connection));
      const { faults, additional, isComplete } = answer;
      const isWhole = faults.length === 0;
      if (!isWhole) process.exitCode = exitCodes.failure;
      if (json) return printJson({ ok: isWhole, complete: isComplete, faults, additional });
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
      print(isWhole ? "The schema is as its migrations made it." : `${faults.length} differences.`);
    });
  addIndexCommands(migrate);
  migrate
    .command("add")
    .description(
      "Writes an empty migration into ./migrations/, and the file that undoes it into ./migrations/down/; prints their paths.",
    )
    .argument("<name>", "lower-case words joined by _")
    .examples("ltb migrate add add_prompt_versions")
    .action(async (name: string) => {
      const { addMigration, migrationsDirectory } = await import("../database/migrate/files.ts");
      const directory = resolve("migrations");
      const { up, down } = await addMigration(name, directory);
      print(`${up}\n${down}`);
      if (directory !== migrationsDirectory)
        note("the service applies only the migrations that come with it: run these with psql or sqlx");
    });
}
