/**
 * A migration failed, or the schema is not one that this program can serve on. The message says where, why
 * and how to go on. Of a migration that runs in a transaction nothing is left behind.
 */
export class MigrationError extends Error {
  override readonly name = "MigrationError";
}

/** How to go on from a database that was made while the first migrations were still edited. */
export const preReleaseAdvice =
  "The database has a pre-release layout, from before 0.1.0, from which nothing is upgraded: make a new " +
  "database (the embedded one: remove its folder in LTB_DATA_DIR). The program that made this one still reads it";

/** Names a place in a migration's file: `path:line`. */
export function formatPlace({ path, text }: { path: string; text: string }, offset: number): string {
  return `${path}:${text.slice(0, offset).split("\n").length}`;
}
