import { MigrationError, preReleaseAdvice } from "./error.ts";
import { listMigrations, readMigration } from "./files.ts";
import type { Applied } from "./ledger.ts";

export interface MigrationState {
  /** File name without `.sql`. */
  name: string;
  /** RFC 3339 in UTC, to the microsecond; null: still to be applied. */
  appliedAt: string | null;
  /** False: it was applied to the database, and this program has no such file. */
  isKnown: boolean;
  /** True: the file is not the one that was applied. */
  isChanged: boolean;
}

/** Why a database's migrations are not those of this program. */
export interface HistoryMismatch {
  /**
   * `pre-release`: it was made before 0.1.0, when the first migrations were still edited. `later`: a later
   * release has migrated it. `changed`: the file of a migration was edited after it was applied.
   */
  kind: "pre-release" | "later" | "changed";
  /** The migrations that show it. */
  names: string[];
  message: string;
}

/** The migrations that were edited in place until 0.1.0 was tagged; none of them was ever changed since. */
const EDITED_UNTIL_RELEASE = [
  "20240320000001_initial_schema",
  "20240320000002_add_indexes",
  "20240320000003_add_audit_logs",
];

/** Every migration that this program or the database knows, oldest first. */
export async function compareHistory(
  applied: ReadonlyMap<string, Applied>,
  directory: string,
): Promise<MigrationState[]> {
  const known = await listMigrations(directory);
  const states: MigrationState[] = [];
  for (const name of [...new Set([...known, ...applied.keys()])].sort()) {
    const { appliedAt = null, checksum } = applied.get(name) ?? {};
    const isKnown = known.includes(name);
    const isChanged =
      isKnown && checksum !== undefined && checksum !== (await readMigration(directory, name, "up")).checksum;
    states.push({ name, appliedAt, isKnown, isChanged });
  }
  return states;
}

/** Finds what makes a database unfit for this program; undefined: nothing, even if migrations are missing. */
export function findMismatch(states: readonly MigrationState[]): HistoryMismatch | undefined {
  const newest = states.findLast(({ isKnown }) => isKnown)?.name ?? "";
  const changed = namesWhere(states, ({ isChanged }) => isChanged);
  const unknown = namesWhere(states, ({ isKnown }) => !isKnown);
  const early = [
    ...changed.filter((name) => EDITED_UNTIL_RELEASE.includes(name)),
    // A later release adds migrations behind those that there are, never between them.
    ...unknown.filter((name) => name < newest),
  ];
  if (early.length > 0)
    return {
      kind: "pre-release",
      names: early,
      message: `${early.join(", ")}: not what this program has under that name. ${preReleaseAdvice}`,
    };
  if (unknown.length > 0)
    return {
      kind: "later",
      names: unknown,
      message:
        `the database is newer than this program: it is at ${unknown.at(-1)}, this program knows migrations ` +
        `up to ${newest} (unknown: ${unknown.join(", ")}). Run the release that migrated it, or a later one; ` +
        `or take it back with that release first: ltb migrate down --to ${newest}`,
    };
  if (changed.length > 0)
    return {
      kind: "changed",
      names: changed,
      message:
        `${changed.join(", ")} ${changed.length > 1 ? "are" : "is"} not what was applied to this database: ` +
        "a migration is never changed once it was applied. Put the file back as it was and write what is to " +
        "change into a new one (ltb migrate add); a database without data can be made anew",
    };
  return undefined;
}

/**
 * Refuses a database whose migrations are not this program's: nobody knows then what writing would break.
 * @param kinds only mismatches of these kinds. Default: all.
 * @throws MigrationError naming the migrations and the way out
 */
export function refuseMismatch(
  states: readonly MigrationState[],
  kinds: readonly HistoryMismatch["kind"][] = ["pre-release", "later", "changed"],
): void {
  const mismatch = findMismatch(states);
  if (mismatch && kinds.includes(mismatch.kind)) throw new MigrationError(mismatch.message);
}

export function namesWhere(
  states: readonly MigrationState[],
  condition: (state: MigrationState) => boolean,
): string[] {
  return states.filter(condition).map(({ name }) => name);
}
