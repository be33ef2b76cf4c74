import type { Client } from "pg";
import { shorten } from "./broken-schema.ts";
import { type Catalog, findMissing, readCatalog } from "./catalog.ts";
import { MigrationError } from "./error.ts";
import { compareWithMigrations } from "./expected-catalog.ts";
import { listMigrations, readMigration } from "./files.ts";
import { recordUp } from "./ledger.ts";

/**
 * Records the migrations of a database whose tables were made by psql or sqlx from the same files, up to the
 * last one that is there as a whole. Tables of others are no matter.
 * @throws MigrationError if the database holds objects by the names of ours, but not as the files make them
 */
export async function adoptSchema(
  client: Client,
  directory: string,
  info: (message: string) => void,
): Promise<void> {
  const present = await readCatalog(client);
  const names = await listMigrations(directory);
  if (present.size === 0 || names.length === 0) return;
  const comparison = await compareWithMigrations(client, present, directory, names);
  // Without a comparison the first migration fails on what is there.
  if (comparison === undefined) return;
  const { expected, different } = comparison;
  const latest = expected.at(-1);
  const ours = [...(latest?.keys() ?? [])].filter((object) => present.has(object));
  if (ours.length === 0) return;
  const isWhole = (made: Catalog) =>
    ours.every((object) => made.has(object)) &&
    [...made].every(
      ([object, text]) =>
        present.get(object) === text ||
        (present.has(object) && latest?.get(object) === text && !different.includes(object)),
    );
  const made = names.slice(0, expected.findLastIndex(isWhole) + 1);
  if (made.length === 0) {
    const missing = findMissing([...(latest?.keys() ?? [])], (object) => present.has(object));
    const odd = [...different, ...missing];
    const tables = ours.filter((object) => object.startsWith("table "));
    throw new MigrationError(
      `the database holds ${shorten(tables.length > 0 ? tables : ours)} as if migrations had ` +
        `made it, but ${shorten(odd)} ${odd.length > 1 ? "are" : "is"} missing or different, and there is no ` +
        "record of how they came: put that right, or choose an empty database",
    );
  }
  await client.query("begin");
  for (const [place, name] of made.entries()) {
    const { checksum } = await readMigration(directory, name, "up");
    await recordUp(client, name, checksum, [...(expected[place]?.keys() ?? [])]);
  }
  await client.query("commit");
  info(`the database has what ${made.join(", ")} make, made by another program: recorded as applied`);
}
