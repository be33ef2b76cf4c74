/** The embedded database cannot be started. The message is for the person at the terminal and says why. */
export class EmbeddedError extends Error {
  override readonly name = "EmbeddedError";
}
