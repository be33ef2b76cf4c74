import type { Client } from "pg";
import { invalidIndexes, isOptional, missingObjects, readCatalog } from "./catalog.ts";
import { MigrationError } from "./error.ts";
import { readMigration } from "./files.ts";
import { type Applied, readLedger, recordChecksum, recordExpected } from "./ledger.ts";
import { expectedCatalogs } from "./scratch.ts";

/**
 * Refuses a database that a later release has migrated: what this one would write might break it.
 * @throws MigrationError naming both versions
 */
export function refuseNewer(applied: ReadonlyMap<string, Applied>, known: readonly string[]): void {
  const foreign = [...applied.keys()].filter((name) => !known.includes(name));
  if (foreign.length === 0) return;
  throw new MigrationError(
    `the database is newer than this program: it is at ${[...applied.keys()].at(-1)}, this program knows migrations up to ${known.at(-1)} (unknown: ${foreign.join(", ")}). ` +
      `Run the release that migrated it, or a later one; or take it back with that release first: ltb migrate down --to ${known.at(-1)}`,
  );
}

/** Refuses where a migration was changed after it was applied: nobody knows then what the schema is. */
export async function refuseChanged(
  applied: ReadonlyMap<string, Applied>,
  directory: string,
  known: readonly string[],
): Promise<void> {
  const changed = await changedMigrations(applied, directory, known);
  if (changed.length === 0) return;
  throw new MigrationError(
    `${changed.join(", ")} ${changed.length > 1 ? "are" : "is"} not what was applied to this database: a migration is never changed once it was applied. ` +
      `Put the file back as it was and write what is to change into a new one (ltb migrate add); a database without data can be made anew`,
  );
}

/** Applied migrations whose file says something else by now. */
export async function changedMigrations(
  applied: ReadonlyMap<string, Applied>,
  directory: string,
  known: readonly string[],
): Promise<string[]> {
  const changed: string[] = [];
  for (const name of known) {
    const checksum = applied.get(name)?.checksum ?? null;
    if (checksum !== null && checksum !== (await readMigration(directory, name)).checksum) changed.push(name);
  }
  return changed;
}

/**
 * Told of each migration that was applied, records what there should be from then on: what there should be before it, and what it made
 * and dropped. What others have made beside is none of it.
 */
export async function recordObjects(client: Client): Promise<(name: string) => Promise<void>> {
  const latest = [...(await readLedger(client)).values()].at(-1);
  let expected = latest ? latest.objects : [];
  let present = [...(await readCatalog(client)).keys()];
  return async (name) => {
    const before = new Set(present);
    present = [...(await readCatalog(client)).keys()];
    const after = new Set(present);
    // Not known where the role could not find out what earlier migrations have made.
    expected &&= [
      ...expected.filter((object) => after.has(object) || !before.has(object)),
      ...present.filter((object) => !before.has(object)),
    ];
    await recordExpected(client, name, expected);
  };
}

/** Records of migrations that were applied by an earlier release what it did not record, as far as this role may. */
export async function completeLedger(
  client: Client,
  directory: string,
  applied: ReadonlyMap<string, Applied>,
  warn: (message: string) => void,
): Promise<void> {
  const names = [...applied.keys()];
  const lacking = names.filter((name) => {
    const { checksum, objects } = applied.get(name) ?? {};
    return checksum === null || objects === null;
  });
  if (lacking.length === 0) return;
  const { rows } = await client.query<{ allowed: boolean }>(
    `select coalesce(bool_and(has_column_privilege('schema_migrations', attname, 'update')), false) as allowed
    from pg_attribute where attrelid = to_regclass('schema_migrations') and attname in ('checksum', 'objects')`,
  );
  if (!rows[0]?.allowed) return;
  // What was migrated is good, whether or not the same migrations run in an empty schema.
  const catalogs = await expectedCatalogs(client, directory, names).catch((error: unknown) => {
    warn(`what the schema should hold is not recorded: ${error instanceof Error ? error.message : error}`);
    return undefined;
  });
  for (const name of lacking) {
    const { checksum } = await readMigration(directory, name);
    const catalog = catalogs?.get(name);
    await recordChecksum(client, name, checksum);
    await recordExpected(client, name, catalog ? [...catalog.keys()] : null);
  }
}

/**
 * Refuses a schema from which something is missing that the migrations have made, and tells of missing indexes, without which the
 * service works, but slowly. Nothing is checked where it is not known what was made.
 */
export async function refuseBroken(
  client: Client,
  applied: ReadonlyMap<string, Applied>,
  warn: (message: string) => void,
): Promise<void> {
  const [version, latest] = [...applied].at(-1) ?? [];
  if (!latest?.objects) return;
  const present = await readCatalog(client);
  const unusable = new Set(await invalidIndexes(client));
  const isUsable = (object: string) =>
    !/^(unique )?index /.test(object) || !unusable.has(object.slice(object.lastIndexOf(" ") + 1));
  const missing = missingObjects(latest.objects, (object) => present.has(object) && isUsable(object));
  const vital = missing.filter((object) => !isOptional(object));
  if (vital.length > 0)
    throw new MigrationError(
      `the schema of the database is broken: at ${version} it should have ${list(vital)}, which ${vital.length > 1 ? "are" : "is"} missing or unusable. ` +
        "Make it again, or restore a backup into a new database (ltb restore); ltb migrate verify tells everything that differs",
    );
  if (missing.length > 0)
    warn(
      `the database lacks ${list(missing)}, or cannot use it: what it served is slow; ltb migrate verify tells how it should be`,
    );
}

function list(objects: readonly string[]): string {
  const shown = objects.slice(0, 5).join(", ");
  return objects.length > 5 ? `${shown} and ${objects.length - 5} more` : shown;
}
