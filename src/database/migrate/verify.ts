import type { Client } from "pg";
import { findMissing, readCatalog, readInvalidIndexes } from "./catalog.ts";
import { compareWithMigrations } from "./expected-catalog.ts";
import { compareHistory, namesWhere, refuseMismatch } from "./history.ts";
import { readLedger } from "./ledger.ts";

/** Something that is not as the migrations say. */
export interface MigrationFault {
  /**
   * `pending`: a migration that is not applied. `unknown`: one that this program does not have. `changed`:
   * its file was changed since. `missing`, `different`: an object of the schema. `invalid`: an index that
   * PostgreSQL does not use.
   */
  kind: "pending" | "unknown" | "changed" | "missing" | "different" | "invalid";
  /** The migration, or the object, as `index idx_jobs_created_at`. */
  name: string;
  /** The definition that the object should have, and the one that it has; only of objects. */
  expected?: string | undefined;
  found?: string;
}

export interface Verification {
  faults: MigrationFault[];
  /** Objects that the migrations do not make: somebody's own indexes and tables. They are no fault. */
  additional: string[];
  /** False where only names were compared: the role may not create schemas, or a migration is unknown. */
  isComplete: boolean;
}

/** @throws MigrationError if the database was made before 0.1.0 */
export async function verifySchema(client: Client, directory: string): Promise<Verification> {
  const applied = await readLedger(client);
  const states = await compareHistory(applied, directory);
  refuseMismatch(states, ["pre-release"]);
  const present = await readCatalog(client);
  const unknown = namesWhere(states, ({ isKnown }) => !isKnown);
  const pending = namesWhere(states, ({ appliedAt }) => appliedAt === null);
  const changed = namesWhere(states, ({ isChanged }) => isChanged);
  const invalid = (await readInvalidIndexes(client)).map((name) => `index ${name}`);
  const found = Object.entries({ pending, unknown, changed, invalid }) as [
    MigrationFault["kind"],
    string[],
  ][];
  const faults: MigrationFault[] = found.flatMap(([kind, names]) => names.map((name) => ({ kind, name })));
  const done = namesWhere(states, ({ appliedAt, isKnown }) => appliedAt !== null && isKnown);
  const latest = done.at(-1);
  // The objects of an unknown migration cannot be distinguished from faults.
  if (latest === undefined || unknown.length > 0)
    return { faults, additional: [], isComplete: unknown.length === 0 };
  const comparison = await compareWithMigrations(client, present, directory, done);
  const expected = comparison?.expected.at(-1);
  const names = expected ? [...expected.keys()] : (applied.get(latest)?.objects ?? []);
  for (const name of findMissing(names, (object) => present.has(object)))
    faults.push({ kind: "missing", name, expected: expected?.get(name) });
  for (const name of comparison?.different ?? [])
    faults.push({ kind: "different", name, expected: expected?.get(name), found: present.get(name) ?? "" });
  const additional = names.length === 0 ? [] : [...present.keys()].filter((name) => !names.includes(name));
  return { faults, additional, isComplete: expected !== undefined };
}
