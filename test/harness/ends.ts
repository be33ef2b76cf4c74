const ends: (() => Promise<unknown>)[] = [];

/**
 * Has `end` called after the test file, also from within a test. A module beside the tests cannot register an
 * `afterAll` of its own: it is loaded once for many files.
 */
export function atEndOfFile(end: () => Promise<unknown>): void {
  ends.push(end);
}

/** Called after each test file. */
export async function endFile(): Promise<void> {
  for (const end of ends.splice(0)) await end();
}
