/** A migration could not be applied or undone, and left nothing behind; the message says where it failed and why. */
export class MigrationError extends Error {
  override readonly name = "MigrationError";
}
