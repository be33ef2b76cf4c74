/**
 * A migration could not be applied or undone, or the schema is not one that this program can serve on. The message says where and why,
 * and how to go on. Of a migration that runs in a transaction nothing is left behind.
 */
export class MigrationError extends Error {
  override readonly name = "MigrationError";
}

/** A place in a migration's file: `path:line`. */
export function placeOf({ path, text }: { path: string; text: string }, offset: number): string {
  return `${path}:${text.slice(0, offset).split("\n").length}`;
}
