import type { Client } from "pg";
import { findMissing, readCatalog, readInvalidIndexes } from "./catalog.ts";
import { MigrationError } from "./error.ts";
import type { Applied } from "./ledger.ts";

/** Refuses a schema that lacks what migrations have made; warns of missing indexes, which only cost time. */
export async function refuseBrokenSchema(
  client: Client,
  applied: ReadonlyMap<string, Applied>,
  warn: (message: string) => void,
): Promise<void> {
  const [version, latest] = [...applied].at(-1) ?? [];
  if (!latest) return;
  const present = await readCatalog(client);
  const invalid = new Set(await readInvalidIndexes(client));
  const isUsable = (object: string) =>
    !/^(unique )?index /.test(object) || !invalid.has(object.slice(object.lastIndexOf(" ") + 1));
  const missing = findMissing(latest.objects, (object) => present.has(object) && isUsable(object));
  const vital = missing.filter((object) => !object.startsWith("index "));
  if (vital.length > 0)
    throw new MigrationError(
      `the schema of the database is broken: at ${version} it should have ${shorten(vital)}, which ` +
        `${vital.length > 1 ? "are" : "is"} missing or unusable. Make it again, or restore a backup into a ` +
        "new database (ltb restore); ltb migrate verify tells everything that differs",
    );
  if (missing.length > 0)
    warn(
      `the database lacks ${shorten(missing)}, or cannot use it: what it served is slow; ` +
        "ltb migrate verify tells how it should be",
    );
}

/** Names the first five. */
export function shorten(objects: readonly string[]): string {
  const shown = objects.slice(0, 5).join(", ");
  return objects.length > 5 ? `${shown} and ${objects.length - 5} more` : shown;
}
