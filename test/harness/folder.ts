import { chmodSync, mkdtempSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { inject } from "vitest";

const made: string[] = [];

/**
 * A folder of the test file's own, within that of the run. It is removed when everything else of the file has
 * ended, so that a service which still writes into it does not break the removal.
 */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(inject("folder"), "t-"));
  // Root runs PostgreSQL as another user, who has to pass it.
  chmodSync(folder, 0o711);
  made.push(folder);
  return folder;
}

/** Called after each test file. It goes on while processes that were killed write their last. */
export async function removeTemporaryFolders(): Promise<void> {
  await Promise.all(
    made.splice(0).map((folder) => rm(folder, { recursive: true, force: true, maxRetries: 10 })),
  );
}
