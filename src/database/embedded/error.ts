/** The embedded database cannot be started, and why: its message is for the person at the terminal. */
export class EmbeddedError extends Error {
  override readonly name = "EmbeddedError";
}

/** True for a Node system error (ENOENT, EACCES …) with one of the given codes. */
export function hasCode(error: unknown, ...codes: string[]): boolean {
  return error instanceof Error && "code" in error && codes.includes(String(error.code));
}
