import { refuseBrokenSchema } from "../database/migrate/broken-schema.ts";
import { readLedger } from "../database/migrate/ledger.ts";
import { findMismatch, MigrationError, migrationStatus } from "../database/migrate/migrate.ts";
import { type Check, fail, ok, warn } from "./check.ts";

/** Checks that the database has exactly this program's migrations, as they were written. */
export const schema: Check = async ({ connection }) => {
  const migrations = await migrationStatus(connection);
  const mismatch = findMismatch(migrations);
  const named = mismatch?.names.join(", ");
  switch (mismatch?.kind) {
    case "pre-release":
      return fail(`${named}: from before 0.1.0, from which nothing is upgraded`, "Make a new database.");
    case "later":
      return fail(`a later release has migrated it: ${named}`, "Run that release, or a later one.");
    case "changed":
      return fail(
        `${named}: not what was applied`,
        "Put the migration's file back as it was: ltb migrate verify tells what differs.",
      );
  }
  const pending = migrations.filter(({ appliedAt }) => appliedAt === null).map(({ name }) => name);
  if (pending.length === migrations.length)
    return fail("no migration was applied", "Make the schema: ltb migrate up");
  if (pending.length > 0) return fail(`not applied yet: ${pending.join(", ")}`, "Apply them: ltb migrate up");
  return ok(`at ${migrations.at(-1)?.name}`);
};

/** Checks that everything made by the migrations exists and is usable, including indexes. */
export const objects: Check = async ({ client }) => {
  const lacking: string[] = [];
  try {
    await refuseBrokenSchema(client, await readLedger(client), (message) => lacking.push(message));
  } catch (error) {
    if (!(error instanceof MigrationError)) throw error;
    return fail(error.message, "See the runbook: what is missing has to be made again, or restored.");
  }
  if (lacking.length > 0)
    return lacking.map((message) =>
      warn(
        message,
        "An invalid index: REINDEX INDEX CONCURRENTLY it. A missing one: ltb migrate verify tells its definition.",
      ),
    );
  return ok("tables, constraints, triggers and indexes are there and usable");
};
