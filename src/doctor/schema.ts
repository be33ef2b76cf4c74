import { readLedger } from "../database/migrate/ledger.ts";
import { MigrationError, migrationStatus } from "../database/migrate/migrate.ts";
import { refuseBroken } from "../database/migrate/schema-state.ts";
import { type Check, fail, ok, warn } from "./check.ts";

/** All migrations of this program, no others, as they were written. */
export const schema: Check = async ({ connection }) => {
  const migrations = await migrationStatus(connection);
  const names = (some: typeof migrations) => some.map(({ name }) => name).join(", ");
  const foreign = migrations.filter(({ isKnown }) => !isKnown);
  if (foreign.length > 0)
    return fail(`a later release has migrated it: ${names(foreign)}`, "Run that release, or a later one.");
  const changed = migrations.filter(({ isChanged }) => isChanged);
  if (changed.length > 0)
    return fail(
      `${names(changed)}: not what was applied`,
      "Put the migration's file back as it was: ltb migrate verify tells what differs.",
    );
  const pending = migrations.filter(({ appliedAt }) => appliedAt === null);
  if (pending.length === migrations.length)
    return fail("the database is empty", "Make the schema: ltb migrate up");
  if (pending.length > 0) return fail(`not applied yet: ${names(pending)}`, "Apply them: ltb migrate up");
  return ok(`at ${migrations.at(-1)?.name}`);
};

/** Everything that the migrations have made is there and usable, indexes too. */
export const objects: Check = async ({ client }) => {
  const lacking: string[] = [];
  try {
    await refuseBroken(client, await readLedger(client), (message) => lacking.push(message));
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
