import type { Client } from "pg";
import { type Catalog, invalidIndexes, missingObjects, readCatalog } from "./catalog.ts";
import { migrationNames } from "./files.ts";
import { readLedger } from "./ledger.ts";
import { changedMigrations } from "./schema-state.ts";
import { expectedCatalogs } from "./scratch.ts";

/** Something that is not as the migrations say. */
export interface MigrationFault {
  /**
   * `pending`: a migration that is not applied. `unknown`: one that this program does not have. `changed`: its file was changed since.
   * `missing`, `different`: an object of the schema. `invalid`: an index that PostgreSQL does not use.
   */
  kind: "pending" | "unknown" | "changed" | "missing" | "different" | "invalid";
  /** The migration, or the object, as `index idx_jobs_created_at`. */
  name: string;
  /** How the object should be defined, and how it is; only of objects. */
  expected?: string;
  found?: string;
}

export interface Verification {
  faults: MigrationFault[];
  /** What is there beside what the migrations make: somebody's own indexes and tables. No fault. */
  additional: string[];
  /** False where definitions could not be compared, because the role may not create a schema; names were, as far as they are recorded. */
  isComplete: boolean;
}

export async function verify(client: Client, directory: string): Promise<Verification> {
  const known = await migrationNames(directory);
  const applied = await readLedger(client);
  const of = (kind: MigrationFault["kind"], names: readonly string[]) =>
    names.map((name): MigrationFault => ({ kind, name }));
  const unknown = [...applied.keys()].filter((name) => !known.includes(name));
  const faults = [
    ...of(
      "pending",
      known.filter((name) => !applied.has(name)),
    ),
    ...of("unknown", unknown),
    ...of("changed", await changedMigrations(applied, directory, known)),
  ];
  const present = await readCatalog(client);
  const unusable = await invalidIndexes(client);
  faults.push(
    ...of(
      "invalid",
      unusable.map((name) => `index ${name}`),
    ),
  );
  const done = known.filter((name) => applied.has(name));
  const latest = done.at(-1);
  // What a migration that is not known here has made cannot be told from what is wrong.
  if (latest === undefined || unknown.length > 0)
    return { faults, additional: [], isComplete: unknown.length === 0 };
  const expected = (await expectedCatalogs(client, directory, done))?.get(latest);
  const names = expected ? [...expected.keys()] : (applied.get(latest)?.objects ?? []);
  return {
    faults: [
      ...faults,
      ...of(
        "missing",
        missingObjects(names, (name) => present.has(name)),
      ).map((fault) => withDefinition(fault, expected)),
      ...(expected ? differences(expected, present) : []),
    ],
    additional: names.length === 0 ? [] : [...present.keys()].filter((name) => !names.includes(name)),
    isComplete: expected !== undefined,
  };
}

function withDefinition(fault: MigrationFault, expected: Catalog | undefined): MigrationFault {
  const definition = expected?.get(fault.name);
  return definition ? { ...fault, expected: definition } : fault;
}

function differences(expected: Catalog, present: Catalog): MigrationFault[] {
  return [...expected].flatMap(([name, definition]) => {
    const found = present.get(name);
    return found === undefined || found === definition
      ? []
      : [{ kind: "different" as const, name, expected: definition, found }];
  });
}
